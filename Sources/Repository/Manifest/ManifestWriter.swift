public import Archive
internal import Compression
internal import Files

/// Makes a manifest: a tar of text members, as a row of zstd frames.
///
/// Entries go in one by one and are compressed as they come, so the memory it takes is that of the compressed listing,
/// whatever the number of entries. Not safe for concurrent use.
public final class ManifestWriter {
  private let compressor: Compressor
  private var listing = Member(name: "files.mtree")
  private var links = Member(name: "links.tsv")
  private var attributes = Member(name: "attributes.tsv")

  /// A tar member whose content is compressed while it grows.
  private struct Member {
    let name: String
    var size: UInt64 = 0
    var frames: [UInt8] = []
    var block: [UInt8] = []
  }
  /// Bytes of text in one frame: enough to compress well, and what a reader unpacks at a time.
  static let blockSize = 4 << 20

  public init(compressionLevel: Int = 3) throws(ManifestError) {
    do { compressor = try Compressor(level: compressionLevel) } catch { throw ManifestError("manifest", "\(error)") }
    listing.block = MTreeWriter.header
  }

  /// Adds an entry; in the order of the tar.
  public func add(_ entry: Entry) throws(ManifestError) {
    MTreeWriter.append(entry, to: &listing.block)
    if let line = LinksListing.line(for: entry) { links.block += line }
    if !entry.attributes.isEmpty { attributes.block += AttributesListing.lines(for: entry) }
    if listing.block.count >= Self.blockSize { try compressBlock(of: &listing) }
    if attributes.block.count >= Self.blockSize { try compressBlock(of: &attributes) }
    if links.block.count >= Self.blockSize { try compressBlock(of: &links) }
  }

  /// The whole manifest, ready to be signed and encrypted.
  public func finish(_ description: SnapshotDescription, volumes: [VolumeRecord]) throws(ManifestError) -> [UInt8] {
    var manifest: [UInt8] = []
    let table = VolumeRecord.header + volumes.map(\.line).joined()
    try append(Member(name: "snapshot.json", block: try description.encoded()), to: &manifest)
    try append(Member(name: "volumes.tsv", block: Array(table.utf8)), to: &manifest)
    if links.size > 0 || !links.block.isEmpty { try append(links, to: &manifest) }
    if attributes.size > 0 || !attributes.block.isEmpty { try append(attributes, to: &manifest) }
    try append(listing, to: &manifest)
    manifest += try compress([UInt8](repeating: 0, count: 1024))
    return manifest
  }

  /// Header, content and padding of a member, as frames of their own.
  private func append(_ member: Member, to manifest: inout [UInt8]) throws(ManifestError) {
    var member = member
    try compressBlock(of: &member)
    var header: [UInt8] = []
    do {
      let pax = PaxWriter { header.append(contentsOf: $0) }
      try pax.begin(
        Entry(path: Array(member.name.utf8), kind: .file, mode: 0o600, size: member.size))
    } catch {
      throw ManifestError(member.name, "\(error)")
    }
    manifest += try compress(header)
    manifest += member.frames
    let padding = Int((512 - member.size % 512) % 512)
    if padding > 0 { manifest += try compress([UInt8](repeating: 0, count: padding)) }
  }

  private func compressBlock(of member: inout Member) throws(ManifestError) {
    guard !member.block.isEmpty else { return }
    member.size += UInt64(member.block.count)
    member.frames += try compress(member.block)
    member.block.removeAll(keepingCapacity: true)
  }

  private func compress(_ bytes: [UInt8]) throws(ManifestError) -> [UInt8] {
    do throws(ZstdError) { return try compressor.compress(bytes) } catch { throw ManifestError("manifest", "\(error)") }
  }
}
