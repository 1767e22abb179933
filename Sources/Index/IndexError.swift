/// Why the index could not be opened, read or written.
public struct IndexError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The file is something else: not SQLite, or another program's database.
    case notAnIndex
    /// The file is an index whose content cannot be right.
    case damaged
    /// A newer version of this program made it.
    case newer
    /// Another process has it open.
    case locked
    case readOnly
    /// No room is left, or over quota.
    case full
    /// A record that refers to a chunk or volume that the index does not have: wrong use.
    case unknown
    /// Anything else: the folder is missing, a disk error, no memory.
    case failed
  }

  public let code: Code
  public let path: String
  public let reason: String
  /// How to mend it; nil where nothing can be said.
  public let hint: String?

  init(_ code: Code, _ path: String, _ reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
    hint = Self.hint(code, path)
  }

  public var description: String { "index \(path): \(reason)" }

  private static func hint(_ code: Code, _ path: String) -> String? {
    switch code {
    case .notAnIndex, .damaged:
      "move the file away: the next backup makes a new index and uploads everything once more; no data is lost"
    case .newer: "use the version of redoubt that wrote it, or a newer one"
    case .locked: "wait for the other process to end"
    case .readOnly: "make the file and its folder writable"
    case .full: "free some space on the file system of \(path); nothing stored is lost"
    case .unknown, .failed: nil
    }
  }
}
