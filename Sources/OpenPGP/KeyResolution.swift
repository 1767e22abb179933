public import Files

/// What a key is to be used for.
enum KeyUse {
  case encryption
  case signing
}

extension KeyRing {
  /// The one key that `spec` names and that can be encrypted to at `time`.
  /// - Parameter spec: a mail address, a fingerprint (of the primary key or of a subkey), a key id, or part of a user id;
  ///   a subkey's fingerprint with `!` after it means this subkey alone.
  /// - Throws: `noSuchKey`; `ambiguousKey` with the fingerprints of all that match; `unusableKey` with the cause.
  public func recipient(_ spec: String, at time: Timestamp) throws(OpenPGPError) -> Key {
    try resolve(spec, for: .encryption, at: time)
  }

  /// The one key that `spec` names, whose secret key is here and that can sign at `time`.
  /// - Throws: `noSecretKey` where only its public key is here; otherwise as `recipient(_:at:)`.
  public func signer(_ spec: String, at time: Timestamp) throws(OpenPGPError) -> Key {
    try resolve(spec, for: .signing, at: time)
  }

  private func resolve(_ spec: String, for use: KeyUse, at time: Timestamp) throws(OpenPGPError) -> Key {
    let found = try candidates(spec, secretOnly: use == .signing)
    guard !found.isEmpty else {
      if use == .signing, try !candidates(spec, secretOnly: false).isEmpty {
        throw OpenPGPError(
          .noSecretKey, spec, "only the public key is in the key ring",
          hint: "import the secret key, or make a signing key with redoubt init")
      }
      throw OpenPGPError(
        .noSuchKey, spec, "there is no such key in the key ring\(home.map { " \($0)" } ?? "")",
        hint: use == .encryption
          ? "import the recipient's public key: gpg\(home.map { " --homedir \($0)" } ?? "") --import FILE" : nil)
    }
    let usable = found.filter { $0.isUsable(for: use, at: time) }
    if let only = usable.first, usable.count == 1 { return only }
    guard usable.isEmpty else {
      throw OpenPGPError(
        .ambiguousKey, spec, "several keys match: \(usable.map(\.fingerprint.description).joined(separator: ", "))",
        hint: "name the key by its fingerprint")
    }
    throw found[0].unusable(for: use, at: time, named: spec)
  }

  /// All keys that `spec` names, usable or not. gpg matches a mail address anywhere within a user id; here it must be the
  /// whole address.
  func candidates(_ spec: String, secretOnly: Bool) throws(OpenPGPError) -> [Key] {
    let isPinned = spec.hasSuffix("!")
    let name = isPinned ? String(spec.dropLast()) : spec
    let trimmed = name.filter { $0 != " " }
    guard !trimmed.isEmpty else { throw OpenPGPError(.noSuchKey, spec, "a key's name is empty") }
    if let digits = Fingerprint.hexDigits(name), [8, 16, 40, 64].contains(digits.count) {
      let found = try keys(matching: "0x\(digits)", secretOnly: secretOnly)
        .filter { $0.subkeys.contains { $0.fingerprint.matches(digits) } }
      guard isPinned else { return found }
      return found.map { key in
        key.subkeys.first { $0.fingerprint.matches(digits) }.map { key.pinned(to: $0.fingerprint) } ?? key
      }
    }
    let found = try keys(matching: name, secretOnly: secretOnly)
    guard name.contains("@"), !name.contains(" ") else { return found }
    let bare = name.hasPrefix("<") && name.hasSuffix(">") ? String(name.dropFirst().dropLast()) : name
    let mail = bare.lowercased()
    // gpg marks all user ids of a revoked key as revoked: that key is still the one that is meant.
    return found.filter { key in
      key.userIDs.contains { ($0.mail == mail || $0.text.lowercased() == mail) && (key.isRevoked || !$0.isRevoked) }
    }
  }
}

extension Fingerprint {
  /// Whether `digits` are this fingerprint or its long or short key id.
  fileprivate func matches(_ digits: String) -> Bool {
    digits.count >= 40
      ? description == digits : digits.count == 16 ? keyID == digits : keyID.hasSuffix(digits)
  }
}

extension Key {
  func isUsable(for use: KeyUse, at time: Timestamp) -> Bool {
    use == .encryption ? canEncrypt(at: time) : canSign(at: time)
  }

  /// Why it cannot be used, as the error to throw.
  func unusable(for use: KeyUse, at time: Timestamp, named spec: String? = nil) -> OpenPGPError {
    let purpose = use == .encryption ? "encrypt" : "sign"
    let fitting = subkeys.filter { use == .encryption ? $0.canEncrypt : $0.canSign }
    let newestEnd = fitting.filter { !$0.isRevoked }.compactMap(\.expires).max()
    let reason: String
    if isRevoked {
      reason = "the key is revoked"
    } else if isDisabled {
      reason = "the key is disabled"
    } else if isInvalid {
      reason = "the key is invalid"
    } else if let expires, expires <= time {
      reason = "the key expired at \(expires.rfc3339)"
    } else if fitting.isEmpty {
      reason = "the key cannot \(purpose)"
    } else if fitting.allSatisfy(\.isRevoked) {
      reason = "all of the key's parts that can \(purpose) are revoked"
    } else if let newestEnd, newestEnd <= time {
      reason = "the key's part that can \(purpose) expired at \(newestEnd.rfc3339)"
    } else {
      reason = "none of the key's parts that can \(purpose) is valid"
    }
    return OpenPGPError(.unusableKey, spec ?? fingerprint.description, "\(reason) (\(label))")
  }
}
