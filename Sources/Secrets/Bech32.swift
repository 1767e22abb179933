/// Bech32's checksum (BIP-173), as age(1) writes its keys.
enum Bech32 {
  private static let characters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
  private static let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]

  /// - Parameters:
  ///   - prefix: the human-readable part, in lowercase.
  ///   - data: what follows its separator, in either case.
  static func holds(prefix: String, data: some Sequence<UInt8>) -> Bool {
    var sum: UInt32 = 1
    func take(_ value: UInt8) {
      let top = sum >> 25
      sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
      for bit in 0..<5 where top >> UInt32(bit) & 1 == 1 { sum ^= generator[bit] }
    }
    for byte in prefix.utf8 { take(byte >> 5) }
    take(0)
    for byte in prefix.utf8 { take(byte & 31) }
    for byte in data {
      guard let value = characters.firstIndex(of: isLetter(byte) ? byte | 0x20 : byte) else { return false }
      take(UInt8(value))
    }
    return sum == 1
  }
}
