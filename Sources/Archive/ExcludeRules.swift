/// What to leave out, by gitignore(5)'s patterns on the bytes of paths.
///
/// `*`, `?` and `[…]` match within one name; `**` as a whole component matches any number of directories. A pattern with a
/// slash at its start or in its middle is anchored at a source path's root, any other matches a name at every depth. A
/// slash at the end matches directories only. `!` takes back what an earlier pattern excluded; the last pattern that
/// matches decides; nothing inside an excluded directory can be taken back. A backslash makes the next character literal.
/// `#` has no special meaning and spaces at the end count.
public struct ExcludeRules: Sendable, Equatable {
  private let rules: [GlobPattern]

  /// Excludes nothing.
  public static let none = ExcludeRules(rules: [])

  private init(rules: [GlobPattern]) { self.rules = rules }

  /// - Throws: `invalidPattern` for an empty pattern, a bracket that is not closed, or a backslash at the end.
  public init(_ patterns: [String]) throws(ArchiveError) {
    var rules: [GlobPattern] = []
    for pattern in patterns { rules.append(try GlobPattern(Array(pattern.utf8), shownAs: pattern)) }
    self.rules = rules
  }

  public var isEmpty: Bool { rules.isEmpty }

  /// - Parameter path: relative to the source path, without a leading slash; the directories above it are not excluded.
  public func exclude(_ path: [UInt8], isDirectory: Bool) -> Bool {
    path.withUnsafeBufferPointer { exclude($0, isDirectory: isDirectory) }
  }

  func exclude(_ path: UnsafeBufferPointer<UInt8>, isDirectory: Bool) -> Bool {
    match(path, isDirectory: isDirectory) != nil
  }

  /// Which pattern excludes a path: its place among those given; nil for none.
  public func match(_ path: [UInt8], isDirectory: Bool) -> Int? {
    path.withUnsafeBufferPointer { match($0, isDirectory: isDirectory) }
  }

  private func match(_ path: UnsafeBufferPointer<UInt8>, isDirectory: Bool) -> Int? {
    if rules.isEmpty { return nil }
    var nameStart = path.count
    while nameStart > 0, path[nameStart - 1] != UInt8(ascii: "/") { nameStart -= 1 }
    let name = UnsafeBufferPointer(rebasing: path[nameStart...])
    for (place, rule) in rules.enumerated().reversed() {
      if rule.directoriesOnly && !isDirectory { continue }
      if rule.matches(rule.isAnchored ? path : name) { return rule.isNegated ? nil : place }
    }
    return nil
  }
}
