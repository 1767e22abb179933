public import Digests

/// What the index holds of one set: the files of its last snapshot, and the chunks that may be referred to.
///
/// A run *stages* what differs from the last snapshot, adds each volume with its chunks once every destination has
/// acknowledged it, and `publish`es when the manifest is stored. A run that dies before leaves the last snapshot's files
/// untouched and the chunks that it has uploaded known, so that the next run need not send them again.
///
/// A chunk is known exactly if the last published snapshot refers to it, or it was uploaded since: one that fell out is
/// forgotten at `publish` and never referred to again.
public final class SetIndex {
  public let name: String
  let database: Database
  let number: Int64
  let chunkTable: ChunkTable
  let volumeTable: VolumeTable
  private let staging: Statement
  private let reading: Statement
  private var nextChunk: Int64

  init(_ database: Database, _ name: String) throws(IndexError) {
    self.database = database
    self.name = name
    if let known = try Schema.setNumber(database, name) {
      number = known
    } else {
      number = try Schema.makeSet(database, name)
    }
    chunkTable = try ChunkTable(database, set: number)
    volumeTable = try VolumeTable(database, set: number)
    staging = try database.prepare(
      "INSERT OR REPLACE INTO staged_\(number) (\(FileRow.columns)) VALUES (?, ?, ?, ?, ?, ?)")
    reading = try database.prepare("SELECT \(FileRow.columns) FROM files_\(number) WHERE key = ?")
    nextChunk = try database.number("SELECT next_chunk FROM sets WHERE id = \(number)")
  }

  // MARK: Values

  /// A value kept for this set: its last snapshot's id, its settings.
  public func value(_ key: String) throws(IndexError) -> [UInt8]? { try Values.read(database, number, key) }

  /// - Parameter value: nil removes it.
  public func setValue(_ key: String, _ value: [UInt8]?) throws(IndexError) {
    try Values.write(database, number, key, value)
  }

  // MARK: Files

  /// The last published snapshot's files in the order of a walk.
  public func files() throws(IndexError) -> FileCursor { try FileCursor(database, table: "files_\(number)") }

  public func fileCount() throws(IndexError) -> Int {
    Int(try database.number("SELECT count(*) FROM files_\(number) WHERE key = x'' OR key >= x'01'"))
  }

  /// The last published snapshot's record of a path.
  public func file(_ path: [UInt8]) throws(IndexError) -> FileRecord? { try fileRow(PathKey.encode(path)) }

  /// The chunks of one of the last published snapshot's own listings (see `stageListing`).
  public func listing(_ name: String) throws(IndexError) -> [ChunkID]? {
    try fileRow(PathKey.listing(name))?.chunks
  }

  private func fileRow(_ key: [UInt8]) throws(IndexError) -> FileRecord? {
    reading.bind(1, key)
    defer { reading.reset() }
    guard try reading.step() else { return nil }
    guard let record = FileRow.read(reading) else {
      throw IndexError(.damaged, database.path, "a file's row does not match its checksum")
    }
    return record
  }

  /// Puts a new or changed file into the next snapshot. Its chunks need be known only by `publish`.
  public func stage(_ file: FileRecord) throws(IndexError) { try stage(PathKey.encode(file.path), file) }

  /// Leaves a file out of the next snapshot.
  public func stageRemoval(_ path: [UInt8]) throws(IndexError) {
    try database.begin()
    staging.bind(1, PathKey.encode(path))
    for column: Int32 in 2...6 { staging.bindNull(column) }
    try staging.run()
  }

  /// Notes the chunks of one of the snapshot's own listings, so that the next one may refer to them as to those of files.
  /// A listing stays until it is staged anew; no cursor shows it.
  public func stageListing(_ name: String, _ chunks: [ChunkID]) throws(IndexError) {
    let none = FileStamp(
      kind: 0, mode: 0, owner: 0, group: 0, size: 0, modified: .init(seconds: 0), changed: .init(seconds: 0), device: 0,
      inode: 0)
    try stage(PathKey.listing(name), FileRecord(path: [], stamp: none, line: [], chunks: chunks))
  }

  private func stage(_ key: [UInt8], _ file: FileRecord) throws(IndexError) {
    try database.begin()
    FileRow.bind(staging, key: key, file)
    try staging.run()
  }

  /// Forgets all that is staged: to be called when a run begins.
  public func discardStaged() throws(IndexError) {
    try database.begin()
    try database.execute("DELETE FROM staged_\(number)")
  }

  // MARK: Chunks and volumes

  /// A number for a chunk that is not known yet. Files may be staged with it before its volume is added.
  public func reserveChunkID() -> ChunkID {
    defer { nextChunk += 1 }
    return ChunkID(number: nextChunk)
  }

  public func chunk(_ digest: SHA256Digest) throws(IndexError) -> ChunkRecord? { try chunkTable.find(digest) }

  public func chunk(_ id: ChunkID) throws(IndexError) -> ChunkRecord? { try chunkTable.find(id) }

  public func volume(_ id: VolumeID) throws(IndexError) -> VolumeRecord? { try volumeTable.find(id) }

  /// All volumes with living chunks, in the order in which they were added.
  public func volumes() throws(IndexError) -> [VolumeRecord] { try volumeTable.all() }

  /// The chunks that are in some volumes; one pass over all chunks.
  public func chunks(in volumes: Set<VolumeID>) throws(IndexError) -> Set<ChunkID> {
    guard !volumes.isEmpty else { return [] }
    let statement = try database.prepare("SELECT id, volume FROM chunks_\(number)")
    defer { statement.reset() }
    var chunks: Set<ChunkID> = []
    while try statement.step() {
      if volumes.contains(VolumeID(number: statement.integer(1))) {
        chunks.insert(ChunkID(number: statement.integer(0)))
      }
    }
    return chunks
  }

  public func setRecord(of volume: VolumeID, _ record: [UInt8]) throws(IndexError) {
    try database.begin()
    try volumeTable.setRecord(volume, record)
  }

  /// Records a volume that every destination has acknowledged, with its chunks; durable after `commit()`.
  ///
  /// A chunk that is known already moves to the new volume: its old copy is not referred to any more.
  /// - Parameter uploaded: seconds since 1970.
  /// - Throws: `unknown` where a digest is known under another number than given; then roll back.
  @discardableResult
  public func addVolume(
    _ name: String, uploaded: Int64, storedBytes: Int, record: [UInt8], chunks: [NewChunk]
  ) throws(IndexError) -> VolumeID {
    try database.begin()
    let plain = chunks.reduce(0) { $0 + $1.length }
    let volume = try volumeTable.insert(
      name, uploaded: uploaded, stored: storedBytes, plain: plain, record: record)
    var inserted: [ChunkID] = []
    for chunk in chunks {
      guard let known = try chunkTable.find(chunk.digest) else {
        try chunkTable.insert(chunk, volume)
        inserted.append(chunk.id)
        continue
      }
      guard known.id == chunk.id, known.length == chunk.length else {
        throw IndexError(.unknown, database.path, "chunk \(chunk.digest) is known under another number or length")
      }
      try volumeTable.addLiveBytes(known.volume, -known.length)
      try chunkTable.move(chunk, to: volume)
    }
    try chunkTable.note(inserted, of: volume)
    try volumeTable.addLiveBytes(volume, plain)
    try database.execute("UPDATE sets SET next_chunk = \(nextChunk) WHERE id = \(number)")
    return volume
  }

  /// Forgets a volume and its chunks, for instance because a destination lost it.
  ///
  /// Files that had chunks there still list them, and `chunk(_:)` gives nil for those: the caller must read such files
  /// again and stage them. `publish` does not look at files that are not staged.
  public func removeVolume(_ volume: VolumeID) throws(IndexError) {
    try database.begin()
    try database.execute("DELETE FROM chunks_\(number) WHERE volume = \(volume.number)")
    try database.execute("DELETE FROM volumes_\(number) WHERE id = \(volume.number)")
  }
}
