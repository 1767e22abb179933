internal import Digests
internal import Files
internal import Glibc

/// Something on disk that is not as an entry says.
public struct TreeDifference: Sendable, Equatable {
  public enum Code: String, Sendable {
    case missing = "entry-missing"
    case unexpected = "entry-unexpected"
    case metadata = "metadata-mismatch"
    case content = "content-mismatch"
  }

  public let code: Code
  /// As in `Entry.path`.
  public let path: [UInt8]
  /// For people: what was expected and what is there.
  public let detail: String
}

/// Compares what is below a directory with the entries that should be there: kinds, modes, owners, modification times to
/// the nanosecond, sizes, content by SHA-256, links' targets, hard links, devices and attributes.
public struct TreeComparison: Sendable {
  /// Owner and group by number; switch it off where a restore could not set them.
  public var owners = true
  public var attributes = true
  /// Reads every file that has an expected digest.
  public var content = true
  /// Opens by their mode what its owner could not read, for an owner who is not root: the directory is a scratch copy.
  /// Folders stay open.
  public var opensClosed = false
  /// Looked at with each entry and within long files; true ends the comparison with an error.
  public var isCancelled: @Sendable () -> Bool = { false }

  private let directory: [UInt8]

  /// - Parameter directory: an absolute path; an entry `a/b` is expected at `<directory>/a/b`.
  public init(directory: String) { self.directory = Array(directory.utf8) }

  /// Compares everything; the directory may hold nothing else but the directories above the entries.
  /// - Parameters:
  ///   - expected: each entry once, in the order of `walkOrder` (the order of a snapshot's manifest); its hard links name
  ///     earlier entries.
  ///   - report: called for each difference, in no promised order.
  /// - Throws: `ArchiveError` where something could not be compared: `invalidEntry` for entries out of order, `system` for
  ///   what cannot be read.
  public func compare(_ expected: some Sequence<Entry>, report: (TreeDifference) -> Void) throws(ArchiveError) {
    guard let root = SourcePath.normalize(directory) else {
      throw ArchiveError(.invalidEntry, directory.displayPath, "not an absolute path")
    }
    var merge = ComparisonRun(comparison: self, expected: expected.makeIterator(), root: root)
    func visit(_ found: borrowing FoundEntry) throws(ArchiveError) {
      try merge.visit(found, report)
    }
    func finding(_ finding: WalkFinding) throws(ArchiveError) {
      if finding.code == .skippedSocket, let path = merge.relative(finding.path) {
        return report(TreeDifference(code: .unexpected, path: path, detail: "a socket"))
      }
      throw ArchiveError(.system, finding.path.absolute, "cannot be compared: \(finding.detail)")
    }
    try TreeWalker(sources: [directory]).walk(visit: visit, report: finding)
    try merge.finish(report)
  }
}

/// One comparison: the walk of the disk and the expected entries, merged.
private struct ComparisonRun<Expected: IteratorProtocol<Entry>> {
  private let comparison: TreeComparison
  private var expected: Expected
  private var next: Entry?
  private let root: [UInt8]
  private struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }
  /// The first expected path of files with several names: of so many that they fit in memory.
  private var firstPaths: [Identity: [UInt8]] = [:]
  private static var firstPathsLimit: Int { 100_000 }
  private var links: LinkTargets?
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  init(comparison: TreeComparison, expected: Expected, root: [UInt8]) {
    self.comparison = comparison
    self.expected = expected
    self.root = root
    next = self.expected.next()
  }

  /// A path on disk as an `Entry.path`.
  func relative(_ path: [UInt8]) -> [UInt8]? {
    if path == root { return [UInt8(ascii: ".")] }
    if root == [UInt8(ascii: ".")] { return path }
    return path.isBelow(root) ? Array(path[(root.count + 1)...]) : nil
  }

  mutating func visit(_ found: borrowing FoundEntry, _ report: (TreeDifference) -> Void) throws(ArchiveError) {
    guard let path = relative(found.entry.path) else { return }
    try checkCancellation()
    while let entry = next, walkOrder(entry.path, path) < 0 {
      report(TreeDifference(code: .missing, path: entry.path, detail: "it is not there"))
      try advance()
    }
    guard let entry = next, entry.path == path else {
      let isAbove = found.entry.kind == .directory && (next?.path.isBelow(path) ?? false)
      // The directory itself and those above the first entries were made by whoever restored.
      if !isAbove, path != [UInt8(ascii: ".")] {
        report(TreeDifference(code: .unexpected, path: path, detail: "it should not be there"))
      }
      return
    }
    try advance()
    let isOpened = comparison.opensClosed && geteuid() != 0 && found.makeReadable(by: geteuid())
    try compare(entry, found, report)
    if isOpened, found.entry.kind == .file { found.resetMode() }
  }

  private func checkCancellation() throws(ArchiveError) {
    if comparison.isCancelled() { throw ArchiveError(.system, root.displayPath, "the comparison was stopped") }
  }

  mutating func finish(_ report: (TreeDifference) -> Void) throws(ArchiveError) {
    while let entry = next {
      report(TreeDifference(code: .missing, path: entry.path, detail: "it is not there"))
      try advance()
    }
  }

  private mutating func advance() throws(ArchiveError) {
    let last = next
    next = expected.next()
    if let last, let next, walkOrder(last.path, next.path) >= 0 {
      throw ArchiveError(.invalidEntry, next.path.displayPath, "it comes after \(last.path.displayPath), out of order")
    }
  }

  private mutating func compare(
    _ entry: Entry, _ found: borrowing FoundEntry, _ report: (TreeDifference) -> Void
  ) throws(ArchiveError) {
    func differs(_ what: String, _ expected: String, _ actual: String) {
      report(
        TreeDifference(
          code: .metadata, path: entry.path, detail: "\(what) should be \(expected) but is \(actual)"))
    }
    let actual = found.entry
    var kind = entry.kind
    if case .hardLink = kind { kind = .file }
    guard kind == actual.kind else {
      return differs("kind", kind.shown, actual.kind.shown)
    }
    if actual.mode != entry.mode, found.status.kind != .symbolicLink {
      differs("mode", String(entry.mode, radix: 8), String(actual.mode, radix: 8))
    }
    if comparison.owners, actual.owner != entry.owner || actual.group != entry.group {
      differs("owner", "\(entry.owner):\(entry.group)", "\(actual.owner):\(actual.group)")
    }
    if actual.modified != entry.modified {
      differs("time", DecimalTime.text(entry.modified), DecimalTime.text(actual.modified))
    }
    if comparison.attributes { try compareAttributes(entry, found, differs) }
    if kind == .file { try compareFile(entry, found, report, differs) }
  }

  private func compareAttributes(
    _ entry: Entry, _ found: borrowing FoundEntry, _ differs: (String, String, String) -> Void
  ) throws(ArchiveError) {
    let actual: [ExtendedAttribute]
    do throws(FileError) {
      actual = try found.attributes()
    } catch {
      throw ArchiveError(.system, found.entry.path.absolute, error.description)
    }
    if actual == entry.attributes { return }
    for attribute in entry.attributes where !actual.contains(attribute) {
      let other = actual.first { $0.name == attribute.name }
      differs(
        "attribute \(attribute.name.displayPath)", attribute.value.displayPath, other?.value.displayPath ?? "missing")
    }
    for attribute in actual where !entry.attributes.contains(where: { $0.name == attribute.name }) {
      differs("attribute \(attribute.name.displayPath)", "missing", attribute.value.displayPath)
    }
  }

  private mutating func compareFile(
    _ entry: Entry, _ found: borrowing FoundEntry, _ report: (TreeDifference) -> Void,
    _ differs: (String, String, String) -> Void
  ) throws(ArchiveError) {
    let identity = Identity(device: found.device, inode: found.inode)
    var isKnown = false
    if case .hardLink(let target) = entry.kind {
      isKnown = try status(of: target).map { Identity(device: $0.device, inode: $0.inode) } == identity
      if !isKnown { differs("hard link", target.displayPath, "another file") }
    } else if let other = firstPaths[identity] {
      differs("hard link", "none", other.displayPath)
    }
    if found.linkCount > 1, firstPaths[identity] == nil, firstPaths.count < Self.firstPathsLimit {
      firstPaths[identity] = entry.path
    }
    // The content was compared under its first name.
    if isKnown { return }
    if case .hardLink = entry.kind, entry.digest == nil { return }
    if found.entry.size != entry.size {
      return report(
        TreeDifference(
          code: .content, path: entry.path, detail: "size should be \(entry.size) but is \(found.entry.size)"))
    }
    guard comparison.content, let digest = entry.digest else { return }
    let actual = try self.digest(found)
    if actual != digest {
      report(
        TreeDifference(code: .content, path: entry.path, detail: "sha256 should be \(digest) but is \(actual)"))
    }
  }

  /// What an expected path is on disk; nil where it is not there.
  private mutating func status(of path: [UInt8]) throws(ArchiveError) -> FileStatus? {
    if links == nil { links = LinkTargets(root) }
    return links?.status(of: path)
  }

  private mutating func digest(_ found: borrowing FoundEntry) throws(ArchiveError) -> SHA256Digest {
    let hash = SHA256()
    do throws(FileError) {
      let file = try found.open()
      var offset: UInt64 = 0
      while !comparison.isCancelled() {
        let result = buffer.withUnsafeMutableBytes { bytes in
          Result { () throws(FileError) in
            let count = try file.read(at: offset, into: bytes)
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
          }
        }
        let count = try result.get()
        offset += UInt64(count)
        if count < buffer.count { return hash.finish() }
      }
    } catch {
      throw ArchiveError(.system, found.entry.path.absolute, error.description)
    }
    try checkCancellation()
    return hash.finish()
  }
}

/// Finds what hard links should name, without following any symbolic link.
private final class LinkTargets {
  private let root: Int32
  private let chain: DirectoryChain

  /// - Parameter path: as in `Entry.path`.
  init?(_ path: [UInt8]) {
    let absolute = [UInt8(ascii: "/")] + (path == [UInt8(ascii: ".")] ? [] : path)
    let descriptor = DirectoryChain.withName(absolute[...]) {
      open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return nil }
    root = descriptor
    chain = DirectoryChain(root: descriptor)
  }

  deinit { close(root) }

  func status(of path: [UInt8]) -> FileStatus? {
    let components = path.split(separator: UInt8(ascii: "/"))
    // Where a folder on the way is not there, it is not there either.
    guard let name = components.last, let folder = try? chain.directory(components.dropLast()) else { return nil }
    return DirectoryChain.withName(name) { FileStatus(directory: folder, name: $0) }
  }
}

extension Entry.Kind {
  fileprivate var shown: String {
    switch self {
    case .file: "a file"
    case .directory: "a directory"
    case .symbolicLink(let target): "a symbolic link to \(target.displayPath)"
    case .hardLink(let target): "a hard link to \(target.displayPath)"
    case .fifo: "a fifo"
    case .characterDevice(let major, let minor): "character device \(major),\(minor)"
    case .blockDevice(let major, let minor): "block device \(major),\(minor)"
    }
  }
}
