public import Files

/// An OpenPGP key as a key ring shows it: a primary key and its subkeys.
public struct Key: Equatable, Sendable {
  /// A user id such as `Name (comment) <mail@example.com>`.
  public struct UserID: Equatable, Sendable {
    public let text: String
    /// The mail address alone, in lower case; empty where there is none.
    public let mail: String
    public let isRevoked: Bool

    package init(text: String, mail: String, isRevoked: Bool) {
      self.text = text
      self.mail = mail
      self.isRevoked = isRevoked
    }
  }

  /// One of the key's parts; the first is the primary key.
  public struct Subkey: Equatable, Sendable {
    public let fingerprint: Fingerprint
    public let created: Timestamp
    /// nil for one that never expires.
    public let expires: Timestamp?
    public let isRevoked: Bool
    public let isDisabled: Bool
    /// Broken: not bound to the primary key by a good signature, or of an unknown algorithm.
    public let isInvalid: Bool
    public let canEncrypt: Bool
    public let canSign: Bool
    /// Whether the secret part is there; only known for keys listed with `secretOnly`.
    public let hasSecret: Bool

    /// Neither revoked nor disabled nor invalid nor expired at `time`.
    public func isValid(at time: Timestamp) -> Bool {
      !isRevoked && !isDisabled && !isInvalid && (expires.map { time < $0 } ?? true)
    }
  }

  /// The primary key's.
  public let fingerprint: Fingerprint
  public let userIDs: [UserID]
  public let subkeys: [Subkey]
  public let created: Timestamp
  /// When the primary key expires; nil for never.
  public let expires: Timestamp?
  public let isRevoked: Bool
  public let isDisabled: Bool
  public let isInvalid: Bool
  /// Whether the key ring holds the secret key; only known for keys listed with `secretOnly`.
  public let hasSecret: Bool

  public func isExpired(at time: Timestamp) -> Bool { expires.map { $0 <= time } ?? false }

  /// Whether the primary key is neither revoked, disabled, invalid nor expired at `time`.
  public func isValid(at time: Timestamp) -> Bool {
    !isRevoked && !isDisabled && !isInvalid && !isExpired(at: time)
  }

  /// The subkey that messages are encrypted to: the newest one that is valid and can encrypt, as gpg chooses it.
  public func encryptionSubkey(at time: Timestamp) -> Subkey? {
    guard isValid(at: time) else { return nil }
    return subkeys.filter { $0.canEncrypt && $0.isValid(at: time) }.max { $0.created < $1.created }
  }

  /// The subkey that signs: the newest one that is valid and can sign.
  public func signingSubkey(at time: Timestamp) -> Subkey? {
    guard isValid(at: time) else { return nil }
    return subkeys.filter { $0.canSign && $0.isValid(at: time) }.max { $0.created < $1.created }
  }

  public func canEncrypt(at time: Timestamp) -> Bool { encryptionSubkey(at: time) != nil }
  public func canSign(at time: Timestamp) -> Bool { signingSubkey(at: time) != nil }

  /// `0123…CDEF (Name <mail@example.com>)`, for messages.
  public var label: String { userIDs.first.map { "\(fingerprint) (\($0.text))" } ?? fingerprint.description }

  /// This key with the one subkey alone that a specification with `!` asks for.
  func pinned(to subkey: Fingerprint) -> Key {
    Key(
      fingerprint: fingerprint, userIDs: userIDs, subkeys: subkeys.filter { $0.fingerprint == subkey },
      created: created, expires: expires, isRevoked: isRevoked, isDisabled: isDisabled, isInvalid: isInvalid,
      hasSecret: hasSecret)
  }
}
