internal import Channels
internal import Files
internal import Policy
internal import Repository
internal import Storage

/// Proves what is due at one place, as far as its allowance goes, and records each result as soon as it is known.
///
/// A full snapshot all of which is due is verified as a whole. Otherwise volumes are read one by one, each once: a
/// snapshot whose every volume was proven, now or within the interval, is proven with them.
final class PlaceRun {
  private let run: RunContext
  private let plan: PlannedPlace
  private let reader: RunReader
  private let opening: ManifestOpening
  private let source: ContentReading.Source
  private let age: ProofAge
  /// Bytes of what is stored, by folder and number.
  private let sizes: [String: [Int: UInt64]]
  private let allowance: UInt64
  private let before: UInt64
  private let inventory = ChunkInventory()
  // By the volume's name.
  private var proven: Set<String> = []
  private var damaged: [String: Finding] = [:]
  /// Those of them that nobody knew of.
  private var newDamage = false
  /// Proven, and not recorded yet.
  private var pending: [String] = []
  private var pendingBytes: UInt64 = 0
  private var pendingSince: Timestamp
  private var reported: Set<SnapshotID> = []

  /// A proof is recorded after so many seconds at the latest: a crash costs no more.
  private static let recordEvery: Int64 = 600

  init(
    _ run: RunContext, _ plan: PlannedPlace, _ node: WatchedNode, _ reader: RunReader, allowance: UInt64
  ) throws(VerifyError) {
    self.run = run
    self.plan = plan
    self.reader = reader
    self.allowance = allowance
    before = run.budget.fetched
    opening = try ManifestOpening(node: node, decryptor: run.decryptor)
    source = ContentReading.Source(
      readers: [reader], workers: workerCount(configured: run.configuration.workers), decryptor: run.decryptor)
    age = ProofAge(now: run.now, interval: plan.set.interval)
    var sizes: [String: [Int: UInt64]] = [:]
    for folder in plan.set.stored.folders {
      sizes["\(folder.id)"] = Dictionary(
        folder.volumes.map { ($0.number, $0.size) }, uniquingKeysWith: { one, _ in one })
    }
    self.sizes = sizes
    pendingSince = run.now
  }

  private var place: Ledger.Place { plan.set.place }
  private var spent: UInt64 { run.budget.fetched - before }
  /// Bytes that may still be fetched here.
  private var left: UInt64 { min(allowance - min(allowance, spent), run.budget.left) }

  /// - Returns: bytes of the allowance that were not needed.
  /// - Throws: `.cancelled`, and where nothing can be recorded.
  func prove() throws(VerifyError) -> UInt64 {
    defer { reader.forget() }
    for (id, isDue) in plan.snapshots {
      if run.budget.isOver { break }
      do throws(VerifyError) {
        guard try take(id, isDue: isDue) else { break }
      } catch {
        try record(nil)
        if error.code == .state || error.code == .cancelled { throw error }
        if run.budget.isOver { break }
        run.environment.observe(.notice("\(SnapshotReference(place, id)) at \(place.destination): \(error)"))
        try run.append(.verification(verification(of: id, .unchecked, reason: error.reason)))
        break
      }
    }
    try spread()
    try record(nil)
    return allowance == .max ? .max : allowance - min(allowance, spent)
  }

  // MARK: One snapshot

  /// What was opened of a snapshot.
  private struct Opened {
    var id: SnapshotID
    var manifest: Manifest
    var stored: StoredManifest
    var began: Timestamp
    var spentBefore: UInt64
  }

  /// - Returns: false where the allowance is used up.
  private func take(_ id: SnapshotID, isDue: Bool) throws(VerifyError) -> Bool {
    let reference = SnapshotReference(place, id)
    let manifestSize = plan.set.stored.folders.first { $0.id == id }?.manifest ?? 0
    guard manifestSize <= left else { return false }
    let began = run.now
    let spentBefore = spent
    let outcome = try opening.open(reference, from: reader, listing: nil)
    guard case .opened(let manifest, let stored, _) = outcome else {
      if case .damaged(let finding) = outcome { try tell([finding], of: id, nil) }
      return true
    }
    let opened = Opened(id: id, manifest: manifest, stored: stored, began: began, spentBefore: spentBefore)
    reader.keep(listingKeys(manifest))
    let due = dueVolumes(opened, isDue: isDue)
    let bytes = due.reduce(UInt64(0)) { $0 + UInt64($1.size) }
    run.environment.observe(
      .started(reference, destination: place.destination, volumes: due.count, bytes: bytes))
    if isDue, !manifest.isIncremental, run.level >= .readable, due.count == manifest.volumes.count, bytes <= left {
      try verify(opened, outcome)
    } else {
      missing(manifest)
      try readPieces(due, of: opened)
      try conclude(opened, outcome, isDue: isDue)
    }
    if isDue { run.proven.add(KeeperRun.Amount(objects: 1, bytes: manifestSize)) }
    return left > 0
  }

  private func listingKeys(_ manifest: Manifest) -> [String] {
    let ids = Set(manifest.listing.values.joined().map(\.volume))
    let root = Layout(host: place.host).root
    return manifest.volumes.filter { ids.contains($0.id) }.map { root + $0.name }
  }

  /// The volumes that are to be read now, in the manifest's order.
  private func dueVolumes(_ opened: Opened, isDue: Bool) -> [VolumeRecord] {
    // A contradiction within the snapshot shows where all of it is read.
    let known = run.ledger.damage(at: place)["\(opened.id)"]
    let needsAll =
      isDue && known.map { !$0.isOfVolumes || opened.manifest.isIncremental && $0.isContradiction } ?? false
    return opened.manifest.volumes.filter { volume in
      if proven.contains(volume.name) || damaged[volume.name] != nil { return false }
      guard let (folder, number) = VolumeList.parse(volume.name) else { return true }
      return needsAll || plan.wanted.contains(VolumeKey(folder: folder, number: number))
        || age.isDue(run.ledger.proven(volume: number, of: folder, at: place, level: run.level))
    }
  }

  private func lastProof(_ volume: VolumeRecord) -> Timestamp? {
    guard let (folder, number) = VolumeList.parse(volume.name) else { return nil }
    return run.ledger.proven(volume: number, of: folder, at: place, level: run.level)
  }

  /// Reads a full snapshot as a whole, every member beside its entry.
  private func verify(_ opened: Opened, _ outcome: ManifestOutcome) throws(VerifyError) {
    try record(nil)
    let seen = SeenVolumes()
    var environment = run.environment
    environment.isCancelled = { [budget = run.budget] in budget.isOver }
    var verifier = Verifier(opening: opening, workers: source.workers, environment: environment)
    verifier.seen = seen
    do throws(VerifyError) {
      let verification = try verifier.verify(
        SnapshotReference(place, opened.id), at: place.destination, reader: reader, level: run.level,
        scratch: run.scratch, opened: outcome)
      try note(seen, opened)
      if verification.result == .sound { pending = [] } else { try record(nil) }
      if verification.result == .damaged { reported.insert(opened.id) }
      try run.append(.verification(verification))
    } catch {
      guard error.code == .cancelled else { throw error }
      try note(seen, opened)
    }
  }

  private func note(_ seen: SeenVolumes, _ opened: Opened) throws(VerifyError) {
    let sound = Set(seen.sound)
    for volume in opened.manifest.volumes where sound.contains(volume.name) { try note(volume) }
  }

  /// What the listing shows to be gone or of another size is damaged, whenever it was proven last.
  private func missing(_ manifest: Manifest) {
    for volume in manifest.volumes where damaged[volume.name] == nil {
      guard let (folder, number) = VolumeList.parse(volume.name) else { continue }
      let size = sizes[folder]?[number]
      if size == UInt64(volume.size) { continue }
      let finding =
        size.map { Finding(.wrongSize, volume.name, "\($0) bytes instead of \(volume.size)") }
        ?? Finding(.missing, volume.name, "no such object")
      damage(volume, finding)
    }
  }

  // MARK: Volumes

  /// Reads as many of the volumes as the allowance is enough for, the oldest proofs first.
  private func readPieces(_ due: [VolumeRecord], of opened: Opened) throws(VerifyError) {
    let due = due.filter { damaged[$0.name] == nil }
    if run.level == .present {
      // The listing has shown that it is there.
      for volume in due { try note(volume) }
      return
    }
    var chosen: Set<Int> = []
    var rest = left
    let byAge = due.map { ($0, lastProof($0)?.seconds ?? .min) }.sorted { $0.1 < $1.1 }
    for (volume, _) in byAge where UInt64(volume.size) <= rest {
      chosen.insert(volume.id)
      rest -= UInt64(volume.size)
    }
    let reading = VolumeReading(
      manifest: opened.manifest, source: source, level: run.level, inventory: inventory)
    do {
      try reading.read(due.filter { chosen.contains($0.id) }) { (volume, finding) throws(VerifyError) in
        if let finding { damage(volume, finding) } else { try note(volume) }
        run.environment.observe(.progress(volumes: proven.count, bytes: spent))
        return !run.budget.isOver
      }
    } catch let error as VerifyError {
      throw error
    } catch {
      throw VerifyError(.state, "\(SnapshotReference(place, opened.id)): \(error)")
    }
  }

  private func note(_ volume: VolumeRecord) throws(VerifyError) {
    guard proven.insert(volume.name).inserted else { return }
    let size = run.level == .present ? 0 : UInt64(volume.size)
    pending.append(volume.name)
    pendingBytes += size
    run.proven.add(KeeperRun.Amount(objects: 1, bytes: size))
    if run.now.seconds(since: pendingSince) >= Self.recordEvery { try record(nil) }
  }

  private func damage(_ volume: VolumeRecord, _ finding: Finding) {
    if let (folder, number) = VolumeList.parse(volume.name) {
      newDamage = newDamage || !run.ledger.isDamaged(volume: number, of: folder, at: place)
    }
    damaged[volume.name] = finding
    proven.remove(volume.name)
    run.environment.observe(.finding(finding))
  }

  /// Records the volumes that were proven since the last time.
  private func record(_ reason: String?) throws(VerifyError) {
    let now = run.now
    defer { (pending, pendingBytes, pendingSince) = ([], 0, now) }
    let volumes = VolumeList(names: pending.filter { proven.contains($0) })
    guard !volumes.isEmpty else { return }
    try run.append(
      .proof(
        Proof(
          host: place.host, set: place.set, destination: place.destination, level: min(run.level, .readable),
          result: .sound, volumes: volumes, objects: volumes.count, bytes: pendingBytes,
          seconds: now.elapsed(since: pendingSince), reason: reason)))
  }

  // MARK: Conclusions

  /// Says of a snapshot what its volumes say of it, where that is known of all of them.
  private func conclude(_ opened: Opened, _ outcome: ManifestOutcome, isDue: Bool) throws(VerifyError) {
    let findings = opened.manifest.volumes.compactMap { damaged[$0.name] }
    guard findings.isEmpty else { return try tell(findings, of: opened.id, opened) }
    guard isDue else { return }
    var since: Timestamp?
    for volume in opened.manifest.volumes where !proven.contains(volume.name) {
      guard let last = lastProof(volume), !age.isDue(last) else { return }
      since = min(since ?? last, last)
    }
    if !opened.manifest.isIncremental, run.level >= .readable, run.ledger.damage(at: place)["\(opened.id)"] != nil {
      // Its volumes were mended; what else was wrong shows where every member is read beside its entry.
      guard opened.manifest.volumes.reduce(UInt64(0), { $0 + UInt64($1.size) }) <= left else { return }
      return try verify(opened, outcome)
    }
    if run.level >= .readable {
      guard let findings = try listingFindings(opened) else { return }
      guard findings.isEmpty else {
        for finding in findings { run.environment.observe(.finding(finding)) }
        return try tell(findings, of: opened.id, opened)
      }
    }
    try record(nil)
    var sound = verification(of: opened.id, .sound, opened)
    sound.since = since?.rfc3339
    try run.append(.verification(sound))
  }

  /// - Returns: what the listing names and the volumes do not hold; nil where it cannot be fetched within the allowance.
  private func listingFindings(_ opened: Opened) throws(VerifyError) -> [Finding]? {
    guard opened.manifest.isIncremental else { return [] }
    var manifest = opened.manifest
    if !manifest.listing.isEmpty {
      let root = Layout(host: place.host).root
      let ids = Set(manifest.listing.values.joined().map(\.volume))
      let needed = manifest.volumes.filter { ids.contains($0.id) && !reader.has(root + $0.name) }
      guard needed.reduce(UInt64(0), { $0 + UInt64($1.size) }) <= left else { return nil }
      switch try opening.complete(manifest, source, "\(SnapshotReference(place, opened.id))", opened.stored) {
      case .damaged(let finding): return [finding]
      case .opened(let complete, _, _): manifest = complete
      }
    }
    do { return try ListingProof(manifest: manifest, inventory: inventory).findings() } catch let error as ManifestError
    {
      return [Finding(.malformed, "\(SnapshotReference(place, opened.id))", "\(error)")]
    } catch {
      throw VerifyError(.state, "\(error)")
    }
  }

  private func tell(_ findings: [Finding], of id: SnapshotID, _ opened: Opened?) throws(VerifyError) {
    if opened == nil { for finding in findings { run.environment.observe(.finding(finding)) } }
    reported.insert(id)
    try record(nil)
    var damaged = verification(of: id, .damaged, opened)
    damaged.findings = Array(findings.prefix(Verification.findingLimit))
    damaged.findingCount = findings.count
    try run.append(.verification(damaged))
  }

  private func verification(
    of id: SnapshotID, _ result: VerificationResult, _ opened: Opened? = nil, reason: String? = nil
  ) -> Verification {
    var verification = Verification(
      host: place.host, set: place.set, snapshot: "\(id)", destination: place.destination, level: run.level,
      result: result, objects: opened.map { 1 + $0.manifest.volumes.count } ?? 1,
      bytes: opened.map { spent - $0.spentBefore } ?? 0,
      seconds: opened.map { run.now.elapsed(since: $0.began) } ?? 0, reason: reason, findingCount: 0)
    verification.class = opened?.manifest.description.class
    verification.recipients = opened?.manifest.description.recipients
    verification.manifest = opened?.stored.digest.hex
    verification.key = opened?.stored.key?.description
    return verification
  }

  /// A volume that was found damaged now damages every snapshot that needs it.
  private func spread() throws(VerifyError) {
    guard plan.set.isIncremental, newDamage else { return }
    for folder in plan.set.stored.folders.reversed() where folder.manifest != nil && !reported.contains(folder.id) {
      guard !run.budget.isOver, folder.manifest ?? 0 <= run.budget.left else {
        run.environment.observe(
          .notice("\(place): which other snapshots need what is damaged was not looked at: the budget is used up"))
        return
      }
      do throws(VerifyError) {
        let began = run.now
        let spentBefore = spent
        guard
          case .opened(let manifest, let stored, _) = try opening.open(
            SnapshotReference(place, folder.id), from: reader, listing: nil)
        else { continue }
        let findings = manifest.volumes.compactMap { damaged[$0.name] }
        if findings.isEmpty { continue }
        let opened = Opened(
          id: folder.id, manifest: manifest, stored: stored, began: began, spentBefore: spentBefore)
        try tell(findings, of: folder.id, opened)
      } catch {
        if error.code == .state || error.code == .cancelled { throw error }
        run.environment.observe(.notice("\(SnapshotReference(place, folder.id)) at \(place.destination): \(error)"))
      }
    }
  }
}

extension SnapshotReference {
  init(_ place: Ledger.Place, _ snapshot: SnapshotID) {
    self.init(host: place.host, set: place.set, snapshot: snapshot)
  }
}
