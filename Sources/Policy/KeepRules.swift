public import Repository

/// How many snapshots of each set are kept: the newest ones, and the newest of each day, week, month and year.
public struct KeepRules: Sendable, Equatable {
  public var last = 0
  public var daily = 0
  public var weekly = 0
  public var monthly = 0
  public var yearly = 0
  public init() {}

  /// Whether the rules keep anything: without one, nothing may be pruned.
  public var isEmpty: Bool { last + daily + weekly + monthly + yearly == 0 }

  /// The snapshots to keep.
  /// - Parameter snapshots: of one set at one destination, in any order.
  /// - Returns: by snapshot, the rules that keep it.
  public func kept(_ snapshots: [SnapshotID]) -> [SnapshotID: [String]] {
    var kept: [SnapshotID: [String]] = [:]
    let newestFirst = snapshots.sorted(by: >)
    for snapshot in newestFirst.prefix(last) { kept[snapshot, default: []].append("last") }
    for (count, name, period) in [
      (daily, "daily", Self.day), (weekly, "weekly", Self.week), (monthly, "monthly", Self.month),
      (yearly, "yearly", Self.year),
    ] as [(Int, String, (SnapshotID) -> Int64)] {
      var periods: Set<Int64> = []
      for snapshot in newestFirst where periods.count < count {
        if periods.insert(period(snapshot)).inserted { kept[snapshot, default: []].append(name) }
      }
    }
    return kept
  }

  private static func day(_ snapshot: SnapshotID) -> Int64 {
    let seconds = snapshot.started.seconds
    return (seconds >= 0 ? seconds : seconds - 86399) / 86400
  }
  /// Weeks begin on Monday; 1970-01-01 was a Thursday.
  private static func week(_ snapshot: SnapshotID) -> Int64 { (day(snapshot) + 3) / 7 }
  private static func month(_ snapshot: SnapshotID) -> Int64 {
    let civil = snapshot.started.civil
    return civil.year * 12 + civil.month
  }
  private static func year(_ snapshot: SnapshotID) -> Int64 { snapshot.started.civil.year }
}
