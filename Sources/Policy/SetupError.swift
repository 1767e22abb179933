/// Why a first set-up, or opening what a configuration names, could not be done.
public struct SetupError: Error, Equatable, CustomStringConvertible {
  /// The file, folder, key or destination it is about.
  public var subject: String
  /// Lowercase, without a full stop.
  public var reason: String
  public var hint: String?

  public init(_ subject: String, _ reason: String, hint: String? = nil) {
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  public var description: String { subject.isEmpty ? reason : "\(subject): \(reason)" }
}
