public import Archive

/// Makes a manifest.
///
/// Entries go in one by one and are compressed as they come, so the memory it takes is that of the compressed listing,
/// whatever the number of entries. Where the listing is long and `overflow` is given, it goes there instead, to be stored
/// as chunks like any other content. Not safe for concurrent use.
public final class ManifestWriter {
  private let members: ManifestMembers
  private let overflow: ((String, [UInt8]) throws -> Void)?
  /// What is not in `members` or passed to `overflow` yet, by member.
  private var pending: [String: [UInt8]]
  private var hasOverflowed = false

  /// A listing up to this many bytes is part of the manifest itself.
  public static let inlineLimit = 1 << 20
  private static let pieceSize = 256 << 10

  /// - Parameter overflow: takes the listing's members piece by piece (name, bytes) once they are longer than
  ///   `inlineLimit` together; nil keeps them in the manifest whatever their length.
  public init(
    compressionLevel: Int = 3, overflow: ((String, [UInt8]) throws -> Void)? = nil
  ) throws(ManifestError) {
    members = try ManifestMembers(compressionLevel: compressionLevel)
    self.overflow = overflow
    pending = ["files.mtree": MTreeWriter.header]
  }

  /// Adds an entry of a full snapshot; in the order of the tar.
  public func add(_ entry: Entry) throws {
    MTreeWriter.append(entry, to: &pending["files.mtree", default: []])
    if let line = LinksListing.line(for: entry) { pending["links.tsv", default: []] += line }
    if !entry.attributes.isEmpty { pending["attributes.tsv", default: []] += AttributesListing.lines(for: entry) }
    try passOn(atLeast: Self.pieceSize)
  }

  /// Adds an entry of an incremental snapshot by its lines, as `MTreeWriter`, `LinksListing` and `AttributesListing` make
  /// them.
  /// - Parameter chunks: a file's content; nil for everything but files.
  public func add(
    line: UnsafeRawBufferPointer, link: [UInt8]?, attributes: UnsafeRawBufferPointer,
    chunks: [ChunkReference]?
  ) throws {
    pending["files.mtree", default: []].append(contentsOf: line)
    if let link { pending["links.tsv", default: []] += link }
    if !attributes.isEmpty { pending["attributes.tsv", default: []].append(contentsOf: attributes) }
    if let chunks { ContentsListing.append(chunks, to: &pending["contents.tsv", default: []]) }
    try passOn(atLeast: Self.pieceSize)
  }

  /// Passes what is left of the listing on. To be called before `finish` where there is an `overflow`, because what that
  /// stores belongs in the volumes that `finish` takes.
  public func finishListing() throws { try passOn(atLeast: 1) }

  /// The whole manifest, ready to be signed and encrypted.
  /// - Parameter listing: where `overflow` put the members, by name and in order.
  public func finish(
    _ description: SnapshotDescription, volumes: [VolumeRecord], listing: [(member: String, chunk: ChunkReference)] = []
  ) throws -> [UInt8] {
    guard volumes.count <= VolumeRecord.countLimit else {
      throw ManifestError(
        "volumes.tsv",
        "\(volumes.count) volumes where \(VolumeRecord.countLimit) are the most: set a larger volume-size")
    }
    try finishListing()
    try members.append(try description.encoded(), to: "snapshot.json")
    try members.append(Array((VolumeRecord.header + volumes.map(\.line).joined()).utf8), to: "volumes.tsv")
    for (member, chunk) in listing {
      try members.append(Array(ListingReferences.line(member, chunk).utf8), to: "listing.tsv")
    }
    if !hasOverflowed {
      for (name, bytes) in pending { try members.append(bytes, to: name) }
      pending = [:]
    }
    return try members.serialize(Self.order)
  }

  /// Listings last, the one that is read beside the others at the very end.
  static let order = ["snapshot.json", "volumes.tsv", "listing.tsv"] + ListingReferences.members

  private func passOn(atLeast count: Int) throws {
    let total = pending.values.reduce(0) { $0 + $1.count }
    guard total >= count else { return }
    if let overflow {
      guard hasOverflowed || total > Self.inlineLimit else { return }
      hasOverflowed = true
      for name in ListingReferences.members {
        if let bytes = pending[name], !bytes.isEmpty { try overflow(name, bytes) }
      }
    } else {
      for (name, bytes) in pending { try members.append(bytes, to: name) }
    }
    for name in pending.keys { pending[name] = [] }
  }
}
