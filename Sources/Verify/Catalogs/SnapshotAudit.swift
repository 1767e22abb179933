internal import Files
internal import Repository

/// Holds the snapshots that a destination has to those that the node's catalog tells of.
struct SnapshotAudit {
  let host: String
  let destination: String
  /// Whether the destination's storage expires by itself.
  let expires: Bool
  let node: [CatalogRecord]
  /// What the keeper deleted here, as `set/snapshot`.
  let pruned: Set<String>

  /// - Throws: where the destination cannot be listed.
  func findings(_ finder: SnapshotFinder) throws(VerifyError) -> [Finding] {
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
    for set in Set(stored.keys).union(try finder.sets()).sorted() {
      let present = try finder.snapshots(of: set).filter(\.isFinished).map(\.reference.snapshot)
      let gone = (stored[set] ?? [:]).filter { !present.contains($0.key) && !pruned.contains("\(set)/\($0.key)") }
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
