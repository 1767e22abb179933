/// Amounts as people read them.
public enum Amount {
  /// `512 B`, `1.2 GiB`: powers of 1024, one decimal below 100.
  public static func bytes(_ count: some BinaryInteger) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(count)
    var unit = 0
    // Rounded, so that 1024 KiB is never shown.
    while value >= (unit == 0 ? 1024 : 1023.95), unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return "\(count) B" }
    let tenths = Int((value * 10).rounded())
    return tenths >= 1000 ? "\((tenths + 5) / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  /// `0.4s`, `12s`, `3m 12s`, `2h 05m`, `3d 4h`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e15 else { return "?" }
    if seconds < 9.95 {
      let tenths = Int((seconds * 10).rounded())
      return "\(tenths / 10).\(tenths % 10)s"
    }
    let whole = Int64(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m \(padded(whole % 60))s" }
    if whole < 86400 { return "\(whole / 3600)h \(padded(whole / 60 % 60))m" }
    return "\(whole / 86400)d \(whole / 3600 % 24)h"
  }

  /// `85.0 MiB/s`.
  public static func rate(_ bytes: some BinaryInteger, seconds: Double) -> String {
    seconds > 0 ? "\(self.bytes(Int64(Double(bytes) / seconds)))/s" : "–"
  }

  private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}
