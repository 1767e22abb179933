public import Archive
internal import Files
internal import Glibc

/// `never`: what no set of this host may hold, by patterns as in `exclude`, anchored at the root of the file system.
public struct NeverRules: Sendable {
  public let patterns: [String]
  private let rules: ExcludeRules

  /// A path that no set may hold, and the pattern that says so.
  public struct Violation: Error, Equatable, CustomStringConvertible {
    /// Escaped for messages, with its leading slash.
    public var path: String
    public var pattern: String

    public var description: String { "\(path) must never be backed up, says the pattern '\(pattern)' of 'never'" }
    public var hint: String { "exclude it from the set, or move it elsewhere" }
  }

  public init(_ patterns: [String]) throws(ArchiveError) {
    self.patterns = patterns
    rules = try ExcludeRules(patterns)
  }

  public var isEmpty: Bool { patterns.isEmpty }

  /// - Parameter path: as in `Entry.path`.
  /// - Throws: where the path itself is named; the folders above it are not looked at.
  public func check(_ path: [UInt8], isDirectory: Bool) throws(Violation) {
    guard let place = rules.match(path, isDirectory: isDirectory) else { return }
    throw Violation(path: "/" + path.displayPath, pattern: patterns[place])
  }

  /// Looks at all that a set would hold, by names alone.
  public func check(_ set: SetConfiguration) throws {
    guard !isEmpty else { return }
    var real: [(source: [UInt8], real: [UInt8])] = []
    for path in set.paths {
      let source = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
      try checkWithFolders(source)
      // The same file by another way: through links above it.
      let resolved = Self.resolved(path)
      guard let resolved, resolved != source else { continue }
      try checkWithFolders(resolved)
      real.append((source, resolved))
    }
    try set.treeWalker().walk(
      visit: { found throws(any Error) in
        let isDirectory = found.status.kind == .directory
        try check(found.entry.path, isDirectory: isDirectory)
        for (source, real) in real where found.entry.path.starts(with: source + [UInt8(ascii: "/")]) {
          try check(real + found.entry.path[source.count...], isDirectory: isDirectory)
        }
      }, report: { _ throws(any Error) in })
  }

  /// A path and each folder above it.
  private func checkWithFolders(_ path: [UInt8]) throws(Violation) {
    for end in path.indices where path[end] == UInt8(ascii: "/") { try check(Array(path[..<end]), isDirectory: true) }
    guard !path.isEmpty else { return }
    try check(path, isDirectory: false)
    try check(path, isDirectory: true)
  }

  /// `realpath(3)` of the folder that holds it, and its name: a link that is itself backed up stays a link.
  private static func resolved(_ path: String) -> [UInt8]? {
    guard let slash = path.lastIndex(of: "/"), path.count > 1 else { return nil }
    guard let real = realpath(slash == path.startIndex ? "/" : String(path[..<slash]), nil) else { return nil }
    defer { free(real) }
    let folder = String(cString: real)
    let full = (folder == "/" ? "" : folder) + path[slash...]
    return Array(full.utf8.dropFirst())
  }
}

extension SetConfiguration {
  /// The walk over the set's sources.
  public func treeWalker() throws(ArchiveError) -> TreeWalker {
    TreeWalker(
      sources: paths.map { Array($0.utf8) }, excludes: try ExcludeRules(exclude), oneFileSystem: oneFileSystem,
      excludeCaches: excludeCaches)
  }
}
