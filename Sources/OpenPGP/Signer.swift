public import Files

/// Signs and encrypts messages in one. Any thread may use it, several at a time; each call runs gpg once.
public final class Signer: Sendable {
  /// The primary key's.
  public let fingerprint: Fingerprint
  private let signingSubkey: Fingerprint
  private let encryptor: Encryptor

  /// - Parameters:
  ///   - key: as `KeyRing.signer(_:at:)` returns it; its secret key is in the encryptor's home.
  ///   - encryptor: whom the messages are for.
  /// - Throws: `unusableKey` for a key that cannot sign at `time`.
  public init(key: Key, encryptor: Encryptor, at time: Timestamp = .now()) throws(OpenPGPError) {
    guard let subkey = key.signingSubkey(at: time) else { throw key.unusable(for: .signing, at: time) }
    fingerprint = key.fingerprint
    signingSubkey = subkey.fingerprint
    self.encryptor = encryptor
  }

  /// The signature (SHA-256, over the exact bytes) is inside the encryption.
  /// - Throws: `noSecretKey`, `agent`, or whatever gpg's end was but a complete success.
  public func signAndEncrypt(_ plain: [UInt8]) throws(OpenPGPError) -> [UInt8] {
    try encryptor.run(
      ["--digest-algo", "SHA256", "--local-user", "\(signingSubkey)!", "--sign", "--encrypt"], plain,
      signer: fingerprint)
  }
}
