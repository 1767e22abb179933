/// What a path of a commit holds.
struct GitFile: Equatable, Sendable {
  /// `100644`, `100755` or `120000` (a symbolic link).
  var mode = "100644"
  /// Of the blob.
  var id: String
  /// Bytes; nil where the content is not here.
  var size: UInt64?
}

/// What a commit does to a path.
enum GitChange: Equatable, Sendable {
  case store(GitFile)
  case remove
}

/// A path in a repository, as git has it: bytes, because two names may differ in those and be the same text.
typealias GitPath = [UInt8]

/// The state of a branch: its commit, and its files by their paths in the repository.
struct GitTip: Sendable {
  /// Nil where the branch does not exist (yet).
  var commit: String?
  var files: [GitPath: GitFile] = [:]

  init() {}

  /// - Parameter listing: of `git ls-tree -r -z`, with `-l` or without.
  init(commit: String, listing: [UInt8]) {
    self.commit = commit
    for line in listing.split(separator: 0) {
      guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { continue }
      let words = line[..<tab].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard words.count >= 3, words[1] == "blob" else { continue }
      files[Array(line[(tab + 1)...])] = GitFile(
        mode: words[0], id: words[2], size: words.count > 3 ? UInt64(words[3]) : nil)
    }
  }

  mutating func apply(_ changes: [GitPath: GitChange]) {
    for (path, change) in changes {
      switch change {
      case .store(let file): files[path] = file
      case .remove: files[path] = nil
      }
    }
  }
}
