/// Finds mnemonics: words of the list one after the other, whatever stands between them, whose checksum holds.
///
/// Between two words there may be up to 64 bytes that are no letters; letters as escapes (`\n`), tags (`<li>`) and single
/// ones beside a digit (`w1`, `1st`); and labels (`word 1: …`, `"word": …`). All that is the same between most of
/// the words, but for digits and space: that tells a list of words from a sentence or a program. Words that are numbered
/// from 1 in another order than the text's are read by their numbers.
struct MnemonicSearch {
  private let list = WordList.shared
  private let checksum = MnemonicChecksum()
  /// As the words stand there.
  private var plain = WordRing()
  /// Without those that look like labels.
  private var unlabeled = WordRing()

  private static let longestSeparator = 64
  /// The letters of one token or label that are looked at: a longer one is no word.
  private static let longestToken = 12

  private enum Token {
    case word(UInt16, isLabel: Bool)
    case filler
    case stop
  }

  /// Looks at the words around a position.
  /// - Parameters:
  ///   - first: where no mnemonic can have begun before.
  /// - Returns: where the first mnemonic begins, and up to where the window has been looked at.
  mutating func search(_ window: ScanWindow, at position: Int, notBefore first: Int) -> (start: Int?, end: Int) {
    plain.removeAll()
    unlabeled.removeAll()
    var position = beginning(window, position, first)
    var number = 0
    var length = 0
    while position < window.bytes.count {
      let byte = window[position]
      guard isLetter(byte) else {
        if isDigit(byte) {
          let isFirst = position == 0 || !isDigit(window[position - 1])
          number = isFirst ? Int(byte - 48) : min(number * 10 + Int(byte - 48), 1000)
        }
        length += 1
        if length > Self.longestSeparator { return (nil, position) }
        separate(byte)
        position += 1
        continue
      }
      length = 0
      let token = tokenRange(window, startingAt: position)
      // Its rest comes with the next window.
      if token.upperBound == window.bytes.count, !window.isLast { return (nil, position) }
      if token.lowerBound > position { separate(byte) }
      position = token.upperBound
      let start = token.lowerBound
      switch classify(window, token) {
      case .stop: return (nil, position)
      case .filler:
        // The letters of 1st and 2nd are as good as none.
        if start == 0 || !isDigit(window[start - 1]) { for byte in window.bytes[token] { separate(byte) } }
      case .word(let index, let isLabel):
        if plain.append(index, at: start, number: number, checksum) { return (plain.start, position) }
        if isLabel {
          for byte in window.bytes[token] { unlabeled.separate(byte) }
          continue
        }
        if unlabeled.append(index, at: start, number: number, checksum) { return (unlabeled.start, position) }
        number = 0
      }
    }
    return (nil, position)
  }

  private mutating func separate(_ byte: UInt8) {
    plain.separate(byte)
    unlabeled.separate(byte)
  }

  /// Where the run of words around a position begins, as far as that matters.
  private func beginning(_ window: ScanWindow, _ position: Int, _ first: Int) -> Int {
    let limit = max(first, position - ScanWindow.reach)
    var position = position
    while position > limit, isLetter(window[position - 1]), isLetter(window[min(position, window.bytes.count - 1)]) {
      position -= 1
    }
    var start = position
    while true {
      var end = start
      while end > limit, !isLetter(window[end - 1]), start - end <= Self.longestSeparator { end -= 1 }
      guard end > limit, start - end <= Self.longestSeparator else { return start }
      var begin = end
      while begin > limit, isLetter(window[begin - 1]), end - begin <= Self.longestToken { begin -= 1 }
      let token = tokenRange(window, startingAt: begin)
      if case .stop = classify(window, token) { return start }
      start = begin
    }
  }

  /// The letters from a position on; without the letter of an escape.
  private func tokenRange(_ window: ScanWindow, startingAt start: Int) -> Range<Int> {
    var end = start
    while end < window.bytes.count, isLetter(window[end]) { end += 1 }
    let isEscape = start > 0 && window[start - 1] == UInt8(ascii: "\\")
    return (isEscape ? start + 1 : start)..<end
  }

  private func classify(_ window: ScanWindow, _ token: Range<Int>) -> Token {
    if token.isEmpty { return .filler }
    let before = token.lowerBound > 0 ? window[token.lowerBound - 1] : 0
    if before == UInt8(ascii: "<") { return .filler }
    if before == UInt8(ascii: "/"), token.lowerBound > 1, window[token.lowerBound - 2] == UInt8(ascii: "<") {
      return .filler
    }
    if token.count < WordList.shortest {
      let after = token.upperBound < window.bytes.count ? window[token.upperBound] : 0
      return isDigit(before) || isDigit(after) || after == UInt8(ascii: "_") ? .filler : .stop
    }
    guard token.count <= WordList.longest else { return .stop }
    let key = token.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(window[$1] | 0x20) }
    let isLabel = list.isLabel(key) && isFollowedAsLabel(window, token.upperBound)
    if let index = list.index(of: key) { return .word(index, isLabel: isLabel) }
    return isLabel ? .filler : .stop
  }

  /// Whether a number, a colon or an equals sign follows.
  private func isFollowedAsLabel(_ window: ScanWindow, _ position: Int) -> Bool {
    for byte in window.bytes[min(position, window.bytes.count)...].prefix(4) {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "="): return true
      case UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "#"), UInt8(ascii: "\""),
        UInt8(ascii: "'"), UInt8(ascii: "["):
        continue
      default: return false
      }
    }
    return false
  }
}
