/// Finds keys that are one long token of letters and digits: WIF, extended private keys, age's.
struct TokenSearch {
  /// The longest one: xprv and its kin.
  private static let longest = 111
  /// WIF of an uncompressed key.
  private static let shortest = 51

  /// Looks at the token around a position.
  /// - Returns: what it is, and where; and up to where the window has been looked at.
  func search(_ window: ScanWindow, at position: Int) -> (kind: SecretKind?, start: Int, end: Int) {
    var start = position
    while start > 0, position - start <= Self.longest, isAlphanumeric(window[start - 1]) { start -= 1 }
    var end = position
    while end < window.bytes.count, end - position <= Self.longest, isAlphanumeric(window[end]) { end += 1 }
    let limit = end
    // `\n` in the text of a string.
    if start > 0, window[start - 1] == UInt8(ascii: "\\") { start += 1 }
    guard (Self.shortest...Self.longest).contains(end - start) else { return (nil, start, limit) }
    return (kind(window, start..<end), start, limit)
  }

  private func kind(_ window: ScanWindow, _ token: Range<Int>) -> SecretKind? {
    let text = window.bytes[token]
    switch token.count {
    case 51, 52:
      // What the versions make of the first character.
      guard "5KL9c".utf8.contains(window[token.lowerBound]) else { return nil }
      return WalletKeys.isImportKey(text, length: token.count) ? .importKey : nil
    case 59:
      guard window.has("AGE-SECRET-KEY-1", at: token.lowerBound - 15) else { return nil }
      return Bech32.holds(prefix: "age-secret-key-", data: text.dropFirst()) ? .ageKey : nil
    case 111:
      guard window.has("prv", at: token.lowerBound + 1) else { return nil }
      return WalletKeys.isExtendedKey(text) ? .extendedKey : nil
    default: return nil
    }
  }

  @inline(__always) private func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
