internal import Files
internal import Repository

/// Holds the snapshots that a destination has to those that the node's catalog tells of.
struct SnapshotAudit {
  let host: String
  let destination: String
  /// Whether the destination's storage expires by itself.
  let expires: Bool
  let node: [CatalogRecord]
  let known: ObservedRecords

  /// The sets that the node has stored there.
  var sets: Set<String> {
    var sets: Set<String> = []
    for record in node {
      guard case .snapshot(let it) = record.event, isValidName(it.set), !reservedSetNames.contains(it.set) else {
        continue
      }
      if it.destinations.contains(where: { $0.name == destination && $0.stored }) { sets.insert(it.set) }
    }
    return sets
  }

  /// - Parameter sets: what the destination has of each set that is looked at, also of those it should have.
  func findings(_ sets: [StoredSet]) -> [Finding] {
    var stored: [String: [SnapshotID: Timestamp]] = [:]
    var announced: Set<String> = []
    for record in node {
      switch record.event {
      case .started(let run): announced.insert("\(run.set)/\(run.snapshot)")
      case .snapshot(let snapshot):
        guard let id = SnapshotID(snapshot.snapshot) else { continue }
        announced.insert("\(snapshot.set)/\(snapshot.snapshot)")
        guard snapshot.destinations.contains(where: { $0.name == destination && $0.stored }) else { continue }
        stored[snapshot.set, default: [:]][id] = record.time
      default: break
      }
    }
    var findings: [Finding] = []
    for present in sets.sorted(by: { $0.place < $1.place }) {
      let (set, place, present) = (present.place.set, present.place, present.snapshots)
      let names = Set(present)
      let gone = (stored[set] ?? [:]).filter { !names.contains($0.key) && !known.isPruned($0.key, at: place) }
      for (snapshot, time) in gone.sorted(by: { $0.key < $1.key }) {
        // Where storage expires, the oldest go first: what is older than all that is there has had its time.
        if expires, let oldest = present.first, snapshot < oldest { continue }
        findings.append(
          Finding(.missing, "\(set)/\(snapshot)", "was stored, as the node recorded on \(time.rfc3339), and is gone"))
      }
      for snapshot in present where !announced.contains("\(set)/\(snapshot)") {
        findings.append(
          Finding(.unannounced, "\(set)/\(snapshot)", "is there, and no record of the node's catalog tells of it"))
      }
    }
    return findings
  }
}

extension [CatalogRecord] {
  /// Of each set the last run, where it began more than a day ago and nothing tells of its end.
  func unendedRuns(at now: Timestamp) -> [Finding] {
    var open: [String: (run: RunStarted, time: Timestamp)] = [:]
    for record in self {
      switch record.event {
      case .started(let run): open[run.set] = (run, record.time)
      case .snapshot(let stored): open[stored.set] = nil
      case .unchanged(let unchanged): open[unchanged.set] = nil
      case .failure(let failure): open[failure.set] = nil
      default: break
      }
    }
    return open.values.sorted { $0.run.set < $1.run.set }.compactMap { run, time in
      guard now.seconds - time.seconds > NodeObservation.patience else { return nil }
      return Finding(
        .neverEnded, "\(run.set)/\(run.snapshot)",
        "began on \(time.rfc3339), and no record tells how it ended: a crash, or a node that is off")
    }
  }
}
