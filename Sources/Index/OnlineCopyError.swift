/// Why a database could not be copied.
public struct OnlineCopyError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The file is not an SQLite database, is empty, or is an encrypted one.
    case notADatabase
    /// Another connection kept it locked for longer than the given patience.
    case locked
    /// It was left in the middle of a transaction, which only its own program may undo.
    case unfinished
    /// SQLite's `quick_check` finds it damaged.
    case damaged
    /// No room for the copy, or over quota.
    case noRoom
    /// The caller asked to stop.
    case cancelled
    /// Anything else: rights, a disk error, a folder that is missing.
    case failed
  }

  public let code: Code
  /// The database.
  public let path: String
  public let reason: String

  init(_ code: Code, _ path: String, _ reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }

  /// How to mend it; nil where nothing can be said.
  public var hint: String? {
    switch code {
    case .notADatabase: "put it into paths where it is another kind of file"
    case .locked: "end what keeps it locked, or let before pause it"
    case .unfinished: "open it once with its own program, which undoes what was left"
    case .damaged: "keep the file, and look at the last good snapshot: a copy of a damaged database helps nobody"
    case .noRoom: "free some space on the file system of the state folder: a copy as large as the database goes there"
    case .cancelled, .failed: nil
    }
  }
}
