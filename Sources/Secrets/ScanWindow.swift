/// A part of a file in memory, with what lies around the part that is to be searched now.
struct ScanWindow {
  let bytes: UnsafeRawBufferPointer
  /// Where the file's part begins: bytes from the file's start.
  let offset: UInt64
  /// Positions in `bytes` at which a secret may begin, or that it covers; the others had their turn, or come later.
  let anchors: Range<Int>
  /// Whether the file ends where `bytes` do.
  let isLast: Bool

  /// How far a secret may reach beyond an anchor, and how far before one it may begin, in bytes.
  static let reach = 4096

  @inline(__always) subscript(position: Int) -> UInt8 { bytes[position] }

  /// Whether `text` begins at a position, which may lie outside.
  func has(_ text: StaticString, at position: Int) -> Bool {
    guard position >= 0, position + text.utf8CodeUnitCount <= bytes.count else { return false }
    for index in 0..<text.utf8CodeUnitCount where bytes[position + index] != text.utf8Start[index] { return false }
    return true
  }
}
