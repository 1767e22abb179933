/// What a command's exit code says. Both programs use the same codes for the same things.
public enum ExitStatus: Int32, Sendable, CaseIterable {
  /// Done, and sound.
  case done = 0
  /// Could not be done.
  case failed = 1
  /// Done in part: stored, but a source file could not be read, or a destination failed.
  case partial = 3
  /// Damage was found.
  case damaged = 4
  /// A backup or a verification is overdue.
  case overdue = 5
  /// Wrong usage (EX_USAGE of sysexits.h).
  case usage = 64
  /// Another run holds the lock (EX_TEMPFAIL).
  case locked = 75
  /// Wrong configuration (EX_CONFIG).
  case configuration = 78

  /// As help and manual pages say it.
  public var meaning: String {
    switch self {
    case .done: "done, and sound"
    case .failed: "could not be done"
    case .partial: "done in part: a source file could not be read, or a destination failed"
    case .damaged: "damage found"
    case .overdue: "overdue or stale"
    case .usage: "wrong usage"
    case .locked: "another run holds the lock"
    case .configuration: "wrong configuration"
    }
  }

  /// The paragraph on exit codes in a command's help; `done`, `failed`, `usage` and `configuration` are always in it.
  public static func discussion(_ text: String = "", also special: [ExitStatus] = []) -> String {
    let statuses = allCases.filter { [.done, .failed, .usage, .configuration].contains($0) || special.contains($0) }
    let list = statuses.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ")
    return (text.isEmpty ? "" : text + "\n\n") + "Exit codes: \(list)."
  }
}
