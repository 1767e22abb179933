import Alerts
import Backup
import Files
import Policy
import Repository

extension SetReport {
  /// Where every configured set stands, by the node's own records; changes nothing and takes no lock.
  static func all(of node: NodeConfiguration, now: Timestamp) throws -> [SetReport] {
    let records = try CatalogFile.records("\(node.state)/catalog.jsonl")
    let freshness = try setStatuses(node, now: now)
    return node.sets.map { set in
      var report = SetReport(name: set.name, dataClass: set.dataClass)
      var history = SetRecords(set: set.name, places: set.destinations.map { Place(name: $0) })
      for record in records { history.take(record) }
      report.places = history.places
      report.lastSnapshot = history.lastSnapshot
      report.hasFailed = history.hasFailed
      report.failures = history.failures
      report.totalSentBytes = history.sentBytes
      if let freshness = freshness.first(where: { $0.set == set.name }) { report.take(freshness) }
      return report
    }
  }

  private mutating func take(_ freshness: SetFreshness) {
    for index in places.indices {
      places[index].lastSuccess = freshness.destinations.first { $0.name == places[index].name }?.lastSuccess
    }
    due = freshness.dueFrom
    isOverdue = freshness.timeliness.isOverdue
    // Of the destination that is the first to be overdue; one that never got a backup has no such time.
    if freshness.timeliness != .never { overdueFrom = freshness.destinations.compactMap(\.overdueFrom).min() }
  }
}

/// What a node's catalog says of one set, for metrics.
private struct SetRecords {
  let set: String
  var places: [SetReport.Place]
  var lastSnapshot: SetReport.Snapshot?
  var hasFailed = false
  var failures = 0
  /// Destinations whose runs failed since anything was stored: each group of them has runs of its own.
  private var failed: Set<String> = []
  var sentBytes: UInt64 = 0

  init(set: String, places: [SetReport.Place]) {
    self.set = set
    self.places = places
  }

  mutating func take(_ record: CatalogRecord) {
    switch record.event {
    case .snapshot(let stored) where stored.set == set:
      succeed()
      let reached = stored.destinations.filter(\.stored).map(\.name)
      var amounts = SetReport.Amounts()
      amounts.entries = stored.entries
      amounts.readBytes = stored.bytes
      amounts.storedBytes = stored.storedBytes
      amounts.sentBytes = stored.storedBytes * UInt64(reached.count)
      amounts.findings = stored.findings
      lastSnapshot = .init(id: stored.snapshot, seconds: stored.seconds, amounts: amounts)
      sentBytes += amounts.sentBytes
      countFailures(stored.destinations)
    case .unchanged(let unchanged) where unchanged.set == set: succeed()
    case .failure(let failure) where failure.set == set:
      failed.formUnion(failure.destinations.map(\.name))
      hasFailed = failure.destinations.isEmpty || failed.isSuperset(of: places.map(\.name))
      if hasFailed { failures += 1 }
      countFailures(failure.destinations)
    default: break
    }
  }

  private mutating func succeed() {
    failed = []
    hasFailed = false
  }

  private mutating func countFailures(_ outcomes: [DestinationOutcome]) {
    let missed = Set(outcomes.filter { !$0.stored && $0.skipped == nil }.map(\.name))
    for index in places.indices where missed.contains(places[index].name) { places[index].failures += 1 }
  }
}

extension SetReport.Outcome {
  init(_ outcome: SetOutcome) {
    self.init(status: outcome.status.rawValue, snapshot: "\(outcome.snapshot)")
    seconds = outcome.seconds
    amounts.entries = outcome.entries
    amounts.readBytes = outcome.bytes
    amounts.storedBytes = outcome.storedBytes
    amounts.sentBytes = outcome.storedBytes * UInt64(outcome.destinations.count(where: \.stored))
    amounts.findings = outcome.findings.count
    reason = outcome.reason
    hint = outcome.hint
    destinations = outcome.destinations.map { .init(name: $0.name, stored: $0.stored, error: $0.error ?? $0.skipped) }
  }

  /// Adds what the same run did for a destination that has snapshots of its own.
  mutating func add(_ other: Self) {
    if other.status != status, Set([status, other.status]) != ["stored", "unchanged"] {
      status = "partial"
    } else if other.status == "stored" {
      status = "stored"
    }
    seconds += other.seconds
    amounts.sentBytes += other.amounts.sentBytes
    reason = reason ?? other.reason
    hint = hint ?? other.hint
    destinations += other.destinations
  }
}
