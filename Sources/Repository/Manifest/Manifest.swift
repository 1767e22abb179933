public import Archive
internal import Files

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
  /// Bytes of volumes.tsv: a million volumes.
  private static let tableLimit: UInt64 = 256 << 20

  /// - Parameter plaintext: the decrypted message: a row of zstd frames.
  /// - Throws: where it is not a manifest of the format that this version reads.
  public init(_ plaintext: [UInt8]) throws(ManifestError) {
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

  /// Goes through the tar's headers, up to files.mtree, which is the last member that means anything.
  private static func parts(of text: ManifestText) throws(ManifestError) -> [String: Range<UInt64>] {
    let known = Set(["snapshot.json", "volumes.tsv", "listing.tsv"] + ListingReferences.members)
    var parts: [String: Range<UInt64>] = [:]
    let pieces = try text.pieces(0..<text.length)
    let archive = TarReader { try pieces().map(Array.init) }
    do {
      while parts["files.mtree"] == nil, let entry = try archive.next() {
        let name = String(decoding: entry.path, as: UTF8.self)
        guard known.contains(name) else { continue }
        let (end, overflow) = archive.position.addingReportingOverflow(entry.size)
        guard entry.kind == .file, entry.dataExtents == nil, !overflow, end <= text.length else {
          throw ManifestError(name, "is not a whole file")
        }
        guard parts.updateValue(archive.position..<end, forKey: name) == nil else {
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
    var entries = try ManifestEntries(text, entries: description.entries) { parts[$0] }
    while let (entry, chunks) = try entries.next() { try body(entry, chunks) }
  }
}
