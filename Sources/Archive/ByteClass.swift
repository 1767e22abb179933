/// The bracket expressions of glob(7) as sets of bytes.
enum ByteClass {
  /// Reads what stands between the brackets and the closing one.
  /// - Returns: 256 bits; nil where the bracket is not closed or names no such class.
  static func parse(_ rest: inout ArraySlice<UInt8>) -> [UInt64]? {
    var set: [UInt64] = [0, 0, 0, 0]
    func insert(_ byte: UInt8) { set[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
    if isNegated { rest.removeFirst() }
    var isFirst = true
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "]"), !isFirst { return isNegated ? set.map { ~$0 } : set }
      isFirst = false
      if byte == UInt8(ascii: "["), rest.first == UInt8(ascii: ":") {
        guard let end = rest.firstIndex(of: UInt8(ascii: "]")), end > rest.startIndex + 1,
          rest[end - 1] == UInt8(ascii: ":"),
          let contains = named(String(decoding: rest[(rest.startIndex + 1)..<(end - 1)], as: UTF8.self))
        else { return nil }
        for candidate in UInt8.min...127 where contains(candidate) { insert(candidate) }
        rest = rest[(end + 1)...]
        continue
      }
      guard let low = literal(byte, &rest) else { return nil }
      if rest.first == UInt8(ascii: "-"), let next = rest.dropFirst().first, next != UInt8(ascii: "]") {
        rest.removeFirst()
        rest.removeFirst()
        guard let high = literal(next, &rest) else { return nil }
        if low <= high { for candidate in low...high { insert(candidate) } }
      } else {
        insert(low)
      }
    }
    return nil
  }

  private static func literal(_ byte: UInt8, _ rest: inout ArraySlice<UInt8>) -> UInt8? {
    byte == UInt8(ascii: "\\") ? rest.popFirst() : byte
  }

  /// The classes of POSIX in the C locale.
  private static func named(_ name: String) -> ((UInt8) -> Bool)? {
    let isDigit: (UInt8) -> Bool = { (48...57).contains($0) }
    let isUpper: (UInt8) -> Bool = { (65...90).contains($0) }
    let isLower: (UInt8) -> Bool = { (97...122).contains($0) }
    let isGraphic: (UInt8) -> Bool = { (33...126).contains($0) }
    switch name {
    case "digit": return isDigit
    case "upper": return isUpper
    case "lower": return isLower
    case "alpha": return { isUpper($0) || isLower($0) }
    case "alnum": return { isUpper($0) || isLower($0) || isDigit($0) }
    case "space": return { $0 == 32 || (9...13).contains($0) }
    case "blank": return { $0 == 32 || $0 == 9 }
    case "punct": return { isGraphic($0) && !isUpper($0) && !isLower($0) && !isDigit($0) }
    case "xdigit": return { isDigit($0) || (65...70).contains($0) || (97...102).contains($0) }
    case "cntrl": return { $0 < 32 || $0 == 127 }
    case "graph": return isGraphic
    case "print": return { $0 == 32 || isGraphic($0) }
    default: return nil
    }
  }
}
