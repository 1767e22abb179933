/// Why storage could not do something: about which key or place, whether another try makes sense, and how to mend it.
public struct StorageError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// No object of that key.
    case missing
    /// The key is taken; nothing was overwritten.
    case exists
    /// The credentials do not allow it (403).
    case denied
    /// The credentials could not be found or are not valid (expired, unknown key id, wrong signature).
    case credentials
    /// The bucket, folder or repository itself is not there.
    case noSuchStore
    /// Larger than the caller allows.
    case tooLong
    /// No room left, or over quota.
    case full
    /// Name resolution, connection, TLS, time-out, reset.
    case unreachable
    /// The server's own failure: 5xx, 429, SlowDown, an error in a 200 body, an answer cut short.
    case server
    /// The request cannot succeed as it is: wrong region, clock skew, refused option.
    case refused
    /// The caller asked to stop.
    case cancelled
  }

  public var code: Code
  /// What it is about: `s3://bucket/key`, a path.
  public var subject: String
  /// Lowercase, without a full stop.
  public var reason: String
  /// How to mend it, where that is known.
  public var hint: String?
  /// Whether the same request may succeed later.
  public var isTransient: Bool
  /// Whether the request may have been carried out although it failed here: its answer was lost, or the server itself
  /// does not know.
  public var mayHaveTakenEffect = false
  /// Seconds that the server asks to wait before the next try.
  public var retryAfter: Int?

  public init(
    _ code: Code, _ subject: String, _ reason: String, hint: String? = nil, isTransient: Bool = false
  ) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
    self.isTransient = isTransient
  }

  public var description: String { "\(subject): \(reason)" }
}
