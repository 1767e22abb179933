import Alerts
import Backup
import Files
import Policy
import Repository

extension SetReport {
  /// Where every configured set stands, by the node's own records; changes nothing and takes no lock.
  static func all(of node: NodeConfiguration, now: Timestamp) throws(CatalogError) -> [SetReport] {
    let records = try CatalogFile.records("\(node.state)/catalog.jsonl")
    return node.sets.map { set in
      var report = SetReport(name: set.name, dataClass: set.dataClass)
      var history = SetRecords(set: set.name, places: set.destinations.map { Place(name: $0) })
      for record in records { history.take(record) }
      report.places = history.places
      report.lastSnapshot = history.lastSnapshot
      report.hasFailed = history.hasFailed
      report.failures = history.failures
      report.totalSentBytes = history.sentBytes
      report.setDue(FrequencyTable.standard[set.dataClass], now)
      return report
    }
  }

  private mutating func setDue(_ dataClass: DataClass?, _ now: Timestamp) {
    let times = places.map(\.lastSuccess)
    guard !times.contains(nil), let last = times.compactMap(\.self).min() else {
      isOverdue = true
      return
    }
    guard let dataClass, let interval = dataClass.frequency.interval else { return }
    let due = Timestamp(seconds: last.seconds + interval)
    let overdue = Timestamp(seconds: due.seconds + dataClass.grace)
    (self.due, overdueFrom, isOverdue) = (due, overdue, now > overdue)
  }
}

/// What a node's catalog says of one set, for metrics.
private struct SetRecords {
  let set: String
  var places: [SetReport.Place]
  var lastSnapshot: SetReport.Snapshot?
  var hasFailed = false
  var failures = 0
  var sentBytes: UInt64 = 0

  /// By destination, the newest snapshot that it has.
  private var newest: [String: String] = [:]

  init(set: String, places: [SetReport.Place]) {
    self.set = set
    self.places = places
  }

  mutating func take(_ record: CatalogRecord) {
    switch record.event {
    case .snapshot(let stored) where stored.set == set:
      hasFailed = false
      let reached = stored.destinations.filter(\.stored).map(\.name)
      var amounts = SetReport.Amounts()
      amounts.entries = stored.entries
      amounts.readBytes = stored.bytes
      amounts.storedBytes = stored.storedBytes
      amounts.sentBytes = stored.storedBytes * UInt64(reached.count)
      amounts.findings = stored.findings
      lastSnapshot = .init(id: stored.snapshot, seconds: stored.seconds, amounts: amounts)
      sentBytes += amounts.sentBytes
      for index in places.indices {
        if reached.contains(places[index].name) {
          newest[places[index].name] = stored.snapshot
          places[index].lastSuccess = record.time
        } else if stored.destinations.contains(where: { $0.name == places[index].name }) {
          places[index].failures += 1
        }
      }
    case .unchanged(let unchanged) where unchanged.set == set:
      hasFailed = false
      for index in places.indices where newest[places[index].name] == unchanged.snapshot {
        places[index].lastSuccess = record.time
      }
    case .failure(let failure) where failure.set == set:
      hasFailed = true
      failures += 1
      for index in places.indices
      where failure.destinations.contains(where: { $0.name == places[index].name && !$0.stored }) {
        places[index].failures += 1
      }
    default: break
    }
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
    destinations = outcome.destinations.map { .init(name: $0.name, stored: $0.stored, error: $0.error) }
  }
}
