internal import Files
internal import Repository

/// Reading volumes one by one, and recording what that proves.
extension PlaceRun {
  /// Reads as many of the volumes as the allowance is enough for, the oldest proofs first.
  func readPieces(_ due: [VolumeRecord], of opened: Opened) throws(VerifyError) {
    let due = due.filter { volumes.damaged[$0.name] == nil }
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
        run.environment.observe(.progress(volumes: volumes.proven.count, bytes: spent))
        return !run.budget.isOver
      }
    } catch let error as VerifyError {
      throw error
    } catch {
      throw VerifyError(.state, "\(SnapshotReference(place, opened.id)): \(error)")
    }
  }

  func note(_ volume: VolumeRecord) throws(VerifyError) {
    let size = run.level == .present ? 0 : UInt64(volume.size)
    guard volumes.prove(volume.name, bytes: size) else { return }
    run.proven.add(KeeperRun.Amount(objects: 1, bytes: size))
    if volumes.isRecordDue(run.now) { try record() }
  }

  func damage(_ volume: VolumeRecord, _ finding: Finding) {
    volumes.damage(volume.name, finding)
    if let (folder, number) = VolumeList.parse(volume.name),
      !run.ledger.isDamaged(volume: number, of: folder, at: place)
    {
      hasNewDamage = true
    }
    run.environment.observe(.finding(finding))
  }

  /// Records the volumes that were proven since the last time.
  func record() throws(VerifyError) {
    let now = run.now
    guard let (list, bytes, since) = volumes.takePending(now) else { return }
    try run.append(
      .proof(
        Proof(
          host: place.host, set: place.set, destination: place.destination, level: min(run.level, .readable),
          result: .sound, volumes: list, objects: list.count, bytes: bytes, seconds: now.elapsed(since: since),
          reason: nil)))
  }
}
