internal import Files
internal import OpenPGP
internal import Policy

/// The keys of a run: looked up once, because each look-up starts gpg.
struct BackupKeys {
  let encryptor: Encryptor
  let signer: Signer
  /// Primary keys' fingerprints.
  let recipients: [Fingerprint]
  let signerFingerprint: Fingerprint

  /// - Throws: `.configuration` where a recipient cannot be encrypted to or the signer cannot sign.
  init(_ configuration: KeysConfiguration, at time: Timestamp) throws(BackupError) {
    do throws(OpenPGPError) {
      let ring = try KeyRing(home: configuration.gnupgHome)
      var keys: [Key] = []
      for recipient in configuration.recipients { keys.append(try ring.recipient(recipient, at: time)) }
      recipients = keys.map(\.fingerprint)
      let signing = try ring.signer(configuration.signer, at: time)
      signerFingerprint = signing.fingerprint
      encryptor = try Encryptor(home: configuration.gnupgHome, recipients: keys, at: time)
      signer = try Signer(key: signing, encryptor: encryptor, at: time)
    } catch {
      throw BackupError(.configuration, "\(error)", hint: error.hint)
    }
  }
}
