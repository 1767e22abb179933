internal import Files
internal import Repository

/// What the volumes say of their snapshots.
extension PlaceRun {
  /// Says of a snapshot what its volumes say of it, where that is known of all of them.
  func conclude(_ opened: Opened, _ outcome: ManifestOutcome, isDue: Bool) throws(VerifyError) {
    let findings = opened.manifest.volumes.compactMap { volumes.damaged[$0.name] }
    guard findings.isEmpty else { return try tell(findings, of: opened.id, opened) }
    guard isDue else { return }
    var since: Timestamp?
    for volume in opened.manifest.volumes where !volumes.proven.contains(volume.name) {
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
    try record()
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

  func tell(_ findings: [Finding], of id: SnapshotID, _ opened: Opened?) throws(VerifyError) {
    if opened == nil { for finding in findings { run.environment.observe(.finding(finding)) } }
    reported.insert(id)
    try record()
    var damaged = verification(of: id, .damaged, opened)
    damaged.findings = Array(findings.prefix(Verification.findingLimit))
    damaged.findingCount = findings.count
    try run.append(.verification(damaged))
  }

  func verification(
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
  func spread() throws(VerifyError) {
    guard plan.set.isIncremental, hasNewDamage else { return }
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
        let findings = manifest.volumes.compactMap { volumes.damaged[$0.name] }
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
