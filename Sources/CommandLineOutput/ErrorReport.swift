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
  public var status: ExitStatus
  public var message: String
  public var hint: String?

  /// The one place that decides which exit code an error becomes.
  public init(_ error: any Error) {
    switch error {
    case let error as any CommandFailure:
      (status, message, hint) = (error.exitStatus, error.message, error.hint)
    case let error as ConfigurationError:
      (status, message, hint) = (.configuration, error.description, nil)
    case let error as SetupError:
      (status, message, hint) = (.failed, error.description, error.hint)
    case let error as StorageError:
      (status, message, hint) = (.failed, error.description, error.hint)
    case let error as FileError:
      (status, message, hint) = (.failed, error.description, nil)
    default:
      (status, message, hint) = (.failed, "\(error)", nil)
    }
  }
}
