/// A SHA-256 digest (FIPS 180-4): 32 bytes, written as 64 lowercase hexadecimal digits.
public struct SHA256Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The digest's bytes as four big-endian words, so that comparison follows the bytes' order.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// - Returns: nil unless `bytes` has exactly 32 elements.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (position, byte) in bytes.enumerated() {
      words[position / 8] = words[position / 8] << 8 | UInt64(byte)
    }
    self.words = (words[0], words[1], words[2], words[3])
  }

  /// Reads 64 hexadecimal digits of either case.
  /// - Returns: nil for anything else.
  public init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The same of text in UTF-8, in a tenth of the time.
  public init?(hex digits: UnsafeBufferPointer<UInt8>) {
    guard digits.count == 64 else { return nil }
    func word(_ number: Int) -> UInt64? {
      var word: UInt64 = 0
      for position in number * 16..<number * 16 + 16 {
        let byte = digits[position]
        let digit: UInt8
        switch byte {
        case 48...57: digit = byte - 48
        case 65...70: digit = byte - 55
        case 97...102: digit = byte - 87
        default: return nil
        }
        word = word << 4 | UInt64(digit)
      }
      return word
    }
    guard let first = word(0), let second = word(1), let third = word(2), let fourth = word(3) else { return nil }
    self.init(words: (first, second, third, fourth))
  }

  /// The digest's bytes as they stand in memory.
  init(bigEndian words: (UInt64, UInt64, UInt64, UInt64)) {
    self.init(words: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian))
  }

  /// 32 zero bytes: what a catalog's first record names as the line before it.
  public static let zero = SHA256Digest(words: (0, 0, 0, 0))

  private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    return bytes
  }

  public var hex: String { Hex.encode(bytes) }
  public var description: String { hex }

  public static func == (one: SHA256Digest, other: SHA256Digest) -> Bool { one.words == other.words }
  public static func < (one: SHA256Digest, other: SHA256Digest) -> Bool { one.words < other.words }
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
