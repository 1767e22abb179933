public import Files

/// When something that is backed up in an interval is due again. All in UTC and in seconds: no zone, no daylight saving.
///
/// The interval's slots begin `slack` before the time of the first success, and last one interval each: a success belongs
/// to the slot that it falls into, and the next backup may come as soon as the next slot begins. So a timer that comes a
/// little earlier than the day before still finds the backup due, one that comes every hour backs up once a day at
/// the same time, and a night that was caught up in the afternoon is followed by the next night's.
public struct DueRule: Sendable, Equatable {
  /// Seconds.
  public let interval: Int64

  public init(interval: Int64) { self.interval = interval }

  /// How much earlier than the first success, in its day or week, a backup may come: a tenth of the interval, 90 minutes
  /// at most. Timers with a random delay stay well within it.
  public var slack: Int64 { min(interval / 10, 90 * 60) }

  /// No backup within this time of the last one, wherever the slots lie: a quarter of the interval, so that a backup that
  /// was caught up late and the one that is skipped because of it lie no more than 1.25 intervals apart.
  public var shortest: Int64 { interval / 4 }

  /// A record that is dated so much later than now was written under a clock that was wrong, or the clock is wrong now.
  public static let clockTolerance: Int64 = 300

  /// From when on the next backup may come.
  /// - Parameters:
  ///   - last: when the last success began.
  ///   - anchor: when the first success began.
  public func next(after last: Timestamp, anchor: Timestamp) -> Timestamp {
    let origin = anchor.seconds - slack
    let passed = last.seconds - origin
    // Rounded down, also where the clock was set back behind the first success.
    let slot = passed >= 0 ? passed / interval : (passed - interval + 1) / interval
    return Timestamp(seconds: max(origin + (slot + 1) * interval, last.seconds + shortest))
  }

  /// How long after an attempt that one of the destinations missed the next one may come: 1, 2, 4, 8 and then every 16
  /// hours, so that the sources are not read every hour while one of them is away.
  /// - Parameter attempts: how many in a row, from 1.
  public static func pause(after attempts: Int) -> Int64 { 3600 << Int64(min(max(attempts - 1, 0), 4)) }
}
