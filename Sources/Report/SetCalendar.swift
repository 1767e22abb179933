public import Files
internal import Policy
public import Repository

/// What happened to a set, day by day, as its node's and the keeper's records tell.
public struct SetCalendar: Sendable, Equatable {
  /// A Monday.
  public let first: Day
  /// From `first` on, whole weeks.
  public private(set) var days: [DayReport]

  public var last: Day { first.advanced(by: days.count - 1) }

  public init(first: Day, days: [DayReport]) {
    self.first = first
    self.days = days
  }

  /// - Parameters:
  ///   - weeks: how many, the last of them the one of `now`.
  ///   - allowance: seconds that the last success may be old before another one is overdue; nil: for ever.
  ///   - node: the records of the set's node that are about the set, in their order.
  ///   - keeper: those of the keeper.
  public init(
    weeks: Int, allowance: Int64?, node: [CatalogRecord], keeper: [CatalogRecord], now: Timestamp
  ) {
    first = Day(now).monday.advanced(by: -7 * (weeks - 1))
    days = Array(repeating: DayReport(), count: weeks * 7)
    takeRuns(node, allowance, now)
    for record in keeper where record.time <= now { takeProof(record) }
  }

  /// The worst of several sets' calendars, day by day; all of the same days.
  public init(worstOf calendars: [SetCalendar], first: Day, weeks: Int) {
    self.first = first
    days = (0..<weeks * 7).map { index in
      let reports = calendars.compactMap { $0.days.indices.contains(index) ? $0.days[index] : nil }
      var worst = DayReport()
      for report in reports {
        worst.backup = max(worst.backup, report.backup)
        worst.stored += report.stored
        worst.proven = [worst.proven, report.proven].compactMap(\.self).max()
        worst.volumes += report.volumes
        worst.foundDamage = worst.foundDamage || report.foundDamage
        if let drill = report.drill { worst.drill = (worst.drill ?? true) && drill }
      }
      return worst
    }
  }

  private func index(_ time: Timestamp) -> Int? {
    let index = first.distance(to: Day(time))
    return days.indices.contains(index) ? index : nil
  }

  // MARK: Backups

  private mutating func takeRuns(_ records: [CatalogRecord], _ allowance: Int64?, _ now: Timestamp) {
    var successes: [Timestamp] = []
    var seen: [Int: DayReport.Backup] = [:]
    var began: Timestamp?
    var oldest: Timestamp?
    for record in records where record.time.seconds(since: now) <= DueRule.clockTolerance {
      // A run belongs to the day that it began on.
      let time = min(began ?? record.time, record.time)
      let backup: DayReport.Backup
      switch record.event {
      case .started:
        began = record.time
        continue
      case .snapshot(let stored):
        let isComplete = stored.destinations.allSatisfy { $0.stored || $0.skipped != nil }
        backup = isComplete ? .made : .partial
        if let index = index(time) { days[index].stored += stored.storedBytes }
      case .unchanged: backup = .unchanged
      case .failure: backup = .failed
      default: continue
      }
      began = nil
      oldest = min(oldest ?? time, time)
      if backup != .failed { successes.append(time) }
      guard let index = index(time) else { continue }
      seen[index] = seen[index].map { best($0, backup) } ?? backup
    }
    guard let oldest else { return }
    successes.sort()
    fill(seen, successes, from: oldest, allowance, now)
  }

  /// Of several runs on one day the one that achieved most.
  private func best(_ one: DayReport.Backup, _ other: DayReport.Backup) -> DayReport.Backup {
    let order: [DayReport.Backup] = [.made, .partial, .unchanged]
    return order.first { $0 == one || $0 == other } ?? .failed
  }

  private mutating func fill(
    _ seen: [Int: DayReport.Backup], _ successes: [Timestamp], from oldest: Timestamp, _ allowance: Int64?,
    _ now: Timestamp
  ) {
    var next = successes.startIndex
    for index in days.indices {
      let day = first.advanced(by: index)
      guard day >= Day(oldest), day <= Day(now) else { continue }
      if let backup = seen[index] {
        days[index].backup = backup
        continue
      }
      let end = min(day.end, now)
      while next < successes.endIndex, successes[next] < end { next += 1 }
      let age = next > successes.startIndex ? end.seconds(since: successes[next - 1]) : nil
      let isOverdue = allowance.map { allowed in age.map { $0 > allowed } ?? true } ?? false
      days[index].backup = isOverdue ? .missed : .none
    }
  }

  // MARK: Proofs

  private mutating func takeProof(_ record: CatalogRecord) {
    guard let index = index(record.time) else { return }
    switch record.event {
    case .verification(let verification):
      switch verification.result {
      case .sound:
        days[index].proven = max(days[index].proven ?? .present, verification.level)
        days[index].provenAt.insert(verification.destination)
      case .damaged: days[index].foundDamage = true
      case .unchecked: break
      }
    case .proof(let proof):
      days[index].volumes += proof.volumes.count
      if proof.result == .damaged { days[index].foundDamage = true }
    case .drill(let drill):
      days[index].drill = (days[index].drill ?? true) && drill.result == .sound
      switch drill.result {
      case .sound:
        days[index].proven = .restored
        days[index].provenAt.insert(drill.destination)
      case .damaged: days[index].foundDamage = true
      case .unchecked: break
      }
    default: break
    }
  }
}
