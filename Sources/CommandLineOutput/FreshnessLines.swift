public import Files
public import JSON
public import Policy
internal import Repository

/// How fresh a set is, line by line: what the status of a node and that of a keeper have in common.
public struct FreshnessLines: Sendable {
  public var now: Timestamp

  public init(now: Timestamp) { self.now = now }

  /// `data: next due 2026-11-22T00:30:00Z`.
  public func heading(_ name: String, _ set: SetFreshness) -> String {
    guard let due = set.dueFrom else { return name }
    return name + (set.isDue ? ": due since \(due.rfc3339)" : ": next due \(due.rfc3339)")
  }

  /// A destination with its state and its newest copy.
  public func line(_ place: DestinationFreshness, of set: SetFreshness, _ output: Output) -> String {
    let width = set.destinations.map(\.name.count).max() ?? 0
    let state = output.paint(padded(place.timeliness.words, 13), place.timeliness.style)
    return "\(padded(place.name, width))  \(state)  \(copy(set, place))"
  }

  private func copy(_ set: SetFreshness, _ place: DestinationFreshness) -> String {
    guard let last = place.lastSuccess else { return place.snapshot ?? "no snapshot" }
    var text = "\(place.snapshot ?? "?"), \(age(last)) ago"
    if let allowed = set.dataClass.allowance { text += " of \(Amount.duration(Double(allowed)))" }
    if place.timeliness == .overdue, let since = place.overdueFrom { text += ", since \(since.rfc3339)" }
    return text
  }

  /// What the set's own records say is wrong beside its copies.
  public func showTrouble(of set: SetFreshness, _ output: Output) {
    if let failure = set.lastFailure, let time = set.lastFailureTime {
      output.line("    " + output.paint("failed at \(time.rfc3339)", .bad) + ": \(failure.reason)")
    }
    if let future = set.futureRecord {
      output.line("    " + output.paint("its last record is dated \(future.rfc3339), later than now", .bad))
    }
  }

  public func age(_ time: Timestamp) -> String { Amount.duration(Double(max(0, now.seconds(since: time)))) }

  public func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  // MARK: JSON

  /// - Parameter more: what else is known of the set at a destination.
  public func members(
    _ set: SetFreshness, more: (DestinationFreshness) -> [JSONValue.Member]
  ) -> [JSONValue.Member] {
    [
      .init("set", .string(set.set)), .init("class", .string(set.dataClass.name)),
      .init("timeliness", .string(set.timeliness.rawValue)), .init("due", .boolean(set.isDue)),
      .init("due-from", JSONValue(set.dueFrom?.rfc3339)),
      .init("snapshot", JSONValue(set.lastSnapshot?.snapshot)),
      .init("last-success", JSONValue(set.lastSuccess?.rfc3339)),
      .init("last-attempt", JSONValue(set.lastAttempt?.rfc3339)),
      .init("last-failure", JSONValue(set.lastFailure?.reason)),
      .init("last-failure-time", JSONValue(set.lastFailureTime?.rfc3339)),
      .init("future-record", JSONValue(set.futureRecord?.rfc3339)),
      .init("destinations", .array(set.destinations.map { .object(members(set, $0) + more($0)) })),
    ]
  }

  private func members(_ set: SetFreshness, _ place: DestinationFreshness) -> [JSONValue.Member] {
    [
      .init("name", .string(place.name)), .init("timeliness", .string(place.timeliness.rawValue)),
      .init("snapshot", JSONValue(place.snapshot)), .init("last-success", JSONValue(place.lastSuccess?.rfc3339)),
      .init("age", place.lastSuccess.map { JSONValue(now.seconds(since: $0)) } ?? .null),
      .init("allowed-age", set.dataClass.allowance.map { JSONValue($0) } ?? .null),
      .init("due-from", JSONValue(place.dueFrom?.rfc3339)),
      .init("overdue-from", JSONValue(place.overdueFrom?.rfc3339)),
      .init("last-error", JSONValue(place.lastError)),
    ]
  }
}

extension DataClass {
  /// Seconds that a copy may be old: the interval and the grace; nil for what is backed up once.
  var allowance: Int64? { frequency.interval.map { $0 + grace } }
}

extension Timeliness {
  var words: String {
    switch self {
    case .inTime: "in time"
    case .due: "due"
    case .late: "late"
    case .overdue: "overdue"
    case .never: "not backed up"
    }
  }

  var style: Style {
    switch self {
    case .inTime: .good
    case .due, .late: .doubtful
    case .overdue, .never: .bad
    }
  }
}
