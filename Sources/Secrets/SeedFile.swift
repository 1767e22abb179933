/// Files that hold 32 secret bytes and nothing else: as hexadecimal digits, or as they are.
enum SeedFile {
  /// A file that is longer is none.
  static let longest = 80

  /// - Parameters:
  ///   - content: the whole file.
  ///   - name: its last component.
  static func isSeed(_ content: UnsafeRawBufferPointer, name: some Collection<UInt8>) -> Bool {
    guard content.count >= 32, content.count <= longest, let ending = ending(name), endings.contains(ending) else {
      return false
    }
    if content.count == 32 { return binaryEndings.contains(ending) && content.contains { $0 < 32 || $0 > 126 } }
    var text = content[...]
    while let last = text.last, last <= 32 { text.removeLast() }
    while let first = text.first, first <= 32 { text.removeFirst() }
    if text.count == 66, text.first == UInt8(ascii: "0"), text.dropFirst().first.map({ $0 | 0x20 }) == UInt8(ascii: "x")
    {
      text = text.dropFirst(2)
    }
    return text.count == 64 && text.allSatisfy { isDigit($0) || ($0 | 0x20) &- 0x61 < 6 }
  }

  private static let endings: Set<String> = ["seed", "ed25519", "sk", "key", "secret", "priv", "private", "privkey"]
  private static let binaryEndings: Set<String> = ["seed", "ed25519", "sk"]

  /// What follows the last dot, or the whole name without one; in lowercase.
  private static func ending(_ name: some Collection<UInt8>) -> String? {
    var ending: [UInt8] = []
    for byte in name {
      if byte == UInt8(ascii: ".") { ending.removeAll() } else { ending.append(byte &- 65 < 26 ? byte | 32 : byte) }
      if ending.count > 255 { return nil }
    }
    return String(decoding: ending, as: UTF8.self)
  }
}
