public import Files

/// A day in UTC.
public struct Day: Hashable, Sendable, Comparable, Strideable {
  /// Days since 1970-01-01.
  public let number: Int64

  public init(number: Int64) { self.number = number }

  /// The day that a moment is in.
  public init(_ time: Timestamp) {
    number = time.seconds >= 0 ? time.seconds / 86400 : (time.seconds - 86399) / 86400
  }

  public static func < (one: Day, other: Day) -> Bool { one.number < other.number }
  public func distance(to other: Day) -> Int { Int(other.number - number) }
  public func advanced(by days: Int) -> Day { Day(number: number + Int64(days)) }

  /// Its first second.
  public var start: Timestamp { Timestamp(seconds: number * 86400) }
  /// The first second after it.
  public var end: Timestamp { advanced(by: 1).start }

  /// 0 for Monday.
  public var weekday: Int { (Int(start.civil.weekday) + 6) % 7 }
  /// The Monday of its week.
  public var monday: Day { advanced(by: -weekday) }
  /// Of the month, from 1.
  public var dayOfMonth: Int { Int(start.civil.day) }
  public var month: Int { Int(start.civil.month) }
  /// `2026-11-21`.
  public var iso: String { String(start.rfc3339.prefix(10)) }
  /// `Nov`.
  public var monthName: String { Self.months[month - 1] }

  /// `Monday` for 0.
  public static func weekdayName(_ weekday: Int) -> String { weekdays[weekday] }

  private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
