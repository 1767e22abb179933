/// Records of a pax extended header (POSIX.1-2017, pax, "pax Extended Header"): `<length> <key>=<value>\n`, where the
/// length in decimal counts the whole record, itself included. One buffer, used again for every member.
struct PaxRecords {
  private(set) var bytes: [UInt8] = []

  var isEmpty: Bool { bytes.isEmpty }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append(_ key: StaticString, _ value: some Collection<UInt8>) {
    key.withUTF8Buffer { append(key: $0, value: value) }
  }

  mutating func append(_ key: StaticString, number: some BinaryInteger) { append(key, String(number).utf8) }

  mutating func append(key: some Collection<UInt8>, value: some Collection<UInt8>) {
    // A blank, an equals sign and a line end.
    let rest = key.count + value.count + 3
    var length = rest + Self.digits(rest)
    if Self.digits(length) > Self.digits(rest) { length = rest + Self.digits(length) }
    bytes.append(contentsOf: String(length).utf8)
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: key)
    bytes.append(UInt8(ascii: "="))
    bytes.append(contentsOf: value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Decimal digits of a positive number.
  private static func digits(_ number: Int) -> Int {
    var digits = 1
    var rest = number / 10
    while rest > 0 {
      digits += 1
      rest /= 10
    }
    return digits
  }
}
