/// Why somebody could not be told.
public struct AlertError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The metrics file could not be written.
    case metrics
    /// The program could not be run, failed or took too long.
    case command
    /// The address did not take it.
    case address
  }
  public let code: Code
  /// The key of the configuration: `ping-url`, `on-failure`.
  public let subject: String
  /// Lowercase, without a full stop; never with an address's secret part.
  public let reason: String
  public let hint: String?
  /// Whether the next try may do better.
  let isTransient: Bool

  init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil, isTransient: Bool = false) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
    self.isTransient = isTransient
  }

  public var description: String { "\(subject): \(reason)" }
}
