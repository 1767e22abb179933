internal import Files
internal import OpenPGP
internal import Policy
internal import Repository

/// Whether the keys that everything depends on are what they should be: recipients', nodes' signers', and how old they are.
struct RecipientAudit {
  let configuration: KeeperConfiguration
  let keys: KeyRingContents
  let sets: [SetOverview]
  let keeper: KeeperHistory
  let now: Timestamp

  /// From so many seconds before its end on an expiring key weighs as much as an expired one: nodes cannot back up without
  /// it, and getting a new public key to all of them takes a while.
  static let urgency: Int64 = 14 * 86400

  func recipients() -> [RecipientOverview] {
    var members: [String: [String]] = [:]
    for set in sets { for recipient in set.recipients { members[recipient, default: []].append(set.name) } }
    return members.sorted { $0.key < $1.key }.map { fingerprint, sets in
      let key = keys[fingerprint]
      let proof = keeper.decryptions[fingerprint]
      var recipient = RecipientOverview(
        fingerprint: fingerprint, label: key?.userIDs.first?.text, sets: sets, lastDecrypted: proof?.time,
        lastSnapshot: proof?.snapshot, isInKeyRing: key != nil, hasSecretKey: key.map(keys.hasSecret) ?? false,
        created: key?.encryptionSubkey(at: now)?.created, expires: key?.end(\.canEncrypt),
        isRevoked: key?.isGone(\.canEncrypt) ?? false, standing: .notProvenHere)
      recipient.standing =
        recipient.isRevoked
        ? .revoked
        : standing(recipient.expires, .expired, .expiresSoon)
          ?? (proof != nil ? .proven : key == nil ? .unknown : recipient.hasSecretKey ? .unused : .notProvenHere)
      return recipient
    }
  }

  func signers() -> [SignerOverview] {
    var hosts: [String: [String]] = [:]
    for node in configuration.nodes {
      for signer in node.trustedSigners {
        // As fingerprints are compared: in capitals, without spaces.
        let name = Fingerprint(signer)?.description ?? signer
        if hosts[name]?.contains(node.host) != true { hosts[name, default: []].append(node.host) }
      }
    }
    return hosts.sorted { $0.key < $1.key }.map { fingerprint, hosts in
      let key = keys[fingerprint]
      var signer = SignerOverview(
        fingerprint: fingerprint, label: key?.userIDs.first?.text, hosts: hosts, expires: key?.end(\.canSign),
        isRevoked: key?.isGone(\.canSign) ?? false, standing: .valid)
      signer.standing =
        key == nil ? .unknown : signer.isRevoked ? .revoked : standing(signer.expires, .expired, .expiresSoon) ?? .valid
      return signer
    }
  }

  private func standing<Standing>(_ expires: Timestamp?, _ expired: Standing, _ soon: Standing) -> Standing? {
    guard let expires else { return nil }
    if expires <= now { return expired }
    return expires.seconds(since: now) <= KeyRotation.notice ? soon : nil
  }

  func rotation() -> KeyRotation {
    var review = KeyRotation(isDue: false)
    let known = keeper.attestations[DataClass.keyRotation]?.values
      .filter { $0.1.seconds(since: now) <= AttestationStatus.clockTolerance }.max { $0.1 < $1.1 }
    review.last = known?.0
    review.time = known?.1
    let inUse = Set(sets.filter { $0.retired == nil }.flatMap(\.recipients)).compactMap { keys[$0] }
    let candidates = inUse.isEmpty ? keys.secret.compactMap { keys.keys[$0] } : inUse
    review.oldestKey = candidates.compactMap { $0.encryptionSubkey(at: now)?.created }.min()
    guard let oldest = review.oldestKey else { return review }
    let due = max(oldest, review.time ?? oldest).adding(KeyRotation.interval)
    review.dueFrom = due
    review.isDue = now > due
    return review
  }

  // MARK: Concerns

  func concerns(
    _ recipients: [RecipientOverview], _ signers: [SignerOverview], _ rotation: KeyRotation
  ) -> [Concern] {
    if let problem = keys.problem {
      return [
        Concern(
          .recipient, .overdue, "the key ring could not be read: \(problem)",
          hint: "gpg --homedir \(configuration.keys.gnupgHome) --list-keys")
      ]
    }
    let retired = Set(sets.filter { $0.retired != nil }.map(\.name))
    // What is encrypted to it is not to be made again.
    let inUse = recipients.filter { !retired.isSuperset(of: $0.sets) }
    var concerns = inUse.compactMap(concern) + signers.compactMap(concern)
    for set in sets where !set.recipients.isEmpty && set.retired == nil {
      let own = recipients.filter { set.recipients.contains($0.fingerprint) }
      guard !own.contains(where: \.hasSecretKey) else { continue }
      concerns.append(
        Concern(
          .recipient, .overdue, host: set.host, set: set.set,
          "no private key of any of its recipients is in the key ring: nothing of it can be opened here",
          hint: "plug in the card, or import the private key: gpg --homedir \(configuration.keys.gnupgHome) --import"))
    }
    for signer in keys.expiringSigners([configuration.keys.signer], now: now) {
      concerns.append(
        Concern(
          .recipient, signer.end.seconds(since: now) <= Self.urgency ? .overdue : .notice, signer.text,
          since: signer.end <= now ? signer.end : nil, hint: signer.hint))
    }
    if rotation.isDue, let due = rotation.dueFrom, let oldest = rotation.oldestKey {
      let last = rotation.time.map { "were last reviewed at \($0.rfc3339)" } ?? "were never reviewed"
      concerns.append(
        Concern(
          .recipient, .overdue,
          "the keys \(last), and the oldest that backups are encrypted to is of \(oldest.rfc3339): look whether they "
            + "are to be exchanged, once a year",
          since: due, hint: "redoubt-verify attest \(DataClass.keyRotation) --by NAME --note TEXT"))
    }
    return concerns
  }

  private func concern(_ recipient: RecipientOverview) -> Concern? {
    let name = "recipient \(recipient.label ?? recipient.fingerprint)"
    let count = recipient.sets.count == 1 ? "1 set is" : "\(recipient.sets.count) sets are"
    func about(
      _ severity: Concern.Severity, _ text: String, since: Timestamp? = nil, hint: String? = nil
    ) -> Concern {
      Concern(.recipient, severity, key: recipient.fingerprint, "\(name) \(text)", since: since, hint: hint)
    }
    switch recipient.standing {
    case .proven: return nil
    case .unused:
      return about(
        .notice,
        "has opened nothing here: their private key is here, and gpg took another recipient's",
        hint: "verify a snapshot once with a key ring that has no other private key")
    case .notProvenHere:
      return about(
        .notice,
        "is not proven here: their private key is elsewhere (another keeper's, a card's), and that it opens \(recipient.sets.count == 1 ? "the set" : "the sets") must be shown there"
      )
    case .unknown:
      return about(
        .notice, "is not in the key ring: neither its end nor its holder is known here",
        hint: "import the public key: gpg --homedir \(configuration.keys.gnupgHome) --import FILE")
    case .expiresSoon:
      guard let end = recipient.expires else { return nil }
      return about(
        end.seconds(since: now) <= Self.urgency ? .overdue : .notice,
        "expires at \(end.rfc3339): from then on nothing can be encrypted to it",
        hint: "extend it (gpg --quick-set-expire), and give its public key to the nodes anew")
    case .expired:
      return about(
        .overdue,
        "has expired at \(recipient.expires?.rfc3339 ?? "?"): \(count) encrypted to it, and no new snapshot can be",
        since: recipient.expires,
        hint: "extend it (gpg --quick-set-expire), and give its public key to the nodes anew")
    case .revoked:
      return about(
        .overdue, "was revoked, and \(count) encrypted to it",
        hint: "name another recipient on the nodes; redoubt-verify keys lists the sets")
    }
  }

  private func concern(_ signer: SignerOverview) -> Concern? {
    let name = "the signing key \(signer.label ?? signer.fingerprint)"
    let host = signer.hosts.count == 1 ? signer.hosts.first : nil
    func about(_ severity: Concern.Severity, _ text: String, since: Timestamp? = nil, hint: String) -> Concern {
      Concern(
        .recipient, severity, host: host, key: signer.fingerprint, "\(name) \(text)", since: since, hint: hint)
    }
    switch signer.standing {
    case .valid: return nil
    case .unknown:
      return about(
        .overdue, "is not in the key ring: nothing that it signed can be verified",
        hint: "redoubt-verify init --node-key FILE, as 'redoubt init' wrote it on the node")
    case .expiresSoon:
      guard let end = signer.expires else { return nil }
      return about(
        end.seconds(since: now) <= Self.urgency ? .overdue : .notice,
        "expires at \(end.rfc3339): from then on nothing that it signed counts",
        hint: "extend it on the node (gpg --quick-set-expire), and import its public key here")
    case .expired:
      return about(
        .overdue, "has expired at \(signer.expires?.rfc3339 ?? "?"): nothing that it signed counts",
        since: signer.expires,
        hint: "extend it on the node (gpg --quick-set-expire), and import its public key here")
    case .revoked:
      return about(
        .overdue, "was revoked: nothing that it signed counts",
        hint: "make a new one on the node, and trust that: trusted-signers")
    }
  }
}

extension Key {
  /// When it can be used for this no more: the primary key's end or that of the last of its parts.
  func end(_ use: (Subkey) -> Bool) -> Timestamp? {
    let fitting = subkeys.filter { use($0) && !$0.isRevoked && !$0.isDisabled && !$0.isInvalid }
    let partsEnd = fitting.contains { $0.expires == nil } ? nil : fitting.compactMap(\.expires).max()
    return [expires, partsEnd].compactMap(\.self).min()
  }

  /// Revoked, disabled or broken, whole or every part that could be used for this.
  func isGone(_ use: (Subkey) -> Bool) -> Bool {
    isRevoked || isDisabled || isInvalid
      || !subkeys.contains { use($0) && !$0.isRevoked && !$0.isDisabled && !$0.isInvalid }
  }
}
