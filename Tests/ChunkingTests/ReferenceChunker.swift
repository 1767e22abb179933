/// FastCDC straight from the pseudocode of the 2016 paper (algorithm 1, "FastCDC8KB"), a byte a step, written without a look
/// at `Chunker`. Masks are found by their number of one bits in a list of their own.
struct ReferenceChunker {
  let minimum: Int
  let normal: Int
  let maximum: Int
  let gear: [UInt64]
  let small: UInt64
  let large: UInt64

  /// The published masks (fastcdc-rs, `src/v2020/mod.rs`), by their number of one bits.
  static let masks: [Int: UInt64] = [
    6: 0x1803110, 7: 0x18035100, 8: 0x1800035300, 9: 0x19000353000, 10: 0x5900_0353_0000, 11: 0xd900_0353_0000,
    12: 0xd901_0353_0000, 13: 0xd903_0353_0000, 14: 0xd903_1353_0000, 15: 0xd90f_0353_0000, 16: 0xd903_0353_7000,
    17: 0xd907_0353_7000, 18: 0xd907_0753_7000, 19: 0xd917_0753_7000, 20: 0xd917_4753_7000, 21: 0xd917_6753_7000,
    22: 0xd937_6753_7000, 23: 0xd937_7753_7000, 24: 0xd937_7757_7000,
  ]

  init(_ minimum: Int, _ normal: Int, _ maximum: Int, _ gear: [UInt64], level: Int = 2) {
    (self.minimum, self.normal, self.maximum, self.gear) = (minimum, normal, maximum, gear)
    var bits = 0
    while 1 << bits < normal { bits += 1 }
    small = Self.masks[bits + level] ?? 0
    large = Self.masks[bits - level] ?? 0
  }

  func cut(_ source: ArraySlice<UInt8>) -> (length: Int, hash: UInt64) {
    var fingerprint: UInt64 = 0
    var n = source.count
    var normalSize = normal
    if n <= minimum { return (n, 0) }
    if n >= maximum { n = maximum } else if n <= normalSize { normalSize = n }
    var i = minimum
    while i < n {
      fingerprint = (fingerprint << 1) &+ gear[Int(source[source.startIndex + i])]
      if fingerprint & (i < normalSize ? small : large) == 0 { return (i, fingerprint) }
      i += 1
    }
    return (i, fingerprint)
  }

  func lengths(_ data: [UInt8]) -> [Int] {
    var lengths: [Int] = []
    var rest = data[...]
    while !rest.isEmpty {
      let length = cut(rest).length
      lengths.append(length)
      rest = rest.dropFirst(length)
    }
    return lengths
  }
}
