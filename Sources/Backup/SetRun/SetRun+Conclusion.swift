internal import Digests
internal import Files
internal import Policy
internal import Repository

// How a run ends: what it tells, records and remembers.
extension SetRun {
  func conclude(_ packed: PackedSnapshot, began: Timestamp, manifest: SHA256Digest) {
    outcome.volumes = packed.newVolumes
    outcome.storedBytes += packed.newBytes
    finish(mode: set.mode.rawValue, manifest: manifest, began: began)
  }

  func finish(mode: String, manifest: SHA256Digest, began: Timestamp) {
    outcome.destinations = destinations
    outcome.seconds = seconds(since: began)
    let isComplete =
      outcome.findings.allSatisfy(\.isHarmless) && outcome.reachedAllThatAreThere && !isCatalogBehind
    outcome.status = isComplete ? .stored : .partial
    record(
      .snapshot(
        SnapshotStored(
          set: set.name, class: set.dataClass, mode: mode, snapshot: snapshot, manifest: manifest,
          entries: outcome.entries, bytes: outcome.bytes, volumes: outcome.volumes, storedBytes: outcome.storedBytes,
          findings: outcome.findings.count, seconds: outcome.seconds, destinations: outcome.destinations)))
    remember(
      snapshot, isComplete: outcome.findings.allSatisfy(\.isHarmless) && outcome.reachedAllThatAreThere)
  }

  /// Mode `full`: the last snapshot, where every destination has it and the sources look as they did then. It is not
  /// relied on for ever, nor where storage expires by its own age.
  func unchangedSnapshot() -> SnapshotID? {
    guard !readsAll, let sources, let mark = state.mark(of: set.name), mark.isComplete, mark.digest == sources.hex,
      mark.recipients == keys.recipients.map(\.description), set.retention == nil,
      let last = SnapshotID(mark.snapshot), mediaHold(last),
      (-VolumeTrust.clockTolerance..<set.refresh).contains(environment.clock().seconds - mark.stored)
    else { return nil }
    return last
  }

  /// Whether each medium that is there has a snapshot: it may have been away when the others got it. What cannot be told
  /// is no.
  func mediaHold(_ snapshot: SnapshotID) -> Bool {
    let key = layout.manifest(set.name, snapshot)
    return lanes.allSatisfy { lane in
      guard let medium = present.media[lane.name] else { return true }
      return (try? medium.holds(key)) ?? false
    }
  }

  /// Keeps how the sources looked, so that a later run can tell whether they have changed.
  func remember(_ snapshot: SnapshotID, isComplete: Bool) {
    guard configuration.isLookedAt(set), group.isCommon else { return }
    do {
      try state.setMark(
        sources.map {
          SourceMark(
            digest: $0.hex, snapshot: snapshot.description, stored: environment.clock().seconds, isComplete: isComplete,
            recipients: keys.recipients.map(\.description))
        }, of: set.name)
    } catch {
      environment.observe(.notice("\(error)"))
    }
  }

  func concludeUnchanged(_ last: SnapshotID, began: Timestamp) {
    outcome.destinations = destinations
    outcome.status = outcome.reachedAllThatAreThere && !isCatalogBehind ? .unchanged : .partial
    outcome.snapshot = last
    outcome.seconds = seconds(since: began)
    record(.unchanged(NothingChanged(set: set.name, snapshot: last)))
    // Another stamp on a file of the same content; in mode `full`, the mark is what said that nothing had changed.
    if set.mode == .incremental { remember(last, isComplete: outcome.reachedAllThatAreThere) }
  }

  func fail(_ reason: String, hint: String?, began: Timestamp) {
    outcome.status = .failed
    outcome.reason = reason
    outcome.hint = hint
    outcome.seconds = seconds(since: began)
    // No manifest was stored: what a lane took is no snapshot.
    outcome.destinations =
      lanes.map { DestinationOutcome(name: $0.name, stored: false, error: $0.error.map { "\($0)" } ?? reason) }
      + group.absent + mirrored
    record(.failure(RunFailed(set: set.name, snapshot: snapshot, reason: reason, destinations: outcome.destinations)))
  }

  var destinations: [DestinationOutcome] {
    let outcomes = lanes.map { lane in
      lost[lane.name].map { DestinationOutcome(name: lane.name, stored: false, error: "\($0)") } ?? lane.outcome
    }
    return outcomes + group.absent + mirrored
  }
}
