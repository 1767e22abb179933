public import Archive
internal import Compression
internal import Files

/// A manifest that has been decrypted and whose signature has been checked by the caller.
///
/// The small members are in memory; the listing stays compressed and is unpacked while it is read.
public final class Manifest: Sendable {
  public let description: SnapshotDescription
  public let snapshot: SnapshotID
  public let volumes: [VolumeRecord]
  private let frames: [UInt8]
  private let links: [[UInt8]: [UInt8]]
  private let attributes: [[UInt8]: [ExtendedAttribute]]
  private let contents: [UInt8]?
  /// Where the pieces of the listing are, by member, when they are not in the manifest itself: `completed` fetches them.
  public let listing: [String: [ChunkReference]]

  /// What one frame may unpack to: a writer's block with room for one entry of any length.
  private static let frameLimit = 256 << 20
  private static let smallMemberLimit = 1 << 30

  /// - Parameter plaintext: the decrypted message: a row of zstd frames.
  /// - Throws: where it is not a manifest of the format that this version reads.
  public init(_ plaintext: [UInt8]) throws(ManifestError) {
    frames = plaintext
    var members: [String: [UInt8]] = [:]
    var hasListing = false
    do {
      try Self.readMembers(plaintext) { name, reader in
        if name == "files.mtree" {
          hasListing = true
          return false
        }
        members[name] = try reader.content(limit: Self.smallMemberLimit, member: name)
        return true
      }
    } catch let error as ManifestError {
      throw error
    } catch {
      throw ManifestError("manifest", "\(error)")
    }
    listing = try ListingReferences.parse(members["listing.tsv"] ?? [])
    guard hasListing || listing["files.mtree"] != nil else { throw ManifestError("files.mtree", "missing") }
    contents = members["contents.tsv"]
    guard let json = members["snapshot.json"] else { throw ManifestError("snapshot.json", "missing") }
    description = try SnapshotDescription(decoding: json)
    guard let id = SnapshotID(description.id) else { throw ManifestError("snapshot.json", "not a snapshot id") }
    snapshot = id
    guard let table = members["volumes.tsv"] else { throw ManifestError("volumes.tsv", "missing") }
    volumes = try VolumeRecord.parse(table)
    do throws(ArchiveError) {
      links = try Self.links(members["links.tsv"] ?? [])
      attributes = try Self.attributes(members["attributes.tsv"] ?? [])
    } catch {
      throw ManifestError(error.subject, error.reason)
    }
  }

  private static func links(_ content: [UInt8]) throws(ArchiveError) -> [[UInt8]: [UInt8]] {
    var links: [[UInt8]: [UInt8]] = [:]
    var lines = ListingLines()
    try lines.append(content[...]) { (line, number) throws(ArchiveError) in
      let link = try LinksListing.link(from: line, number: number)
      links[link.path] = link.target
    }
    try lines.finish("links.tsv")
    return links
  }

  private static func attributes(_ content: [UInt8]) throws(ArchiveError) -> [[UInt8]: [ExtendedAttribute]] {
    var attributes: [[UInt8]: [ExtendedAttribute]] = [:]
    var lines = ListingLines()
    try lines.append(content[...]) { (line, number) throws(ArchiveError) in
      let (path, attribute) = try AttributesListing.attribute(from: line, number: number)
      attributes[path, default: []].append(attribute)
    }
    try lines.finish("attributes.tsv")
    return attributes
  }

  /// The same manifest with its listing in it.
  /// - Parameter fetch: the content of a chunk of the listing, proven by its digest. Called in the order of the listing.
  public func completed(_ fetch: (ChunkReference) throws -> [UInt8]) throws -> Manifest {
    guard !listing.isEmpty else { return self }
    let members = try ManifestMembers(compressionLevel: 1)
    try members.append(try description.encoded(), to: "snapshot.json")
    try members.append(Array((VolumeRecord.header + volumes.map(\.line).joined()).utf8), to: "volumes.tsv")
    for name in ListingReferences.members {
      for chunk in listing[name] ?? [] { try members.append(try fetch(chunk), to: name) }
    }
    return try Manifest(try members.serialize(ManifestWriter.order))
  }

  /// Calls `body` with each entry, in the order of the tar.
  /// - Throws: what `body` throws, or a `ManifestError` where the listing is malformed.
  public func forEachEntry(_ body: (Entry) throws -> Void) throws {
    try forEachEntry { entry, _ in try body(entry) }
  }

  /// Calls `body` with each entry and, in mode `incremental`, the chunks of its content (empty for everything but files
  /// that have content of their own).
  public func forEachEntry(_ body: (Entry, [ChunkReference]) throws -> Void) throws {
    guard listing.isEmpty else { throw ManifestError("listing.tsv", "the listing has not been fetched") }
    var listed = 0
    var contentLines = LineIterator(contents ?? [])
    try Self.readMembers(frames) { name, reader in
      guard name == "files.mtree" else { return true }
      var listing = MTreeReader()
      try reader.forEachLine { line in
        guard var entry = try listing.entry(from: line) else { return }
        if let target = links[entry.path] { entry.kind = .hardLink(target: target) }
        if let attributes = attributes[entry.path] { entry.attributes = attributes }
        listed += 1
        var chunks: [ChunkReference] = []
        if contents != nil, case .file = entry.kind {
          guard let content = contentLines.next() else { throw ManifestError("contents.tsv", "ends early") }
          chunks = try ContentsListing.chunks(content, of: entry)
        }
        try body(entry, chunks)
      }
      return false
    }
    guard listed == description.entries else {
      throw ManifestError("files.mtree", "\(listed) entries where snapshot.json counts \(description.entries)")
    }
  }
}

/// The lines of a text one by one, without their ends.
private struct LineIterator {
  private var rest: ArraySlice<UInt8>

  init(_ text: [UInt8]) { rest = text[...] }

  mutating func next() -> ArraySlice<UInt8>? {
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { rest = rest[(end + 1)...] }
    return rest[..<end]
  }
}

/// Reads one tar member's content.
struct MemberReader {
  let archive: TarReader

  /// The whole content.
  /// - Parameter limit: bytes; more is refused.
  func content(limit: Int, member: String) throws(ManifestError) -> [UInt8] {
    var content: [UInt8] = []
    do {
      while let (_, bytes) = try archive.readData() {
        guard content.count + bytes.count <= limit else { throw ManifestError(member, "longer than \(limit) bytes") }
        content += bytes
      }
    } catch let error as ManifestError {
      throw error
    } catch {
      throw ManifestError(member, "\(error)")
    }
    return content
  }

  /// Calls `body` with each line, without its newline.
  func forEachLine(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
    var lines = ListingLines()
    while let (_, bytes) = try archive.readData() {
      try lines.append(bytes) { line, _ throws(any Error) in try body(line) }
    }
    try lines.finish("files.mtree")
  }
}

extension Manifest {
  /// Goes through the tar's members until `body` returns false.
  fileprivate static func readMembers(
    _ plaintext: [UInt8], _ body: (String, MemberReader) throws -> Bool
  ) throws {
    let frames = try Decompressor.frames(in: plaintext)
    let decompressor = try Decompressor()
    var next = 0
    let archive = TarReader {
      guard next < frames.count else { return nil }
      defer { next += 1 }
      return try decompressor.decompress(Array(plaintext[frames[next]]), maximumLength: Self.frameLimit)
    }
    while let entry = try archive.next() {
      guard try body(String(decoding: entry.path, as: UTF8.self), MemberReader(archive: archive)) else { return }
    }
  }
}
