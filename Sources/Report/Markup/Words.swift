internal import Files

/// Amounts and times as the page words them.
enum Words {
  /// `3 days`, `14 h`, `20 min`, `under a minute`.
  static func span(_ seconds: Int64) -> String {
    switch max(0, seconds) {
    case ..<60: "under a minute"
    case ..<5400: "\(seconds / 60) min"
    case ..<(48 * 3600): "\((seconds + 1800) / 3600) h"
    default: "\((seconds + 43200) / 86400) days"
    }
  }

  /// `1 set`, `3 sets`.
  static func count(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// `1,234`.
  static func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// `1.2 GiB`, powers of 1024.
  static func bytes(_ count: UInt64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    guard count >= 1024 else { return "\(count) B" }
    var value = Double(count) / 1024
    var unit = 0
    while value >= 1023.95, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return "\(tenths(value)) \(units[unit])"
  }

  /// `0.4 s`, `12 s`, `3 min 12 s`, `2 h 5 min`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
    let whole = Int(seconds.rounded())
    if seconds < 9.95 { return "\(tenths(seconds)) s" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  /// One decimal below 100.
  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths >= 1000 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
  }

  /// Cut to a length that a page bears, and said so.
  static func cut(_ text: String, to length: Int = 400) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > length else { return text }
    return String(String.UnicodeScalarView(scalars.prefix(length))) + "… (cut; the catalog has all of it)"
  }

  /// `2026-11-21 02:00`.
  static func minute(_ time: Timestamp) -> String {
    let text = time.rfc3339
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
  }
}

extension Markup {
  /// `2026-11-21`.
  mutating func day(_ time: Timestamp) { element("time", text: String(time.rfc3339.prefix(10))) }

  /// `2026-11-21 02:00`.
  mutating func minute(_ time: Timestamp) {
    element("time", [("datetime", time.rfc3339)], text: Words.minute(time))
  }
}
