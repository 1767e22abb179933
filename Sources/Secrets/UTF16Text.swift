/// UTF-16 text, told by its byte order mark, as bytes that can be searched: a byte for each unit, its character where that
/// is ASCII.
struct UTF16Text {
  private let isBigEndian: Bool
  /// The first byte of a unit whose second one has not come.
  private var half: UInt8?

  /// - Parameter mark: a file's first two bytes.
  /// - Returns: nil where they are no byte order mark.
  init?(_ mark: (UInt8, UInt8)) {
    switch mark {
    case (0xff, 0xfe): isBigEndian = false
    case (0xfe, 0xff): isBigEndian = true
    default: return nil
    }
  }

  mutating func narrow(_ bytes: some Sequence<UInt8>, _ append: (UInt8) -> Void) {
    for byte in bytes {
      guard let first = half else {
        half = byte
        continue
      }
      let (high, low) = isBigEndian ? (first, byte) : (byte, first)
      append(high == 0 && low < 0x80 ? low : 0x80)
      half = nil
    }
  }
}
