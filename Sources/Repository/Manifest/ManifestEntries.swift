internal import Archive
internal import Digests

/// The entries of a manifest one by one: its four lists read side by side, all of which are in the order of the tar.
struct ManifestEntries {
  private let mtree: ListingText
  private let links: ListingText
  private let attributes: ListingText
  /// nil in mode `full`.
  private let contents: ListingText?
  private let expected: Int
  private var reader = MTreeReader()
  private var link: (path: [UInt8], target: [UInt8])?
  private var attribute: (path: [UInt8], attribute: ExtendedAttribute)?
  private var last: Entry?
  private var count = 0
  /// Of the last entry, where not all of its chunks were read.
  private var line: ContentsLine?

  /// Bytes of one entry's attributes, and their number: more than Linux allows.
  private static let attributeBytes = 64 << 20
  private static let attributeCount = 1 << 15

  /// - Parameter part: where a member is; nil where it is not in the manifest.
  init(_ text: ManifestText, entries: Int, _ part: (String) -> Range<UInt64>?) throws(ManifestError) {
    expected = entries
    mtree = try text.lines(of: "files.mtree", part("files.mtree"))
    links = try text.lines(of: "links.tsv", part("links.tsv"))
    attributes = try text.lines(of: "attributes.tsv", part("attributes.tsv"))
    contents = try part("contents.tsv").map { (part) throws(ManifestError) in
      try text.lines(of: "contents.tsv", part)
    }
    link = try nextLink()
    attribute = try nextAttribute()
  }

  /// - Returns: the entry and the first of its chunks, whose rest `nextChunks` gives; nil after the last.
  mutating func next() throws(ManifestError) -> (entry: Entry, chunks: [ChunkReference])? {
    while try nextChunks() != nil {}
    while let line = try mtree.nextLine() {
      let listed: Entry?
      do throws(ArchiveError) { listed = try reader.entry(from: line) } catch {
        throw ManifestError(error.subject, error.reason)
      }
      guard var entry = listed else { continue }
      count += 1
      guard count <= expected else { throw miscounted }
      try judgeOrder(of: entry)
      try addLink(to: &entry)
      try addAttributes(to: &entry)
      last = entry
      guard let contents, case .file = entry.kind else { return (entry, []) }
      var chunks = ContentsLine(of: entry)
      let first = try chunks.next(from: contents)
      if !chunks.isComplete { self.line = chunks }
      return (entry, first)
    }
    guard count == expected else { throw miscounted }
    try judgeEnd()
    return nil
  }

  /// More chunks of the last entry; nil after its last one.
  mutating func nextChunks() throws(ManifestError) -> [ChunkReference]? {
    guard var line, let contents else { return nil }
    let chunks = try line.next(from: contents)
    self.line = line.isComplete ? nil : line
    return chunks
  }

  private var miscounted: ManifestError {
    ManifestError(
      "files.mtree", "\(count)\(count > expected ? " or more" : "") entries where snapshot.json counts \(expected)")
  }

  /// Each path once, in the order of a walk, and nothing below anything but a folder. What is below a path comes right
  /// after it, so that the entry before is all that has to be known.
  private func judgeOrder(of entry: Entry) throws(ManifestError) {
    guard let last else { return }
    let order = walkOrder(last.path, entry.path)
    guard order < 0 else {
      throw ManifestError(
        "files.mtree", "\(entry.path.displayPath) \(order == 0 ? "is listed twice" : "is out of order")")
    }
    guard last.kind == .directory || !entry.path.isBelow(last.path) else {
      throw ManifestError("files.mtree", "\(entry.path.displayPath) lies below what is no folder")
    }
  }

  private mutating func addLink(to entry: inout Entry) throws(ManifestError) {
    guard let link, link.path == entry.path else { return }
    guard case .file = entry.kind, walkOrder(link.target, entry.path) < 0 else {
      throw ManifestError("links.tsv", "\(entry.path.displayPath) is not another name of an earlier file")
    }
    entry.kind = .hardLink(target: link.target)
    self.link = try nextLink()
  }

  private mutating func addAttributes(to entry: inout Entry) throws(ManifestError) {
    var bytes = 0
    while let next = attribute, next.path == entry.path {
      bytes += next.attribute.name.count + next.attribute.value.count
      guard bytes <= Self.attributeBytes, entry.attributes.count < Self.attributeCount else {
        throw ManifestError("attributes.tsv", "\(entry.path.displayPath) has more attributes than any file can have")
      }
      entry.attributes.append(next.attribute)
      attribute = try nextAttribute()
    }
  }

  /// Every list must have been used up.
  private func judgeEnd() throws(ManifestError) {
    for path in [link?.path, attribute?.path] {
      if let path {
        throw ManifestError(
          path == link?.path ? "links.tsv" : "attributes.tsv",
          "\(path.displayPath) is not listed in files.mtree, or not in this order")
      }
    }
    if try contents?.nextWord() != nil { throw ManifestError("contents.tsv", "has more lines than there are files") }
  }

  private func nextLink() throws(ManifestError) -> (path: [UInt8], target: [UInt8])? {
    guard let line = try links.nextLine() else { return nil }
    do throws(ArchiveError) { return try LinksListing.link(from: line, number: links.line - 1) } catch {
      throw ManifestError(error.subject, error.reason)
    }
  }

  private func nextAttribute() throws(ManifestError) -> (path: [UInt8], attribute: ExtendedAttribute)? {
    guard let line = try attributes.nextLine() else { return nil }
    do throws(ArchiveError) {
      return try AttributesListing.attribute(from: line, number: attributes.line - 1)
    } catch {
      throw ManifestError(error.subject, error.reason)
    }
  }
}
