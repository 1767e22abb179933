/// Questions to eight bytes at once, in a word that was loaded from little-endian memory. The answer for each byte is its
/// highest bit.
struct ByteLanes {
  private let word: UInt64
  /// With letters in lowercase; what else that moves is no digit or letter before and after, but for control characters.
  private let folded: UInt64

  static let all: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) init(_ pointer: UnsafeRawPointer) {
    word = UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    folded = (word | 0x2020_2020_2020_2020) & 0x7f7f_7f7f_7f7f_7f7f
  }

  // Added is what lifts a range's first byte, or the first one after it, to 0x80.

  /// ASCII letters.
  @inline(__always) var letters: UInt64 {
    (folded &+ 0x1f1f_1f1f_1f1f_1f1f) & ~(folded &+ 0x0505_0505_0505_0505) & ~word & Self.all
  }

  /// ASCII digits, and the control characters 16 to 25.
  @inline(__always) var digits: UInt64 {
    (folded &+ 0x5050_5050_5050_5050) & ~(folded &+ 0x4646_4646_4646_4646) & ~word & Self.all
  }

  /// The answers as eight bits, the first byte's lowest.
  @inline(__always) static func bits(_ lanes: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: ((lanes >> 7) &* 0x0102_0408_1020_4080) >> 56)
  }
}

@inline(__always) func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
@inline(__always) func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
