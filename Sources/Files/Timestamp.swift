internal import Glibc

/// A moment in UTC: seconds since 1970-01-01T00:00:00Z (negative before it) and nanoseconds from 0 to 999,999,999 that
/// count forward from those seconds.
public struct Timestamp: Hashable, Sendable, Comparable {
  public var seconds: Int64
  public var nanoseconds: Int32

  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The system's clock (`clock_gettime(CLOCK_REALTIME)`).
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  public static func < (one: Timestamp, other: Timestamp) -> Bool {
    (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
  }

  /// Whole seconds from `earlier` to this moment.
  public func seconds(since earlier: Timestamp) -> Int64 { seconds - earlier.seconds }

  /// `2026-11-21T02:00:00Z` (RFC 3339 in UTC; fractions of a second are dropped).
  public var rfc3339: String {
    let c = civil
    return
      "\(pad(c.year, 4))-\(pad(c.month, 2))-\(pad(c.day, 2))T\(pad(c.hour, 2)):\(pad(c.minute, 2)):\(pad(c.second, 2))Z"
  }

  /// `20261121T020000Z` (ISO 8601, basic format): safe in file names, sorts by time.
  public var basic: String {
    let c = civil
    return
      "\(pad(c.year, 4))\(pad(c.month, 2))\(pad(c.day, 2))T\(pad(c.hour, 2))\(pad(c.minute, 2))\(pad(c.second, 2))Z"
  }

  /// Reads what `rfc3339` or `basic` writes.
  /// - Returns: nil for anything else, also for a day or an hour that does not exist.
  public init?(_ text: some StringProtocol) {
    let digits = text.utf8.filter { $0 >= 48 && $0 <= 57 }.map { Int64($0) - 48 }
    guard digits.count == 14 else { return nil }
    func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + $1 } }
    let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
    let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
    let days = Timestamp.days(year: year, month: month, day: day)
    self.init(seconds: days * 86400 + hour * 3600 + minute * 60 + second)
    guard rfc3339 == text || basic == text else { return nil }
  }

  /// Reads what `rfc3339` writes, as UTF-8, in a tenth of the time.
  /// - Returns: nil for anything else, also for a day or an hour that does not exist, and for years past 9999.
  public init?(rfc3339 text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 20 else { return nil }
    func number(_ start: Int, _ count: Int) -> Int64? {
      var value: Int64 = 0
      for byte in text[start..<start + count] {
        guard byte &- 48 < 10 else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard let year = number(0, 4), text[4] == UInt8(ascii: "-"), let month = number(5, 2), text[7] == UInt8(ascii: "-"),
      let day = number(8, 2), text[10] == UInt8(ascii: "T"), let hour = number(11, 2), text[13] == UInt8(ascii: ":"),
      let minute = number(14, 2), text[16] == UInt8(ascii: ":"), let second = number(17, 2),
      text[19] == UInt8(ascii: "Z"), hour < 24, minute < 60, second < 60, (1...12).contains(month), day >= 1
    else { return nil }
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    let length: Int64 =
      month == 2 ? (isLeap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
    guard day <= length else { return nil }
    let days = Timestamp.days(year: year, month: month, day: day)
    self.init(seconds: days * 86400 + hour * 3600 + minute * 60 + second)
  }

  /// The calendar fields in UTC (proleptic Gregorian calendar); `weekday` is 0 for Sunday.
  public var civil: (year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64, weekday: Int64) {
    let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
    let rest = seconds - days * 86400
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let shifted = days + 719468
    let era = (shifted >= 0 ? shifted : shifted - 146096) / 146097
    let dayOfEra = shifted - era * 146097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let weekday = ((days + 4) % 7 + 7) % 7
    return (year, month, day, rest / 3600, rest / 60 % 60, rest % 60, weekday)
  }

  /// Days from 1970-01-01 (Hinnant's days_from_civil).
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
  }

  private func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
