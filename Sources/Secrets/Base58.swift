internal import Digests

/// Base58Check, as wallets write keys: a number in base 58 whose last four bytes are of the SHA-256 of the SHA-256 of the
/// rest.
enum Base58Check {
  /// Each character's value; 255 for those that have none.
  static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8.enumerated() {
      values[Int(character)] = UInt8(value)
    }
    return values
  }()

  /// - Parameter count: bytes of the number, checksum included.
  /// - Returns: what the checksum covers; nil where a character is none of base 58, the number needs more bytes, or the
  ///   checksum is wrong.
  static func decode(_ text: some Sequence<UInt8>, count: Int) -> [UInt8]? {
    var number = [UInt8](repeating: 0, count: count)
    for character in text {
      let value = values[Int(character)]
      guard value < 58 else { return nil }
      var carry = Int(value)
      for index in number.indices.reversed() {
        carry += Int(number[index]) * 58
        number[index] = UInt8(carry & 255)
        carry >>= 8
      }
      guard carry == 0 else { return nil }
    }
    let payload = Array(number.dropLast(4))
    let check = SHA256.digest(SHA256.digest(payload).bytes).bytes.prefix(4)
    return check.elementsEqual(number.suffix(4)) ? payload : nil
  }
}

/// What Base58Check holds where it is a private key.
enum WalletKeys {
  /// Wallet import format: 0x80 (Bitcoin, and Zcash and Flux with it) or 0xEF (their test networks), 32 bytes, and a 1
  /// where the public key is compressed (https://en.bitcoin.it/wiki/Wallet_import_format).
  static func isImportKey(_ text: some Sequence<UInt8>, length: Int) -> Bool {
    let count = length == 51 ? 37 : 38
    guard let payload = Base58Check.decode(text, count: count), payload[0] == 0x80 || payload[0] == 0xef else {
      return false
    }
    return count == 37 || payload[33] == 1
  }

  /// BIP-32's serialization of a private key: a version, 41 bytes of place and chain code, 0, and 32 bytes.
  static func isExtendedKey(_ text: some Sequence<UInt8>) -> Bool {
    guard let payload = Base58Check.decode(text, count: 82) else { return false }
    let version = payload.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return versions.contains(version) && payload[45] == 0
  }

  /// xprv, yprv, zprv, Yprv, Zprv and those of the test networks (SLIP-132).
  private static let versions: Set<UInt32> = [
    0x0488_ade4, 0x049d_7878, 0x04b2_430c, 0x0295_b005, 0x02aa_7a99,
    0x0435_8394, 0x044a_4e28, 0x045f_18bc, 0x0242_85b5, 0x0257_5048,
  ]
}
