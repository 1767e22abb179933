internal import Digests

/// The known chunks of a set.
final class ChunkTable {
  private let database: Database
  private let prefixes: PrefixTable
  private let byID: Statement
  private let insertion: Statement
  private let moving: Statement
  private let counting: Statement
  private static let columns = "id, digest, length, volume, uses, checksum"

  init(_ database: Database, set: Int64) throws(IndexError) {
    self.database = database
    let table = "chunks_\(set)"
    prefixes = try PrefixTable(database, set: set)
    byID = try database.prepare("SELECT \(Self.columns) FROM \(table) WHERE id = ?")
    insertion = try database.prepare(
      "INSERT INTO \(table) (id, prefix, digest, length, volume, uses, checksum) VALUES (?, ?, ?, ?, ?, 0, ?)")
    moving = try database.prepare("UPDATE \(table) SET volume = ?, checksum = ? WHERE id = ?")
    counting = try database.prepare("UPDATE \(table) SET uses = uses + ? WHERE id = ?")
  }

  func find(_ digest: SHA256Digest) throws(IndexError) -> ChunkRecord? {
    let bytes = digest.bytes
    for number in try prefixes.find(Self.prefix(bytes)) {
      byID.bind(1, number)
      defer { byID.reset() }
      if try byID.step(), byID.bytes(1).elementsEqual(bytes) { return try record(byID, digest) }
    }
    return nil
  }

  func find(_ id: ChunkID) throws(IndexError) -> ChunkRecord? {
    byID.bind(1, id.number)
    defer { byID.reset() }
    guard try byID.step() else { return nil }
    guard let digest = SHA256Digest(bytes: byID.bytes(1)) else { throw damaged }
    return try record(byID, digest)
  }

  func insert(_ chunk: NewChunk, _ volume: VolumeID) throws(IndexError) {
    let bytes = chunk.digest.bytes
    insertion.bind(1, chunk.id.number)
    insertion.bind(2, Self.prefix(bytes))
    insertion.bind(3, bytes)
    insertion.bind(4, chunk.length)
    insertion.bind(5, volume.number)
    insertion.bind(6, Self.checksum(chunk.id, bytes, chunk.length, volume))
    try insertion.run()
    prefixes.remember(Self.prefix(bytes), chunk.id.number)
  }

  /// Makes it last which chunks were inserted for a volume.
  func note(_ chunks: [ChunkID], of volume: VolumeID) throws(IndexError) { try prefixes.note(chunks, of: volume) }

  func move(_ chunk: NewChunk, to volume: VolumeID) throws(IndexError) {
    moving.bind(1, volume.number)
    moving.bind(2, Self.checksum(chunk.id, chunk.digest.bytes, chunk.length, volume))
    moving.bind(3, chunk.id.number)
    try moving.run()
  }

  /// - Returns: whether the chunk is known.
  func addUses(_ id: ChunkID, _ count: Int) throws(IndexError) -> Bool {
    counting.bind(1, count)
    counting.bind(2, id.number)
    try counting.run()
    return database.changedRows == 1
  }

  private func record(_ row: Statement, _ digest: SHA256Digest) throws(IndexError) -> ChunkRecord {
    let chunk = ChunkRecord(
      id: ChunkID(number: row.integer(0)), digest: digest, length: Int(row.integer(2)),
      volume: VolumeID(number: row.integer(3)), uses: Int(row.integer(4)))
    guard Self.checksum(chunk.id, digest.bytes, chunk.length, chunk.volume) == row.integer(5) else { throw damaged }
    return chunk
  }

  private var damaged: IndexError {
    IndexError(.damaged, database.path, "a chunk's row does not match its checksum")
  }

  private static func prefix(_ digest: [UInt8]) -> Int64 {
    digest.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
  }

  private static func checksum(_ id: ChunkID, _ digest: [UInt8], _ length: Int, _ volume: VolumeID) -> Int64 {
    var checksum = RowChecksum()
    checksum.add(id.number)
    checksum.add(digest)
    checksum.add(Int64(length))
    checksum.add(volume.number)
    return checksum.value
  }
}
