internal import OpenPGP

/// Finds the key that signs, or makes it: ed25519, without a passphrase, and good for nothing but signing.
struct SigningKeySetup {
  /// As the configuration names it; empty where it names none.
  let spec: String
  /// The user id of a new one.
  let userID: String
  /// The configuration, for hints.
  let configuration: String

  init(named spec: String, otherwise userID: String, in configuration: String) {
    self.spec = spec
    self.userID = spec.isEmpty ? userID : spec
    self.configuration = configuration
  }

  /// - Parameter publicKey: the file that its public key is written to, unless it is there.
  func run(_ ring: KeyRing, publicKey: String, _ report: inout SetupReport) throws(SetupError) {
    let fingerprint = try key(ring, &report)
    report.signer = fingerprint.description
    let armored = try withOpenPGP { () throws(OpenPGPError) in try ring.exportPublic(fingerprint) }
    try report.write(String(decoding: armored, as: UTF8.self), to: publicKey, mode: 0o644, "public signing key")
    report.publicKeyFile = publicKey
  }

  private func key(_ ring: KeyRing, _ report: inout SetupReport) throws(SetupError) -> Fingerprint {
    let present: [Key] = try withOpenPGP { () throws(OpenPGPError) in
      try ring.keys(matching: userID, secretOnly: true)
    }
    if let key = present.first {
      guard present.count == 1 else {
        throw SetupError(userID, "several secret keys match", hint: "name the signer by its fingerprint")
      }
      report.note(false, "signing key", key.label)
      return key.fingerprint
    }
    if Fingerprint(spec) != nil {
      throw SetupError(
        spec, "there is no such secret key in \(report.gnupgHome)",
        hint: "import it, or remove 'signer' from \(configuration) and run init again to make a new one")
    }
    let made = try withOpenPGP { () throws(OpenPGPError) in try ring.createSigner(userID: userID) }
    report.note(true, "signing key", "\(made) (\(userID))")
    return made
  }
}
