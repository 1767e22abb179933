internal import Archive

/// What `find` looks for: a glob where it has any of `*?[`, else a part of the path.
public struct PathPattern: Sendable {
  private let part: [UInt8]
  private let glob: ExcludeRules?

  /// - Parameter text: a glob means what it means in a set's `exclude`: without a slash it is matched against the last name of
  ///   a path, with one against the whole path, where `**` stands for any number of folders.
  /// - Throws: `.notFound` for a pattern that can match nothing.
  public init(_ text: String) throws(VerifyError) {
    part = Array(text.utf8)
    guard text.utf8.contains(where: { "*?[".utf8.contains($0) }) else {
      guard !text.isEmpty else { throw VerifyError(.notFound, "an empty pattern matches nothing") }
      glob = nil
      return
    }
    // An exclamation mark has no meaning here.
    do { glob = try ExcludeRules([text.hasPrefix("!") ? "\\" + text : text]) } catch {
      throw VerifyError(.notFound, "\(error)", hint: error.hint)
    }
  }

  /// - Parameter path: as in `Entry.path`; a part is looked for with a slash before it.
  public func matches(_ path: [UInt8], isDirectory: Bool) -> Bool {
    if let glob { return glob.exclude(path, isDirectory: isDirectory) }
    if part.first == UInt8(ascii: "/"), path.starts(with: part.dropFirst()) { return true }
    guard let first = part.first, path.count >= part.count else { return false }
    for start in 0...(path.count - part.count) where path[start] == first {
      if path[start..<(start + part.count)].elementsEqual(part) { return true }
    }
    return false
  }
}
