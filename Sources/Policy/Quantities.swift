/// Amounts as a person writes them in a configuration.
public enum Quantity {
  /// Bytes: `33554432`, `32 MiB`, `32MiB`, `64k` is not one. Units: B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB,
  /// TB (powers of 1000), in any case.
  /// - Returns: nil for anything else, and for what does not fit.
  public static func bytes(_ text: String) -> Int? {
    guard let (number, unit) = split(text) else { return nil }
    let factors: [String: Int] = [
      "": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "kb": 1000, "mb": 1_000_000,
      "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    ]
    guard let factor = factors[unit.lowercased()] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }

  /// Seconds: `90s`, `30m`, `12h`, `31d`, `2w`; a unit is needed.
  /// - Returns: nil for anything else, and for what does not fit.
  public static func seconds(_ text: String) -> Int64? {
    guard let (number, unit) = split(text) else { return nil }
    let factors: [String: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let factor = factors[unit] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : Int64(product)
  }

  /// As `seconds` reads it, in the largest unit up to days that gives a whole number.
  public static func text(_ seconds: Int64) -> String {
    // Not a loop over the units: Swift 6.3 unrolls it, and loads the two constants of each in an order that differs from
    // build to build, so that no two packages were the same.
    switch seconds {
    case 86400... where seconds.isMultiple(of: 86400): "\(seconds / 86400)d"
    case 3600... where seconds.isMultiple(of: 3600): "\(seconds / 3600)h"
    case 60... where seconds.isMultiple(of: 60): "\(seconds / 60)m"
    default: "\(seconds)s"
    }
  }

  private static func split(_ text: String) -> (Int, String)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    var unit = text.dropFirst(digits.count)
    if unit.first == " " { unit = unit.dropFirst() }
    return (number, String(unit))
  }
}
