/// The records of one pax extended header, read.
struct PaxKeywords {
  /// The last value of each key; an empty value takes back what a global header said.
  private(set) var values: [[UInt8]: [UInt8]] = [:]
  /// The format 0.0 of GNU sparse files repeats its keys.
  private(set) var sparseNumbers: [UInt64] = []

  /// Adds what a header's body holds.
  /// - Returns: false where that is not a list of records.
  mutating func add(_ body: [UInt8]) -> Bool {
    var rest = body[...]
    while !rest.isEmpty {
      guard let blank = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
        let length = Decimal.parse(rest[..<blank]), length > UInt64(blank - rest.startIndex + 1),
        length <= UInt64(rest.count)
      else { return false }
      let record = rest.prefix(Int(length))
      guard record.last == UInt8(ascii: "\n") else { return false }
      let pair = record[(blank + 1)...].dropLast()
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), equals > pair.startIndex else { return false }
      let key = Array(pair[..<equals])
      let value = Array(pair[(equals + 1)...])
      if key == Self.sparseOffset || key == Self.sparseLength {
        guard let number = Decimal.parse(value[...]) else { return false }
        sparseNumbers.append(number)
      } else {
        values[key] = value
      }
      rest = rest.dropFirst(Int(length))
    }
    return true
  }

  private static let sparseOffset = Array("GNU.sparse.offset".utf8)
  private static let sparseLength = Array("GNU.sparse.numbytes".utf8)

  /// Nil where the key is missing or its value empty.
  subscript(_ key: StaticString) -> [UInt8]? {
    let value = values[key.withUTF8Buffer { Array($0) }]
    return value?.isEmpty == true ? nil : value
  }

  mutating func merge(_ other: PaxKeywords) {
    values.merge(other.values) { _, new in new }
    sparseNumbers += other.sparseNumbers
  }
}

/// Unsigned decimal numbers in bytes.
enum Decimal {
  /// - Returns: nil for anything but digits, and for numbers past 2^64.
  static func parse(_ digits: ArraySlice<UInt8>) -> UInt64? {
    if digits.isEmpty { return nil }
    var number: UInt64 = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - 48))
      if overflow || carry { return nil }
      number = sum
    }
    return number
  }
}
