/// Why no answer came: from which host, and what stood in the way.
public struct HTTPError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The request itself is not one: a malformed URL, a header with a line break, a CA file that cannot be read.
    case invalidRequest
    /// The host's name could not be resolved, or no connection was to be had.
    case unreachable
    /// The certificate or the handshake was refused.
    case tls
    /// No connection in time, or a transfer that stood still.
    case timedOut
    /// The connection broke: reset, closed before the answer, or an answer that is not HTTP.
    case broken
    /// The body ended before its announced length.
    case shortBody
    /// The body is longer than the request allows.
    case tooLong
    /// The caller asked to stop.
    case cancelled
  }

  public var code: Code
  public var host: String
  /// Lowercase, without a full stop.
  public var reason: String
  /// Whether the same request may succeed later.
  public var isTransient: Bool
  /// Whether the server may have received and carried out the request all the same.
  public var mayHaveArrived: Bool

  public init(_ code: Code, host: String, _ reason: String, isTransient: Bool = false, mayHaveArrived: Bool = false) {
    self.code = code
    self.host = host
    self.reason = reason
    self.isTransient = isTransient
    self.mayHaveArrived = mayHaveArrived
  }

  public var description: String { "\(host): \(reason)" }
}
