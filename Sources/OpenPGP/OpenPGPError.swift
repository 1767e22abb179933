/// Something with keys, encryption or decryption that could not be done. A damaged message is never one of these.
public struct OpenPGPError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// No key in the key ring matches.
    case noSuchKey
    /// Several keys match; the reason lists their fingerprints.
    case ambiguousKey
    /// The key is expired, revoked, disabled, invalid, or not made for this use.
    case unusableKey
    /// The key ring has no secret key for it.
    case noSecretKey
    /// gpg-agent, pinentry or the smart card cannot be reached, or the passphrase was wrong or not given.
    case agent
    /// There is no gpg on `PATH`.
    case notInstalled
    case timedOut
    case failed
  }

  public let code: Code
  /// The key, user id or folder concerned; empty where it is about gpg itself.
  public let subject: String
  /// Lowercase, no full stop.
  public let reason: String
  /// How to mend it; nil where nothing better is known than the reason.
  public let hint: String?

  public init(_ code: Code, _ subject: String, _ reason: String, hint: String? = nil) {
    self.code = code
    self.subject = subject
    self.reason = reason
    self.hint = hint
  }

  /// An error of this module as it is; of memory that could not be had, `failed`.
  package init(_ error: any Error) {
    self = error as? OpenPGPError ?? OpenPGPError(.failed, "", "\(error)")
  }

  /// Whether the same call may succeed later with nothing changed but the machine's state.
  public var isTransient: Bool { code == .timedOut || code == .agent }

  public var description: String { subject.isEmpty ? reason : "\(subject): \(reason)" }
}
