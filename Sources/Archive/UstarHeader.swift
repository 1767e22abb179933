/// Fields of the 512-byte ustar header (POSIX.1-2017, pax, "ustar Interchange Format").
enum UstarHeader {
  static let blockSize = 512

  enum Field {
    static let name = 0..<100
    static let mode = 100..<108
    static let owner = 108..<116
    static let group = 116..<124
    static let size = 124..<136
    static let modified = 136..<148
    static let checksum = 148..<156
    static let type = 156
    static let linkName = 157..<257
    static let magic = 257..<263
    static let version = 263..<265
    static let ownerName = 265..<297
    static let groupName = 297..<329
    static let major = 329..<337
    static let minor = 337..<345
    static let prefix = 345..<500
  }

  /// The largest numbers of 7 and 11 octal digits.
  static let maximumShort: UInt64 = 0o7777777
  static let maximumLong: UInt64 = 0o77777777777

  /// Writes zero-padded octal digits and a NUL that fill the field; the number must fit.
  static func setOctal(_ value: UInt64, _ field: Range<Int>, _ block: UnsafeMutableRawBufferPointer) {
    var rest = value
    for index in field.dropLast().reversed() {
      block[index] = UInt8(ascii: "0") + UInt8(rest & 7)
      rest >>= 3
    }
    block[field.upperBound - 1] = 0
  }

  /// Copies as many bytes as the field holds.
  static func setBytes(_ bytes: some Collection<UInt8>, _ field: Range<Int>, _ block: UnsafeMutableRawBufferPointer) {
    for (index, byte) in zip(field, bytes) { block[index] = byte }
  }

  /// Sets magic and version, and last the checksum: six octal digits, a NUL, a blank.
  static func seal(_ block: UnsafeMutableRawBufferPointer) {
    setBytes("ustar\0".utf8, Field.magic, block)
    setBytes("00".utf8, Field.version, block)
    setOctal(UInt64(checksum(UnsafeRawBufferPointer(block))), 148..<155, block)
    block[155] = UInt8(ascii: " ")
  }

  /// The sum of all bytes, those of the checksum's own field taken as blanks.
  static func checksum(_ block: UnsafeRawBufferPointer) -> UInt32 {
    var sum: UInt32 = 0
    for byte in block { sum &+= UInt32(byte) }
    for index in Field.checksum { sum = sum &- UInt32(block[index]) &+ 32 }
    return sum
  }

  /// Bytes to the next full block.
  static func padding(_ size: UInt64) -> Int { Int((512 - size % 512) % 512) }
}
