public import Files
public import Repository

/// Whom snapshots are encrypted to, and whether anybody has shown that their key opens them.
public struct RecipientOverview: Sendable, Equatable {
  public enum Standing: String, Sendable, CaseIterable {
    /// A private key of theirs has decrypted something here.
    case proven
    /// Their private key is here, and has decrypted nothing yet: another recipient's was taken.
    case unused
    /// Their private key is not here: on a card that was never plugged in, with another keeper, or nowhere.
    case notProvenHere = "not-proven-here"
    /// The key ring does not even have their public key.
    case unknown
    case expiresSoon = "expires-soon"
    case expired
    case revoked
  }

  /// Of the primary key.
  public var fingerprint: String
  /// A user id of the key; nil where the key ring does not have it.
  public var label: String?
  /// `host/set` of those whose newest known snapshot is encrypted to it.
  public var sets: [String]
  /// When a private key of theirs last decrypted something here, and what.
  public var lastDecrypted: Timestamp?
  public var lastSnapshot: String?
  public var isInKeyRing: Bool
  /// Whether gpg has the private key, or a smart card's stub of it.
  public var hasSecretKey: Bool
  public var created: Timestamp?
  /// When it can be encrypted to no more; nil for never, and where the key is not known.
  public var expires: Timestamp?
  public var isRevoked: Bool
  public var standing: Standing
}

/// A key that a node's manifests and catalog are trusted from.
public struct SignerOverview: Sendable, Equatable {
  public enum Standing: String, Sendable, CaseIterable {
    case valid
    case unknown
    case expiresSoon = "expires-soon"
    case expired
    case revoked
  }

  public var fingerprint: String
  public var label: String?
  public var hosts: [String]
  public var expires: Timestamp?
  public var isRevoked: Bool
  public var standing: Standing
}

/// The yearly review of all keys: `redoubt-verify attest key-rotation` records it.
public struct KeyRotation: Sendable, Equatable {
  public static let interval: Int64 = 365 * 86400
  /// How long before its end an expiring key is told of.
  public static let notice: Int64 = 60 * 86400

  public var last: Attestation?
  public var time: Timestamp?
  /// When the oldest part that recipients' keys are encrypted to was made; nil where none is known.
  public var oldestKey: Timestamp?
  /// A year after the last review, or after the oldest key was made, whichever is later.
  public var dueFrom: Timestamp?
  public var isDue: Bool
}
