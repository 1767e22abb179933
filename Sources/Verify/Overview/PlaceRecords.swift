internal import Files
internal import Policy
internal import Repository

/// A set at a destination.
struct SetPlace: Hashable {
  var host: String
  var set: String
  var destination: String
}

/// What the keeper's own catalog says of a set at a destination.
struct PlaceRecords {
  private(set) var proofs: [VerificationLevel: SnapshotProof] = [:]
  /// By snapshot, the last sound proof to level `readable` at least. Those found damaged since are not among them.
  private(set) var proven: [String: SnapshotProof] = [:]
  /// Those whose damage is not acknowledged, and those whose damage is.
  private(set) var damaged: [String: DamagedSnapshot] = [:]
  private var settled: [String: DamagedSnapshot] = [:]
  private var acknowledgements = DamageAcknowledgements()
  private(set) var lastUnchecked: UncheckedTry?
  private(set) var lastDrill: DrillNote?
  private(set) var lastSoundDrill: DrillNote?
  /// The newest snapshot that was ever looked at, with what its manifest said.
  private(set) var newest: String?
  private(set) var oldest: String?
  private(set) var dataClass: String?
  private(set) var recipients: [String] = []

  mutating func take(_ it: Verification, at time: Timestamp) {
    take(it.snapshot, it.level, it.result, it.reason, it.findings, it.findingCount, time, since: it.since)
    oldest = min(oldest ?? it.snapshot, it.snapshot)
    guard it.snapshot >= newest ?? "" else { return }
    newest = it.snapshot
    dataClass = it.class ?? dataClass
    recipients = it.recipients ?? recipients
  }

  mutating func take(_ it: Drill, at time: Timestamp) {
    take(it.snapshot, .restored, it.result, it.reason, it.findings, it.findingCount, time)
    let note = DrillNote(
      time: time, snapshot: it.snapshot, destination: it.destination, result: it.result,
      standardTools: it.standardTools, seconds: it.seconds.restore, age: it.age,
      failedChecks: it.checks.filter { !$0.passed }.map(\.name))
    lastDrill = note
    if it.result == .sound { lastSoundDrill = note }
  }

  private mutating func take(
    _ snapshot: String, _ level: VerificationLevel, _ result: VerificationResult, _ reason: String?,
    _ findings: [Finding], _ findingCount: Int, _ time: Timestamp, since: String? = nil
  ) {
    switch result {
    case .sound:
      lastUnchecked = nil
      // What stands on parts that were proven before is as old as the oldest of them.
      let proof = SnapshotProof(
        snapshot: snapshot, level: level, time: min(since.flatMap { Timestamp($0) } ?? time, time))
      for lower in VerificationLevel.allCases where lower <= level { proofs[lower] = proof }
      // What a lower level finds sound may still be what a higher one found damaged.
      if let known = damaged[snapshot] ?? settled[snapshot], known.level > level { return }
      forget(snapshot)
      if level >= .readable, proof.time >= proven[snapshot]?.time ?? proof.time { proven[snapshot] = proof }
    case .damaged:
      lastUnchecked = nil
      proven[snapshot] = nil
      let before = damaged[snapshot] ?? settled[snapshot]
      let found = DamagedSnapshot(
        snapshot: snapshot, level: max(level, before?.level ?? level), since: before?.since ?? time,
        findings: findings, findingCount: findingCount)
      let isKnown = acknowledgements.take(damage: findings, count: findingCount, of: snapshot)
      (damaged[snapshot], settled[snapshot]) = isKnown ? (nil, found) : (found, nil)
    case .unchecked: lastUnchecked = UncheckedTry(time: time, reason: reason ?? "")
    }
  }

  mutating func take(_ it: DamageAcknowledgement, at time: Timestamp) {
    acknowledgements.take(it, at: time)
    if let known = damaged[it.snapshot] ?? settled[it.snapshot] {
      (damaged[it.snapshot], settled[it.snapshot]) = it.undone ? (known, nil) : (nil, known)
    }
  }

  mutating func take(_ pruned: Pruned) { for snapshot in pruned.snapshots { forget(snapshot) } }

  /// Takes back what cannot be there any more, at a destination whose storage expires by itself.
  mutating func expire(before oldest: String) {
    for snapshot in Array(damaged.keys) + Array(acknowledgements.open.keys) where snapshot < oldest { forget(snapshot) }
  }

  private mutating func forget(_ snapshot: String) {
    (damaged[snapshot], settled[snapshot]) = (nil, nil)
    acknowledgements.end(snapshot)
  }

  /// What is acknowledged, by snapshot.
  var acknowledged: [AcknowledgedDamage] {
    acknowledgements.open.values.map { AcknowledgedDamage($0.record, at: $0.time) }.sorted { $0.snapshot < $1.snapshot }
  }

  /// Whether it is acknowledged that a snapshot is gone.
  func isAcknowledgedLoss(_ snapshot: String) -> Bool { acknowledgements.isLoss(snapshot) }
}

/// The keeper's own catalog, gone through once.
struct KeeperHistory {
  private(set) var places: [SetPlace: PlaceRecords] = [:]
  /// When a node's catalog was last found to have changed, by host and destination.
  private(set) var observations: [String: [String: Timestamp]] = [:]
  /// The findings of the last observation of each epoch, by host, destination and epoch.
  private(set) var observed: [String: [String: [String: [Finding]]]] = [:]
  private(set) var acknowledged: [String: Set<String>] = [:]
  private(set) var retirements = Retirements()
  /// By class and host.
  private(set) var attestations: [String: [String?: (Attestation, Timestamp)]] = [:]
  /// By the private key's primary fingerprint, when it last decrypted which snapshot.
  private(set) var decryptions: [String: (time: Timestamp, snapshot: String)] = [:]
  private(set) var selfTest: (SelfTest, Timestamp)?
  private(set) var first: Timestamp?

  /// - Parameter now: proofs of later than that were recorded under a wrong clock, and prove nothing; damage stays.
  init(_ records: [CatalogRecord], now: Timestamp) {
    let latest = Timestamp(seconds: now.seconds + DueRule.clockTolerance)
    for record in records {
      let time = record.time
      let isPossible = time <= latest
      if first == nil, isPossible { first = time }
      switch record.event {
      case .verification(let it):
        guard isPossible || it.result == .damaged else { continue }
        places[SetPlace(host: it.host, set: it.set, destination: it.destination), default: PlaceRecords()]
          .take(it, at: time)
        if let key = it.key { decryptions[key] = (time, "\(it.host)/\(it.set)/\(it.snapshot)") }
      case .drill(let it):
        guard isPossible || it.result == .damaged else { continue }
        places[SetPlace(host: it.host, set: it.set, destination: it.destination), default: PlaceRecords()]
          .take(it, at: time)
      case .prune(let it):
        places[SetPlace(host: it.host, set: it.set, destination: it.destination)]?.take(it)
      case .observation(let seen):
        if isPossible { observations[seen.host, default: [:]][seen.destination] = time }
        observed[seen.host, default: [:]][seen.destination, default: [:]][seen.epoch] = seen.findings
      case .acknowledgement(let known): acknowledged[known.host, default: []].insert(known.epoch)
      case .retirement(let it): retirements.take(it, at: time)
      case .damageAcknowledgement(let it):
        places[SetPlace(host: it.host, set: it.set, destination: it.destination), default: PlaceRecords()]
          .take(it, at: time)
      case .attestation(let it): attestations[it.class, default: [:]][it.host] = (it, time)
      case .selfTest(let test): if isPossible { selfTest = (test, time) }
      default: break
      }
    }
  }
}

extension KeeperHistory {
  /// Whether a finding says of a snapshot that it is gone, and that is acknowledged.
  func isAcknowledgedLoss(_ finding: Finding, host: String, destination: String) -> Bool {
    let parts = finding.path.split(separator: "/").map(String.init)
    guard parts.count == 2 else { return false }
    return places[SetPlace(host: host, set: parts[0], destination: destination)]?.isAcknowledgedLoss(parts[1]) ?? false
  }
}
