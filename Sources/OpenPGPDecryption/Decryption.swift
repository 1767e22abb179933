public import Files
public import OpenPGP

/// What came of a message that could be checked.
public enum Decryption: Equatable, Sendable {
  /// The whole message, integrity proven.
  case plaintext([UInt8])
  /// It is not what it should be: cut off, changed, joined with another, not encrypted, not OpenPGP, too long.
  case damaged(reason: String)
}

/// What came of a message that must be signed. The plaintext is handed out only with a good signature by a trusted key.
public enum SignedDecryption: Equatable, Sendable {
  /// - Parameters:
  ///   - signer: the primary key's fingerprint.
  ///   - signedAt: as the signer claims it.
  case verified([UInt8], signer: Fingerprint, signedAt: Timestamp)
  case damaged(reason: String)
  case unsigned
  /// Signed by a key that is not trusted: its fingerprint, or its key id where the key itself is not in the key ring.
  case untrustedSigner(String)
  /// The key is trusted but has expired by now, even if it was valid when it signed: whoever finds an old secret key can
  /// date a signature back. Extending the key's expiry makes its signatures good again.
  case expiredSigner(Fingerprint, expired: Timestamp?)
  /// The key is trusted but was revoked since or before.
  case revokedSigner(Fingerprint)
  /// The signature does not fit the content, or is of a kind that proves too little.
  case badSignature(reason: String)
}
