/// A checksum over a row: SQLite notices damage to its own structure, not to what the rows say, and a flipped bit in a
/// chunk's number would let a snapshot refer to other content. Against accidents only.
struct RowChecksum {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15  // 2^64 divided by the golden ratio

  mutating func add(_ value: Int64) { mix(UInt64(bitPattern: value)) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    mix(UInt64(bytes.count))
    var position = 0
    while position &+ 8 <= bytes.count {
      mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
      position &+= 8
    }
    var rest: UInt64 = 0
    while position < bytes.count {
      rest = rest << 8 | UInt64(bytes[position])
      position &+= 1
    }
    mix(rest)
  }

  mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// Multiplying by an odd number and folding the high half down loses nothing, so that any single change shows.
  @inline(__always)
  private mutating func mix(_ word: UInt64) {
    state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD  // the first constant of MurmurHash3's finalizer
    state ^= state >> 32
  }

  var value: Int64 { Int64(bitPattern: state) }
}
