public import SystemPackage

/// Watching cannot begin, or has ended.
public struct WatchError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The user has no more instances of inotify (`fs.inotify.max_user_instances`).
    case instances
    /// The system refused something else.
    case system
  }
  public var code: Code
  /// What was tried: an infinitive that completes "cannot …".
  public var operation: String
  public var errno: Errno
  /// How to mend it, where that is known.
  public var hint: String?

  init(_ code: Code, _ operation: String, _ errno: Errno, hint: String? = nil) {
    self.code = code
    self.operation = operation
    self.errno = errno
    self.hint = hint
  }

  public var description: String {
    let reason = errno.description
    return "cannot \(operation): \(reason.prefix(1).lowercased() + reason.dropFirst())"
  }
}
