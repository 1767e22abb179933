public import Files
public import Repository

/// Where something stands against its interval.
public enum Timeliness: String, Sendable, CaseIterable, Comparable {
  /// Nothing is to be done yet.
  case inTime = "in-time"
  /// A run would back it up now.
  case due
  /// An interval has passed since the last success, and the grace has not.
  case late
  /// Interval and grace have passed.
  case overdue
  /// Never backed up.
  case never

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

  /// Whether somebody must be told.
  public var isOverdue: Bool { self >= .overdue }
}

/// How fresh a set is at one destination.
public struct DestinationFreshness: Sendable, Equatable {
  public var name: String
  public var timeliness: Timeliness
  /// The newest snapshot that is known to be there.
  public var snapshot: String?
  /// When the last run began that left this destination as fresh as the sources: a snapshot, or nothing had changed.
  public var lastSuccess: Timestamp?
  /// When the next backup comes due: from then on a run makes one. Nil where none is ever due again.
  public var dueFrom: Timestamp?
  /// One interval after the last success.
  public var lateFrom: Timestamp?
  /// One interval and the grace after the last success.
  public var overdueFrom: Timestamp?
  /// Why the last attempt did not reach it; nil where it did.
  public var lastError: String?
}

/// What the frequency table asks of a set, and what its node's records say: a pure function of both and of the time.
public struct SetFreshness: Sendable, Equatable {
  public var set: String
  public var dataClass: DataClass
  /// In the order that was given.
  public var destinations: [DestinationFreshness]
  /// The last snapshot that at least one destination has, and when its run ended.
  public var lastSnapshot: SnapshotStored?
  public var lastSnapshotTime: Timestamp?
  /// When the last run began, however it ended.
  public var lastAttempt: Timestamp?
  /// The last failure, where nothing was stored since.
  public var lastFailure: RunFailed?
  public var lastFailureTime: Timestamp?
  /// When a run backs the set up again: at `retryFrom`, else when the first of its destinations is due. Nil: never again.
  public var dueFrom: Timestamp?
  /// Where some destinations missed the last run, when the next one may come.
  public var retryFrom: Timestamp?
  public var isDue: Bool
  /// The date of a record that is later than now, where none that can be right came after it. Such a record counts for
  /// nothing, and the set is due at once.
  public var futureRecord: Timestamp?

  /// - Parameters:
  ///   - destinations: names of the set's destinations.
  ///   - absent: the removable ones that are not there now, with how many seconds they may stay away: they make nothing
  ///     due, and are overdue after that time.
  ///   - records: the node's catalog.
  public init(
    of set: String, dataClass: DataClass, destinations names: [String], absent: [String: Int64] = [:],
    records: [CatalogRecord], now: Timestamp
  ) {
    let history = SetHistory(of: set, destinations: names, records: records, now: now)
    self.set = set
    self.dataClass = dataClass
    lastSnapshot = history.lastSnapshot
    lastSnapshotTime = history.lastSnapshotTime
    lastAttempt = history.lastAttempt
    (lastFailure, lastFailureTime) = (history.lastFailure, history.lastFailureTime)
    futureRecord = history.future
    destinations = names.map {
      DestinationFreshness(
        $0, dataClass, history.places[$0] ?? .init(), anchor: history.anchor, away: absent[$0], now: now)
    }
    if history.incompleteAttempts > 0, let attempt = lastAttempt,
      attempt.seconds(since: now) <= DueRule.clockTolerance
    {
      retryFrom = Timestamp(seconds: attempt.seconds + DueRule.pause(after: history.incompleteAttempts))
    }
    dueFrom = futureRecord == nil ? retryFrom ?? destinations.compactMap(\.dueFrom).min() : now
    isDue = dueFrom.map { $0 <= now } ?? false
  }

  /// The worst of the destinations.
  public var timeliness: Timeliness { destinations.map(\.timeliness).max() ?? .never }

  /// When the last run began after which every destination was as fresh as the sources; nil where one never was.
  public var lastSuccess: Timestamp? {
    let times = destinations.map(\.lastSuccess)
    return times.contains(nil) ? nil : times.compactMap(\.self).min()
  }
}

extension DestinationFreshness {
  fileprivate init(
    _ name: String, _ dataClass: DataClass, _ place: SetHistory.Place, anchor: Timestamp?, away: Int64?, now: Timestamp
  ) {
    self.name = name
    snapshot = place.snapshot
    lastSuccess = place.lastSuccess
    lastError = place.lastError
    if let away, let since = place.lastSuccess ?? anchor {
      let overdue = Timestamp(seconds: since.seconds + away)
      (lateFrom, overdueFrom) = (overdue, overdue)
      timeliness = now > overdue ? .overdue : .inTime
      return
    }
    guard let last = place.lastSuccess else {
      timeliness = .never
      dueFrom = now
      return
    }
    guard let interval = dataClass.frequency.interval else {
      timeliness = .inTime
      return
    }
    let next = DueRule(interval: interval).next(after: last, anchor: anchor ?? last)
    let late = Timestamp(seconds: last.seconds + interval)
    let overdue = Timestamp(seconds: late.seconds + dataClass.grace)
    (dueFrom, lateFrom, overdueFrom) = (next, late, overdue)
    timeliness = now > overdue ? .overdue : now > late ? .late : now >= next ? .due : .inTime
  }
}
