internal import Files
internal import Policy
internal import Repository
internal import Storage

/// Decides what may be deleted of one set at one destination.
///
/// Why it can never take what a backup needs, whether that is running, was interrupted or is still to come: a node refers
/// only to chunks of its last publication and to those that it stored since, and it publishes before it sends the
/// manifest. So whatever it may refer to is in a volume that the newest finished snapshot here refers to, or lies in the
/// folder of a snapshot that is newer than that one. Neither is ever deleted: the newest finished snapshot is always kept,
/// and nothing is deleted from folders newer than it. A second machine with the same state, or a state from an old image,
/// begins an epoch of its own with an empty index; what each epoch's newest two snapshots refer to is kept for
/// `epochProtection` after the newest, and a node does not trust an index that was idle for longer than 30 days. Where
/// there is more than one epoch, "newest" says nothing of the other's interrupted runs, so folders without a manifest are
/// kept as long.
struct PrunePlanner {
  let node: WatchedNode
  let destination: DestinationConfiguration
  let reader: any ObjectReader
  let opening: ManifestOpening
  let rules: KeepRules
  let options: PruneOptions
  let records: [CatalogRecord]
  let now: Timestamp

  /// Longer than a node trusts an idle index, with room for the clocks.
  private static let epochProtection: Int64 = 45 * 86400

  func plan(_ set: String) throws(VerifyError) -> PrunePlan {
    let finder = SnapshotFinder(host: node.host, destination: destination.name, reader: reader)
    let listed = try finder.snapshots(of: set)
    let finished = listed.filter(\.isFinished).map(\.reference.snapshot)
    var plan = PrunePlan(
      host: node.host, set: set, destination: destination.name, kept: [], dropped: [], objects: [], refusals: [])
    guard let newest = finished.last else { return plan }
    var reasons = rules.kept(finished)
    for snapshot in finished.suffix(2) { reasons[snapshot, default: []].append("newest") }
    var volumes = VolumeNames()
    var epochs: [String: [SnapshotID]] = [:]
    for snapshot in finished {
      let reference = SnapshotReference(host: node.host, set: set, snapshot: snapshot)
      switch try opening.open(reference, from: reader, listing: nil) {
      case .opened(let manifest, _, _):
        epochs[manifest.description.epoch, default: []].append(snapshot)
        volumes.add(manifest)
      case .damaged(let finding):
        // What a manifest that cannot be read refers to is not known: nothing of the set may go.
        plan.refusals.append(
          "the manifest of \(snapshot) is damaged (\(finding.detail)), so what it needs is not known")
      }
    }
    for (_, snapshots) in epochs {
      guard let last = snapshots.last, now.seconds - last.started.seconds < Self.epochProtection else { continue }
      for snapshot in snapshots.suffix(2) { reasons[snapshot, default: []].append("newest of its epoch") }
    }
    if destination.s3?.conditionalWrites == false {
      // A state from an old image goes unnoticed there: what it may refer to stays as long as its index is trusted.
      for snapshot in finished where now.seconds - snapshot.started.seconds < Self.epochProtection {
        reasons[snapshot, default: []].append("young, at a destination without conditional writes")
      }
    }
    plan.kept = finished.compactMap { snapshot in reasons[snapshot].map { (snapshot, $0) } }
    plan.dropped = finished.filter { reasons[$0] == nil }
    plan.objects = try objects(
      set, dropped: Set(plan.dropped), newest: newest, needed: volumes.needed(by: Set(reasons.keys)),
      unfinished: try isOnlyNode() ? [] : Set(listed.filter { !$0.isFinished && isYoung($0) }.map(\.reference.snapshot))
    )
    plan.refusals += try doubts(set, newest: newest)
    return plan
  }

  private func isYoung(_ listed: ListedSnapshot) -> Bool {
    now.seconds - listed.reference.snapshot.started.seconds < Self.epochProtection
  }

  /// Whether all that is stored here comes from one life of the node's state.
  private func isOnlyNode() throws(VerifyError) -> Bool {
    if destination.s3?.conditionalWrites == false { return false }
    do { return try reader.listFolders(prefix: Layout(host: node.host).catalogFolder).count <= 1 } catch {
      throw VerifyError(.storage, "\(destination.name): \(error)", hint: error.hint)
    }
  }

  /// - Parameter unfinished: snapshots that another machine may be about to finish.
  private func objects(
    _ set: String, dropped: Set<SnapshotID>, newest: SnapshotID, needed: Set<String>, unfinished: Set<SnapshotID>
  ) throws(VerifyError) -> [PrunedObject] {
    let layout = Layout(host: node.host)
    let objects: [ObjectSummary]
    do { objects = try reader.list(prefix: layout.setFolder(set)) } catch {
      throw VerifyError(.storage, "\(destination.name): \(error)", hint: error.hint)
    }
    var manifests: [PrunedObject] = []
    var volumes: [PrunedObject] = []
    for object in objects {
      let name = object.key.dropFirst(layout.root.utf8.count)
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 3, let snapshot = SnapshotID(parts[1]), snapshot < newest else { continue }
      if object.key == layout.manifest(set, snapshot) {
        if dropped.contains(snapshot) {
          manifests.append(PrunedObject(key: object.key, size: object.size, isManifest: true))
        }
      } else if parts[2].hasPrefix("volume-"), !needed.contains(String(name)), !unfinished.contains(snapshot) {
        volumes.append(PrunedObject(key: object.key, size: object.size, isManifest: false))
      }
    }
    return manifests + volumes
  }

  /// Why it would be rash to delete anything now.
  private func doubts(_ set: String, newest: SnapshotID) throws(VerifyError) -> [String] {
    var doubts: [String] = []
    let isVerified = records.contains { record in
      guard case .verification(let verification) = record.event else { return false }
      return verification.host == node.host && verification.set == set && verification.destination == destination.name
        && verification.snapshot == newest.description && verification.result == .sound
        && verification.level >= .readable
    }
    if !isVerified, !options.allowsUnverified {
      doubts.append("the newest snapshot, \(newest), was not verified readable at \(destination.name)")
    }
    if !options.allowsCatalogGaps { doubts += try catalogGaps() }
    return doubts
  }

  /// Segments that are missing between those that are there.
  private func catalogGaps() throws(VerifyError) -> [String] {
    let folder = Layout(host: node.host).catalogFolder
    var numbers: [String: Set<Int>] = [:]
    do throws(StorageError) {
      for object in try reader.list(prefix: folder) {
        let parts = object.key.dropFirst(folder.utf8.count).split(separator: "/")
        // Whoever may write there may write any number: one that no catalog reaches says nothing.
        guard parts.count == 2, let number = Int(parts[1].prefix { $0 != "." }), (1...999_999).contains(number)
        else { continue }
        numbers[String(parts[0]), default: []].insert(number)
      }
    } catch {
      throw VerifyError(.storage, "\(destination.name): \(error)", hint: error.hint)
    }
    return numbers.sorted { $0.key < $1.key }.compactMap { epoch, numbers in
      let missing = (1...(numbers.max() ?? 1)).filter { !numbers.contains($0) }
      guard let first = missing.first else { return nil }
      return
        "the node's catalog has a gap: \(missing.count) segments of epoch \(epoch) are missing, the first of them \(first)"
    }
  }
}

/// Which volumes each snapshot refers to: each name once, so that many snapshots that share them stay small.
private struct VolumeNames {
  private var numbers: [String: UInt32] = [:]
  private var references: [SnapshotID: [UInt32]] = [:]

  mutating func add(_ manifest: Manifest) {
    references[manifest.snapshot] = manifest.volumes.map { volume in
      let number = numbers[volume.name] ?? UInt32(numbers.count)
      numbers[volume.name] = number
      return number
    }
  }

  func needed(by snapshots: Set<SnapshotID>) -> Set<String> {
    let needed = Set(snapshots.flatMap { references[$0] ?? [] })
    return Set(numbers.filter { needed.contains($0.value) }.keys)
  }
}
