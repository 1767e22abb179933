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
  let run: RunContext
  let plan: PlannedPlace
  let reader: RunReader
  let opening: ManifestOpening
  let source: ContentReading.Source
  let age: ProofAge
  /// Bytes of what is stored, by folder and number.
  private let sizes: [String: [Int: UInt64]]
  private let allowance: UInt64
  private let before: UInt64
  let inventory = ChunkInventory()
  var volumes: VolumeProofs
  /// Whether damage was found that no record tells of.
  var hasNewDamage = false
  var reported: Set<SnapshotID> = []

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
    volumes = VolumeProofs(now: run.now)
  }

  var place: Ledger.Place { plan.set.place }
  var spent: UInt64 { run.budget.fetched - before }
  /// Bytes that may still be fetched here.
  var left: UInt64 { min(allowance - min(allowance, spent), run.budget.left) }

  /// - Returns: bytes of the allowance that were not needed.
  /// - Throws: `.cancelled`, and where nothing can be recorded.
  func prove() throws(VerifyError) -> UInt64 {
    defer { reader.forget() }
    for (id, isDue) in plan.snapshots {
      if run.budget.isOver { break }
      do throws(VerifyError) {
        guard try take(id, isDue: isDue) else { break }
      } catch {
        try record()
        if error.code == .state || error.code == .cancelled { throw error }
        if run.budget.isOver { break }
        run.environment.observe(.notice("\(SnapshotReference(place, id)) at \(place.destination): \(error)"))
        try run.append(.verification(verification(of: id, .unchecked, reason: error.reason)))
        break
      }
    }
    try spread()
    try record()
    return allowance == .max ? .max : allowance - min(allowance, spent)
  }

  // MARK: One snapshot

  /// What was opened of a snapshot.
  struct Opened {
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
      if volumes.proven.contains(volume.name) || volumes.damaged[volume.name] != nil { return false }
      guard let (folder, number) = VolumeList.parse(volume.name) else { return true }
      return needsAll || plan.wanted.contains(VolumeKey(folder: folder, number: number))
        || age.isDue(run.ledger.proven(volume: number, of: folder, at: place, level: run.level))
    }
  }

  func lastProof(_ volume: VolumeRecord) -> Timestamp? {
    guard let (folder, number) = VolumeList.parse(volume.name) else { return nil }
    return run.ledger.proven(volume: number, of: folder, at: place, level: run.level)
  }

  /// Reads a full snapshot as a whole, every member beside its entry.
  func verify(_ opened: Opened, _ outcome: ManifestOutcome) throws(VerifyError) {
    try record()
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
      if verification.result == .sound { volumes.forgetPending() } else { try record() }
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
  func missing(_ manifest: Manifest) {
    for volume in manifest.volumes where volumes.damaged[volume.name] == nil {
      guard let (folder, number) = VolumeList.parse(volume.name) else { continue }
      let size = sizes[folder]?[number]
      if size == UInt64(volume.size) { continue }
      let finding =
        size.map { Finding(.wrongSize, volume.name, "\($0) bytes instead of \(volume.size)") }
        ?? Finding(.missing, volume.name, "no such object")
      damage(volume, finding)
    }
  }
}

extension SnapshotReference {
  init(_ place: Ledger.Place, _ snapshot: SnapshotID) {
    self.init(host: place.host, set: place.set, snapshot: snapshot)
  }
}
