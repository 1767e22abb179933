internal import Files

/// Times as pax writes them: decimal seconds since 1970 with a fraction, negative as a whole before that (half a second
/// before 1970 is `-0.5`, which is -1 seconds and 500,000,000 nanoseconds).
enum DecimalTime {
  static func text(_ time: Timestamp) -> String {
    guard time.nanoseconds != 0 else { return String(time.seconds) }
    let isNegative = time.seconds < 0
    let whole = isNegative ? -(time.seconds + 1) : time.seconds
    let fraction = String(isNegative ? 1_000_000_000 - time.nanoseconds : time.nanoseconds)
    var digits = String(repeating: "0", count: 9 - fraction.count) + fraction
    while digits.last == "0" { digits.removeLast() }
    return (isNegative ? "-" : "") + "\(whole).\(digits)"
  }

  /// - Returns: nil for anything but an optional minus sign, digits, and optionally a point and digits (those past the
  ///   ninth are dropped).
  static func parse(_ text: some Collection<UInt8>) -> Timestamp? {
    var rest = text[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    let parts = rest.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let whole = Int64(String(decoding: first, as: UTF8.self)), whole >= 0,
      first.first != UInt8(ascii: "+")
    else { return nil }
    var nanoseconds: Int32 = 0
    if parts.count == 2 {
      var unit: Int32 = 100_000_000
      for digit in parts[1] {
        guard (48...57).contains(digit) else { return nil }
        nanoseconds += Int32(digit - 48) * unit
        unit /= 10
      }
    }
    if !isNegative { return Timestamp(seconds: whole, nanoseconds: nanoseconds) }
    if nanoseconds == 0 { return Timestamp(seconds: -whole) }
    return Timestamp(seconds: -whole - 1, nanoseconds: 1_000_000_000 - nanoseconds)
  }
}

/// Names of attributes as parts of pax keywords, which end at an equals sign: GNU tar writes `%3D` for it and `%25` for a
/// percent sign.
enum AttributeKeyword {
  static func encode(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "%") }) else { return name }
    return name.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "="): Array("%3D".utf8)
      case UInt8(ascii: "%"): Array("%25".utf8)
      default: [byte]
      }
    }
  }

  static func decode(_ keyword: ArraySlice<UInt8>) -> [UInt8] {
    var name: [UInt8] = []
    var rest = keyword
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.starts(with: "3D".utf8) {
        name.append(UInt8(ascii: "="))
        rest.removeFirst(2)
      } else if byte == UInt8(ascii: "%"), rest.starts(with: "25".utf8) {
        name.append(byte)
        rest.removeFirst(2)
      } else {
        name.append(byte)
      }
    }
    return name
  }
}
