/// The fields of a ustar header block, read.
struct UstarFields {
  typealias Field = UstarHeader.Field
  private let block: [UInt8]

  /// - Parameter block: 512 bytes.
  init(_ block: [UInt8]) { self.block = block }

  /// Whether all of it is zeros: half of the archive's end.
  var isZero: Bool { block.allSatisfy { $0 == 0 } }

  /// Whether the checksum holds; some old tars summed signed bytes.
  var isSound: Bool {
    guard let stored = number(Field.checksum) else { return false }
    if stored == Int64(block.withUnsafeBytes { UstarHeader.checksum($0) }) { return true }
    let signed = block.enumerated().reduce(Int64(0)) { sum, item in
      sum + (Field.checksum.contains(item.offset) ? 32 : Int64(Int8(bitPattern: item.element)))
    }
    return stored == signed
  }

  var type: UInt8 { block[Field.type] }

  /// The name with its prefix, which only POSIX's magic says is there.
  var name: [UInt8] {
    let name = text(Field.name)
    guard block[Field.magic].elementsEqual("ustar\0".utf8) else { return name }
    let prefix = text(Field.prefix)
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  func text(_ field: Range<Int>) -> [UInt8] { Array(block[field].prefix { $0 != 0 }) }

  /// An octal number, or GNU's base-256: a first byte of 0x80 (or 0xff, negative), then big-endian bytes.
  /// - Returns: 0 for an empty field, nil for anything else.
  func number(_ field: Range<Int>) -> Int64? {
    let bytes = block[field]
    if let first = bytes.first, first & 0x80 != 0 {
      var value: Int64 = first & 0x40 != 0 ? -1 : 0
      for (index, byte) in bytes.enumerated() {
        let byte = index == 0 ? (first & 0x40 != 0 ? byte : byte & 0x7f) : byte
        let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
        if overflow { return nil }
        value = shifted | Int64(byte)
      }
      return value
    }
    let digits = bytes.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    var value: Int64 = 0
    for digit in digits {
      guard (48...55).contains(digit) else { return nil }
      value = value << 3 | Int64(digit - 48)
    }
    return value
  }
}
