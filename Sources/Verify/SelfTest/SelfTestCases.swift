internal import Files
internal import OpenPGPDecryption
internal import Policy
internal import Repository

/// Damages a copy in every way that this keeper promises to notice, and looks whether it does.
struct SelfTestCases {
  let bench: SelfTestBench
  let verifier: Verifier
  let node: WatchedNode
  let stranger: Stranger
  let frequencies: FrequencyTable
  /// An existing folder.
  let scratch: String

  /// - Throws: where a case could not be tried.
  func run() throws -> [SelfTest.Case] {
    let manifestText = try plaintext(bench.manifestKey)
    let volume = try bench.volumeKeys.last.map { key in (key, try bench.content(key)) }
    var cases: [SelfTest.Case] = []
    func expect(_ name: String, at level: VerificationLevel, _ codes: Set<Finding.Code>, _ damage: () throws -> Void)
      throws
    {
      try damage()
      cases.append(try verify(name, level, codes))
      try bench.mend()
    }
    if let (key, content) = volume {
      try expect("a lost volume", at: .present, [.missing]) { try bench.damage(key, nil) }
      try expect("a volume cut short", at: .present, [.wrongSize]) {
        try bench.damage(key, Array(content.dropLast(content.count / 2 + 1)))
      }
      try expect("a flipped bit in a volume", at: .intact, [.wrongDigest]) { try bench.flipBit(key) }
      let other = bench.volumeKeys.dropLast().last ?? bench.manifestKey
      let swapped = try bench.content(other)
      try expect("another object in a volume's place", at: .intact, [.wrongSize, .wrongDigest]) {
        try bench.damage(key, swapped)
      }
      try expect("a volume that somebody else encrypted", at: .readable, [.wrongSize, .wrongDigest]) {
        try bench.damage(key, try stranger.encrypt(Array("not what was stored".utf8)))
      }
    }
    try expect("a lost manifest", at: .present, [.missing]) { try bench.damage(bench.manifestKey, nil) }
    try expect("a flipped bit in the manifest", at: .present, [.undecryptable]) { try bench.flipBit(bench.manifestKey) }
    try expect("a manifest with a stranger's signature", at: .present, [.untrustedSigner]) {
      try bench.damage(bench.manifestKey, try stranger.signAndEncrypt(manifestText))
    }
    try expect("a manifest without a signature", at: .present, [.unsigned]) {
      try bench.damage(bench.manifestKey, try stranger.encrypt(manifestText))
    }
    cases.append(try replayedManifest())
    cases += try catalogCases()
    cases += staleSnapshot()
    return cases
  }

  // MARK: Snapshots

  private func verify(
    _ name: String, _ level: VerificationLevel, _ codes: Set<Finding.Code>, of reference: SnapshotReference? = nil
  ) throws -> SelfTest.Case {
    let verification = try verifier.verify(
      reference ?? bench.reference, at: "self-test", reader: bench.store, level: level, scratch: scratch)
    let found = verification.result == .damaged && verification.findings.contains { codes.contains($0.code) }
    let detail =
      verification.findings.first.map { "\($0.code.rawValue): \($0.detail)" } ?? verification.reason
      ?? verification.result.rawValue
    return SelfTest.Case(name: name, level: level.rawValue, found: found, detail: detail)
  }

  /// The manifest of this snapshot in the place of another's, one second later.
  private func replayedManifest() throws -> SelfTest.Case {
    let later = SnapshotID(started: Timestamp(seconds: bench.reference.snapshot.started.seconds + 1), random: 0xffff)
    var reference = bench.reference
    reference.snapshot = later
    let key = Layout(host: reference.host).manifest(reference.set, later)
    try bench.damage(key, try bench.content(bench.manifestKey))
    defer { _ = try? bench.damage(key, nil) }
    return try verify("an old manifest under a new name", .present, [.malformed], of: reference)
  }

  private func plaintext(_ key: String) throws -> [UInt8] {
    let opening = verifier.opening
    guard
      case .verified(let text, _, _) = try opening.decryptor.decryptVerified(
        try bench.content(key), maximumLength: Manifest.storedLimit, trusted: opening.trusted)
    else { throw VerifyError(.damaged, "\(key) is not signed by a trusted key") }
    return text
  }

  // MARK: Catalog

  private func catalogCases() throws -> [SelfTest.Case] {
    guard let last = try bench.segmentKeys.last else { return [] }
    let before = try look(pins: [:])
    guard before.allSatisfy({ $0.findings.isEmpty }) else {
      throw VerifyError(.damaged, "the catalog of \(node.host) does not hold: redoubt-verify catalog check tells more")
    }
    var pins: [String: Observation] = [:]
    for look in before {
      let epoch = look.catalog.epoch.description
      pins[epoch] = Observation(
        host: node.host, destination: "self-test", epoch: epoch, segments: look.segments,
        records: look.catalog.records.count, head: look.catalog.head.hex, segmentDigest: look.segmentDigest,
        findings: [])
    }
    var cases: [SelfTest.Case] = []
    func expect(_ name: String, _ codes: Set<Finding.Code>, _ damage: () throws -> Void) throws {
      try damage()
      let findings = try look(pins: pins).flatMap(\.findings)
      cases.append(
        SelfTest.Case(
          name: name, level: "catalog", found: findings.contains { codes.contains($0.code) },
          detail: findings.first.map { "\($0.code.rawValue): \($0.detail)" } ?? "nothing was found"))
      try bench.mend()
    }
    let lines = try plaintext(last)
    try expect("a catalog that was put back", [.rolledBack]) { try bench.damage(last, nil) }
    try expect("a flipped bit in the catalog", [.undecryptable, .rolledBack]) { try bench.flipBit(last) }
    try expect("a catalog with a stranger's signature", [.untrustedSigner]) {
      try bench.damage(last, try stranger.signAndEncrypt(lines))
    }
    if let first = try bench.segmentKeys.first, first != last {
      let old = try bench.content(first)
      try expect("an old segment in a new one's place", [.forked]) { try bench.damage(last, old) }
    }
    return cases
  }

  private func look(pins: [String: Observation]) throws(VerifyError) -> [CatalogWatch.Look] {
    try CatalogWatch(
      node: node, destination: "self-test", reader: bench.store, decryptor: verifier.opening.decryptor,
      trusted: verifier.opening.trusted, cache: NodeCatalogCache(state: "\(scratch)/none", host: node.host), pins: pins
    ).look()
  }

  // MARK: Freshness

  /// The snapshot's own record, looked at when its class's interval and grace have passed.
  private func staleSnapshot() -> [SelfTest.Case] {
    guard let dataClass = frequencies[bench.manifest.description.class], let interval = dataClass.frequency.interval
    else {
      return []
    }
    let set = bench.reference.set
    let began = bench.reference.snapshot.started
    let stored = SnapshotStored(
      set: set, class: dataClass.name, mode: bench.manifest.description.mode, snapshot: bench.reference.snapshot,
      manifest: .zero, entries: 0, bytes: 0, volumes: 0, storedBytes: 0, findings: 0, seconds: 0,
      destinations: [DestinationOutcome(name: "self-test", stored: true)])
    var chain = CatalogChain()
    // A record of our own making always continues its own chain.
    guard let record = try? chain.append(.snapshot(stored), at: began).record else { return [] }
    let later = Timestamp(seconds: began.seconds + interval + dataClass.grace + 3600)
    let freshness = SetFreshness(
      of: set, dataClass: dataClass, destinations: ["self-test"], records: [record], now: later)
    return [
      SelfTest.Case(
        name: "a snapshot that is too old", level: "freshness", found: freshness.timeliness.isOverdue,
        detail: freshness.timeliness.rawValue)
    ]
  }
}
