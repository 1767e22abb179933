internal import CGPGME
internal import Files
internal import Synchronization

/// The keys of one gpg home folder. Any thread may use it; calls wait for each other. A call starts gpg (some 10 ms).
public final class KeyRing: Sendable {
  /// gpg's home folder; nil for the user's own (`GNUPGHOME` or `~/.gnupg`).
  public let home: String?
  private let context: Mutex<GPGMEContext>

  /// - Throws: `notInstalled`; `failed` where the home is missing or its path too long for gpg-agent's socket.
  public init(home: String? = nil) throws(OpenPGPError) {
    if let home { try GPGHome.check(home) }
    self.home = home
    context = Mutex(try GPGMEContext(home: home))
  }

  /// Lists keys.
  /// - Parameters:
  ///   - pattern: as gpg takes it (part of a user id, a mail address, a fingerprint or key id); empty for all keys.
  ///   - secretOnly: only those whose secret key is there; gpg-agent is asked, and started where it is not running.
  /// - Returns: none where none match.
  public func keys(matching pattern: String = "", secretOnly: Bool = false) throws(OpenPGPError) -> [Key] {
    try withContext { (context) throws(OpenPGPError) in
      try context.keys(matching: pattern, secretOnly: secretOnly)
    }
  }

  /// Makes a signing key: ed25519, without a passphrase, and with no subkey to encrypt to.
  /// - Parameters:
  ///   - userID: such as `peer-1@example.com` or `Redoubt on peer-1 <peer-1@example.com>`; must be new to the key ring.
  ///   - validSeconds: how long until it expires; nil for never.
  public func createSigner(userID: String, validSeconds: Int? = nil) throws(OpenPGPError) -> Fingerprint {
    try withContext { (context) throws(OpenPGPError) in
      try context.createSigner(userID: userID, validSeconds: validSeconds)
    }
  }

  /// A public key in ASCII armor (`gpg --armor --export`).
  public func exportPublic(_ fingerprint: Fingerprint) throws(OpenPGPError) -> [UInt8] {
    try withContext { (context) throws(OpenPGPError) in try context.exportPublic(fingerprint) }
  }

  /// Adds keys in binary or ASCII armor (`gpg --import`).
  /// - Returns: the primary fingerprints of all keys found, also of those that were here already.
  /// - Throws: `failed` where there is no key in it.
  public func importKeys(_ bytes: [UInt8]) throws(OpenPGPError) -> [Fingerprint] {
    try withContext { (context) throws(OpenPGPError) in try context.importKeys(bytes) }
  }

  private func withContext<Result: Sendable>(
    _ body: (GPGMEContext) throws(OpenPGPError) -> Result
  ) throws(OpenPGPError) -> Result {
    try context.withLock { (context) throws(OpenPGPError) in try body(context) }
  }
}
