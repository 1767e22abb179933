/// One thing that is wrong, or doubtful, with a configuration, a file it names or a key it uses.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
  public enum Severity: String, Sendable, Comparable {
    /// Worth mending; the program works.
    case warning
    /// The program refuses to work.
    case error

    public static func < (one: Severity, other: Severity) -> Bool { one == .warning && other == .error }
  }

  public var severity: Severity
  /// Line of the configuration file, from 1; nil where the problem has none.
  public var line: Int?
  /// Column of that line, from 1; known for syntax errors alone.
  public var column: Int?
  /// Where in the configuration: `keys.recipients`, `set.peer-keys.paths`; nil for the file as a whole.
  public var key: String?
  /// Lowercase, without a full stop.
  public var message: String
  /// How to mend it, where that is known.
  public var hint: String?

  public init(
    _ severity: Severity, _ message: String, key: String? = nil, line: Int? = nil, column: Int? = nil,
    hint: String? = nil
  ) {
    self.severity = severity
    self.message = message
    self.key = key
    self.line = line
    self.column = column
    self.hint = hint
  }

  /// `line 12`, `line 12, column 3`; nil where there is no line.
  public var place: String? {
    guard let line else { return nil }
    return "line \(line)" + (column.map { ", column \($0)" } ?? "")
  }

  /// `line 12: error: set.peer-keys.paths: …`.
  public var description: String {
    "\(place.map { "\($0): " } ?? "")\(severity.rawValue): \(key.map { "\($0): " } ?? "")\(message)"
  }
}

/// A configuration that cannot be used, with everything that is wrong with it.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// In the order of the file; at least one is an error. Warnings are among them.
  public var problems: [ConfigurationProblem]

  public init(path: String, problems: [ConfigurationProblem]) {
    self.path = path
    self.problems = problems
  }

  /// A line for each problem, each followed by its hint.
  public var description: String {
    problems.flatMap { problem in ["\(path): \(problem)"] + (problem.hint.map { ["hint: \($0)"] } ?? []) }
      .joined(separator: "\n")
  }
}

/// What reading a configuration file gave: everything wrong with it, and as much of it as could be understood.
public struct ConfigurationReport<Configuration: Sendable>: Sendable {
  public var path: String
  /// Errors and warnings in the order of the file.
  public var problems: [ConfigurationProblem]
  /// What could be read, with whatever is wrong left out, so that the rest can still be checked; nil where the file is
  /// no TOML at all. Only to be worked with where `isUsable`.
  public var configuration: Configuration?

  /// Whether no problem is an error.
  public var isUsable: Bool { configuration != nil && !problems.contains { $0.severity == .error } }

  /// The configuration, if it can be worked with; warnings stay in `problems`.
  public func get() throws(ConfigurationError) -> Configuration {
    guard let configuration, isUsable else { throw ConfigurationError(path: path, problems: problems) }
    return configuration
  }
}
