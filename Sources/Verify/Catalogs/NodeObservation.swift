internal import Digests
internal import Files
internal import Policy
public import Repository

/// What looking at a node's catalogs came to.
public struct NodeObservation: Sendable {
  public let host: String
  /// Those that were to be looked at.
  let destinations: [String]
  /// What is known of the node's catalog: of each epoch the longest copy that holds.
  public var catalog: NodeCatalog
  /// What is wrong, and at which destination; an empty name where it is at none of them alone.
  public var findings: [(destination: String, finding: Finding)]
  /// Snapshots that are gone, which a person has acknowledged: no findings any more.
  public var acknowledged: [(destination: String, finding: Finding, note: AcknowledgedDamage)] = []
  /// Destinations that could not be looked at, and why.
  public var unchecked: [(destination: String, reason: String)]
  /// What is stored of the node's sets, at each destination that could be listed.
  var stored: [StoredSet] = []

  /// How long a destination may lack records before it counts as left behind, in seconds: a daily run delivers them.
  static let patience: Int64 = 26 * 3600
}

/// Puts together what all destinations have of a node's catalog.
struct CatalogComparison {
  let now: Timestamp
  /// Epochs that need no acknowledgment: the first that was ever seen of the node, and those acknowledged.
  let accepted: Set<String>

  /// - Parameter looks: by destination, in the configuration's order.
  func compare(
    host: String, _ looks: [(destination: String, looks: [CatalogWatch.Look])]
  ) -> (catalog: NodeCatalog, findings: [(destination: String, finding: Finding)]) {
    var findings: [(destination: String, finding: Finding)] = []
    var longest: [Epoch: (catalog: EpochCatalog, destination: String, isForked: Bool)] = [:]
    for (destination, looks) in looks {
      for look in looks {
        findings += look.findings.map { (destination, $0) }
        // The other copies are held to a copy without findings, where there is one.
        // One that says something else than it did is no measure for any other, however long it is.
        let isForked = look.findings.contains { $0.code == .forked }
        let known = longest[look.catalog.epoch].map { ($0.isForked ? 0 : 1, $0.catalog.records.count) } ?? (0, -1)
        if (isForked ? 0 : 1, look.catalog.records.count) > known {
          longest[look.catalog.epoch] = (look.catalog, destination, isForked)
        }
      }
    }
    for (destination, looks) in looks {
      for (epoch, best) in longest.sorted(by: { $0.key < $1.key }) where best.destination != destination {
        let copy = looks.first { $0.catalog.epoch == epoch }?.catalog ?? EpochCatalog(epoch)
        if let finding = judge(copy, against: best.catalog, at: best.destination) {
          findings.append((destination, finding))
        }
      }
    }
    let epochs = longest.keys.sorted()
    for epoch in epochs where !accepted.contains(epoch.description) {
      guard let best = longest[epoch] else { continue }
      findings.append(
        (
          best.destination,
          Finding(
            .newEpoch, "catalog/\(epoch)",
            "the node's state is new, was lost, or was restored from an old image; nobody has acknowledged this yet")
        ))
    }
    return (NodeCatalog(host: host, epochs: epochs.compactMap { longest[$0]?.catalog }), findings)
  }

  private func judge(_ copy: EpochCatalog, against best: EpochCatalog, at other: String) -> Finding? {
    let name = "catalog/\(copy.epoch)"
    let common = copy.records.count
    guard best.head(after: common) == copy.head else {
      return Finding(.forked, name, "says something else than the copy at \(other)")
    }
    guard common < best.records.count else { return nil }
    let missing = best.records[common]
    guard now.seconds - missing.time.seconds > NodeObservation.patience else { return nil }
    return Finding(
      .behind, name,
      "has \(common) of the \(best.records.count) records that \(other) has; the first that it lacks is of "
        + missing.time.rfc3339)
  }
}
