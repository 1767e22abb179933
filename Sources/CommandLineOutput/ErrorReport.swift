internal import Files
internal import Policy
internal import Storage

/// An error of a module that this one does not know, saying itself how a command ends with it.
public protocol CommandFailure: Error {
  var exitStatus: ExitStatus { get }
  /// Lowercase, without a full stop: what failed, and on what.
  var message: String { get }
  /// How to mend it.
  var hint: String? { get }
}

/// An error as a person reads it.
public struct ErrorReport: Sendable, Equatable {
  /// One message of several.
  public struct Message: Sendable, Equatable {
    public var isWarning: Bool
    public var text: String
    public var hint: String?

    public init(isWarning: Bool = false, text: String, hint: String? = nil) {
      self.isWarning = isWarning
      self.text = text
      self.hint = hint
    }
  }

  public var status: ExitStatus
  /// At least one.
  public var messages: [Message]

  /// The one place that decides which exit code an error becomes.
  public init(_ error: any Error) {
    switch error {
    case let error as any CommandFailure:
      self.init(error.exitStatus, error.message, error.hint)
    case let error as ConfigurationError:
      self.init(.configuration, error.problems.map { Message($0, of: error.path) })
    case let error as SetupError: self.init(.failed, error.description, error.hint)
    case let error as StorageError: self.init(.failed, error.description, error.hint)
    case let error as FileError: self.init(.failed, error.description, nil)
    default: self.init(.failed, "\(error)", nil)
    }
  }

  private init(_ status: ExitStatus, _ text: String, _ hint: String?) {
    self.init(status, [Message(text: text, hint: hint)])
  }

  private init(_ status: ExitStatus, _ messages: [Message]) {
    self.status = status
    self.messages = messages
  }
}

extension ErrorReport.Message {
  init(_ problem: ConfigurationProblem, of path: String) {
    let place = problem.place.map { ", \($0)" } ?? ""
    let key = problem.key.map { "\($0): " } ?? ""
    self.init(
      isWarning: problem.severity == .warning, text: "\(path)\(place): \(key)\(problem.message)", hint: problem.hint)
  }
}
