internal import Digests

/// BIP-39: the words' 11 bits each are 32 bits of entropy, or a multiple, and a bit of its SHA-256 for each 32.
struct MnemonicChecksum {
  /// Numbers of words that a mnemonic may have.
  static let lengths = [12, 15, 18, 21, 24]

  private let hash = SHA256()

  /// - Parameter words: places in the word list, as many as `lengths` has.
  func holds(_ words: some Sequence<UInt16>) -> Bool {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(33)
    var bits: UInt32 = 0
    var bitCount = 0
    var count = 0
    for word in words {
      bits = bits << 11 | UInt32(word)
      bitCount += 11
      while bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
      bits &= (1 << UInt32(bitCount)) - 1
      count += 1
    }
    guard Self.lengths.contains(count) else { return false }
    // 4 to 8 bits of checksum: with 24 words the last byte, else what is left over.
    let checkLength = count / 3
    let check: UInt8
    if checkLength == 8 { check = bytes.removeLast() } else { check = UInt8(truncatingIfNeeded: bits) }
    hash.update(bytes)
    return hash.finish().bytes[0] >> UInt8(8 - checkLength) == check
  }
}
