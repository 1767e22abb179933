/// Numbers whose text has been held to the grammar already.
enum JSONNumber {
  /// - Returns: nil where it is no whole number or does not fit.
  static func integer<Value: FixedWidthInteger>(
    _ text: UnsafeBufferPointer<UInt8>, _ kind: JSONToken.Kind, _: Value.Type
  ) -> Value? {
    // Beyond 2^53 not every whole number is one of Double's.
    if kind == .real { return double(text, kind).flatMap { abs($0) <= 0x1p53 ? Value(exactly: $0) : nil } }
    guard kind == .integer, let first = text.first else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    var value: Value = 0
    for byte in text[(isNegative ? 1 : 0)...] {
      let digit = Value(truncatingIfNeeded: byte &- 48)
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !overflows, !overflowsToo else { return nil }
      value = sum
    }
    return value
  }

  /// - Returns: nil where it is no number or does not fit.
  static func double(_ text: UnsafeBufferPointer<UInt8>, _ kind: JSONToken.Kind) -> Double? {
    guard kind == .integer || kind == .real else { return nil }
    if let exact = short(text) { return exact }
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }

  /// What has up to fifteen digits and no exponent: digits and power of ten are exact as they are, so that their quotient
  /// is rounded once (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
  private static func short(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count <= 16 else { return nil }
    var digits: UInt64 = 0
    var decimals = -1
    var isNegative = false
    for byte in text {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): decimals = 0
      case 48...57:
        digits = digits * 10 + UInt64(byte - 48)
        if decimals >= 0 { decimals += 1 }
      default: return nil
      }
    }
    guard digits < 1 << 53 else { return nil }
    let value = Double(digits) / powers[max(decimals, 0)]
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  ]
}
