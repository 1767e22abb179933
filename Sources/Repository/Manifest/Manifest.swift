public import Archive
internal import Compression
public import Files

/// A manifest that has been decrypted and whose signature has been checked by the caller.
///
/// The small members are in memory; the listing stays compressed and is unpacked while it is read.
public final class Manifest: Sendable {
  public let description: SnapshotDescription
  public let snapshot: SnapshotID
  public let volumes: [VolumeRecord]
  private let text: ManifestText
  /// Where the listing's members are in the tar.
  private let parts: [String: Range<UInt64>]
  /// Where the pieces of the listing are, by member, when they are not in the manifest itself: `completed` fetches them.
  public let listing: [String: [ChunkReference]]

  /// Bytes of snapshot.json and listing.tsv. A node lists at most 10,000 findings, and a listing of ten million files takes
  /// some 10 MB of references.
  private static let smallMemberLimit: UInt64 = 16 << 20
  /// Bytes of volumes.tsv: half a million volumes.
  private static let tableLimit: UInt64 = 128 << 20
  /// Bytes of a manifest as it is stored: two and a half million files of a full snapshot. It is in memory while it is
  /// read; a longer listing of an incremental snapshot is not in it.
  public static let storedLimit = 128 << 20

  /// - Parameter plaintext: the decrypted message: a row of zstd frames.
  /// - Throws: where it is not a manifest of the format that this version reads.
  public convenience init(_ plaintext: [UInt8]) throws(ManifestError) { try self.init(Bytes(plaintext)) }

  /// The same of a message that is kept as it is.
  public init(_ plaintext: Bytes) throws(ManifestError) {
    text = try ManifestText(plaintext)
    parts = try Self.parts(of: text)
    let small = { [text, parts] (name: String) throws(ManifestError) -> [UInt8]? in
      guard let part = parts[name] else { return nil }
      guard UInt64(part.count) <= Self.smallMemberLimit else {
        throw ManifestError(name, "longer than \(Self.smallMemberLimit >> 20) MiB")
      }
      let pieces = try text.pieces(part)
      var content: [UInt8] = []
      while let piece = try pieces() { content += piece }
      return content
    }
    listing = try ListingReferences.parse(try small("listing.tsv") ?? [])
    guard parts["files.mtree"] != nil || listing["files.mtree"] != nil else {
      throw ManifestError("files.mtree", "missing")
    }
    guard let json = try small("snapshot.json") else { throw ManifestError("snapshot.json", "missing") }
    description = try SnapshotDescription(decoding: json)
    guard let id = SnapshotID(description.id) else { throw ManifestError("snapshot.json", "not a snapshot id") }
    snapshot = id
    guard let table = parts["volumes.tsv"] else { throw ManifestError("volumes.tsv", "missing") }
    guard UInt64(table.count) <= Self.tableLimit else {
      throw ManifestError("volumes.tsv", "longer than \(Self.tableLimit >> 20) MiB")
    }
    volumes = try VolumeRecord.parse(try text.lines(of: "volumes.tsv", table))
  }

  /// Goes from header to header, up to files.mtree, which is the last member that means anything. What lies between is not
  /// unpacked: it may be of any length.
  private static func parts(of text: ManifestText) throws(ManifestError) -> [String: Range<UInt64>] {
    let known = Set(["snapshot.json", "volumes.tsv", "listing.tsv"] + ListingReferences.members)
    var parts: [String: Range<UInt64>] = [:]
    var next: UInt64 = 0
    do {
      while parts["files.mtree"] == nil, next < text.length {
        let pieces = try text.pieces(next..<text.length)
        let archive = TarReader { try pieces().map(Array.init) }
        guard let entry = try archive.next() else { break }
        let name = String(decoding: entry.path, as: UTF8.self)
        let start = next + archive.position
        let (end, overflow) = start.addingReportingOverflow(entry.size)
        guard entry.dataExtents == nil, !overflow, end <= text.length else {
          throw ManifestError(entry.path.displayPath, "is not whole")
        }
        next = (end + 511) & ~511
        guard known.contains(name) else { continue }
        guard entry.kind == .file else { throw ManifestError(name, "is no file") }
        guard parts.updateValue(start..<end, forKey: name) == nil else {
          throw ManifestError(name, "is there twice")
        }
      }
    } catch let error as ManifestError {
      throw error
    } catch {
      throw ManifestError("manifest", "\(error)")
    }
    return parts
  }

  private init(_ other: Manifest, _ text: ManifestText, _ parts: [String: Range<UInt64>]) {
    description = other.description
    snapshot = other.snapshot
    volumes = other.volumes
    self.text = text
    self.parts = parts
    listing = [:]
  }

  /// The same manifest with its listing, which is compressed again and goes to disk where it is long.
  /// - Parameter fetch: the content of a chunk of the listing, proven by its digest. Called in the order of the listing.
  public func completed(_ fetch: (ChunkReference) throws -> [UInt8]) throws -> Manifest {
    guard !listing.isEmpty else { return self }
    let content = SpooledListing(try Compressor(level: 1))
    var parts: [String: Range<UInt64>] = [:]
    for name in ListingReferences.members {
      let start = content.length
      for chunk in listing[name] ?? [] { try content.append(try fetch(chunk)) }
      parts[name] = start..<content.length
    }
    return Manifest(self, try content.finish(), parts)
  }

  /// Calls `body` with each entry, in the order of the tar.
  /// - Throws: what `body` throws, or a `ManifestError` where the listing is malformed.
  public func forEachEntry(_ body: (Entry) throws -> Void) throws {
    try forEachListed { listed in if case .entry(let entry, _) = listed { try body(entry) } }
  }

  /// Calls `body` with each entry and, in mode `incremental`, all chunks of its content (empty for everything but files
  /// that have content of their own).
  public func forEachEntry(_ body: (Entry, [ChunkReference]) throws -> Void) throws {
    var last: (entry: Entry, chunks: [ChunkReference])?
    try forEachListed { listed in
      switch listed {
      case .entry(let entry, let chunks):
        if let last { try body(last.entry, last.chunks) }
        last = (entry, chunks)
      case .more(let chunks): last?.chunks += chunks
      }
    }
    if let last { try body(last.entry, last.chunks) }
  }

  /// A piece of the listing.
  public enum Listed: Sendable {
    /// An entry and, in mode `incremental`, the first chunks of its content.
    case entry(Entry, [ChunkReference])
    /// Further chunks of the last entry.
    case more([ChunkReference])
  }

  /// Calls `body` with each entry and its chunks, of which some thousand are in memory at a time.
  /// - Throws: as `forEachEntry`.
  public func forEachListed(_ body: (Listed) throws -> Void) throws {
    guard listing.isEmpty else { throw ManifestError("listing.tsv", "the listing has not been fetched") }
    var entries = try ManifestEntries(text, entries: description.entries) { parts[$0] }
    while let (entry, chunks) = try entries.next() {
      try body(.entry(entry, chunks))
      while let more = try entries.nextChunks() { try body(.more(more)) }
    }
  }
}

/// The members of a listing, joined, as a row of frames.
private final class SpooledListing {
  private let compressor: Compressor
  private let spool = Spool()
  private var frames: [Decompressor.Frame] = []
  private var block: [UInt8] = []
  private(set) var length: UInt64 = 0

  init(_ compressor: Compressor) { self.compressor = compressor }

  func append(_ bytes: [UInt8]) throws {
    length += UInt64(bytes.count)
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(ManifestMembers.blockSize - block.count)
      block += piece
      rest = rest.dropFirst(piece.count)
      if block.count == ManifestMembers.blockSize { try write() }
    }
  }

  private func write() throws {
    guard !block.isEmpty else { return }
    let frame = try compressor.compress(block)
    let start = Int(spool.count)
    try spool.append(frame)
    frames.append(Decompressor.Frame(range: start..<start + frame.count, length: block.count))
    block.removeAll(keepingCapacity: true)
  }

  func finish() throws -> ManifestText {
    try write()
    return try ManifestText(spool, frames)
  }
}
