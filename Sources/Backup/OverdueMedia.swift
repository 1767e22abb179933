internal import Files
internal import Policy
internal import Repository

extension NodeConfiguration {
  /// The destinations that a run over a set passed over and that have been away for too long.
  func overdueMedia(_ outcome: SetOutcome, _ records: [CatalogRecord], now: Timestamp) -> [OverdueMedium] {
    outcome.destinations.filter { $0.skipped != nil }.compactMap { skipped in
      guard let destination = destinations.first(where: { $0.name == skipped.name }),
        let last = records.lastFresh(outcome.set, at: skipped.name)
      else { return nil }
      let age = now.seconds(since: last)
      return age > destination.away ? OverdueMedium(name: skipped.name, age: age, allowed: destination.away) : nil
    }
  }
}

extension [CatalogRecord] {
  /// When a destination last had a set as its sources were; where it never had, when the set's first run began.
  fileprivate func lastFresh(_ set: String, at destination: String) -> Timestamp? {
    var first: Timestamp?
    var last: Timestamp?
    var snapshot: String?
    for record in self {
      switch record.event {
      case .started(let run) where run.set == set: first = first ?? record.time
      case .snapshot(let stored) where stored.set == set:
        guard stored.destinations.contains(where: { $0.name == destination && $0.stored }) else { continue }
        (last, snapshot) = (record.time, stored.snapshot)
      case .unchanged(let unchanged) where unchanged.set == set && unchanged.snapshot == snapshot: last = record.time
      default: break
      }
    }
    return last ?? first
  }
}
