/// The last words of a run, as many as the longest mnemonic has.
struct WordRing {
  private struct Word {
    var index: UInt16
    var start: Int
    /// The number before it in the text; 0 for none.
    var number: Int
    /// A hash of what stands between it and the word before.
    var separator: UInt32
  }

  private var words: [Word] = []
  private var separator: UInt32 = 0
  /// Hashes of words whose checksum doesn't hold: those that repeat without end are refused once.
  private var refused: [UInt64] = [UInt64](repeating: 0, count: 256)
  /// Where the mnemonic that `append` found begins.
  private(set) var start = 0

  mutating func removeAll() {
    words.removeAll(keepingCapacity: true)
    separator = 0
  }

  /// Takes a byte that stands between two words. Digits and space don't count.
  mutating func separate(_ byte: UInt8) {
    if byte > 32, !isDigit(byte) {
      separator = (separator ^ UInt32(isLetter(byte) ? byte | 0x20 : byte)) &* 0x0100_0193 &+ 1
    }
  }

  /// - Returns: whether a mnemonic ends with this word.
  mutating func append(_ index: UInt16, at start: Int, number: Int, _ checksum: MnemonicChecksum) -> Bool {
    if words.count == 24 * 8 { words.removeFirst(24 * 7) }
    words.append(Word(index: index, start: start, number: number, separator: separator))
    separator = 0
    for length in MnemonicChecksum.lengths where words.count >= length {
      let last = words.suffix(length)
      guard Self.isRegular(last), Self.isVaried(last), !Self.isWordList(last), holds(last, checksum) else { continue }
      self.start = last.lazy.map(\.start).min() ?? start
      return true
    }
    return false
  }

  private mutating func holds(_ last: ArraySlice<Word>, _ checksum: MnemonicChecksum) -> Bool {
    if let numbered = Self.numbered(last), checksum.holds(numbered) { return true }
    let digest = last.reduce(UInt64(last.count)) { ($0 ^ UInt64($1.index)) &* 0x100_0000_01b3 } | 1
    if refused[Int(digest >> 24 & 255)] == digest { return false }
    if checksum.holds(last.lazy.map(\.index)) { return true }
    refused[Int(digest >> 24 & 255)] = digest
    return false
  }

  /// Whether the same stands between the words, but for a sixth of them: lists are broken into lines and groups.
  private static func isRegular(_ last: ArraySlice<Word>) -> Bool {
    let gaps = last.dropFirst()
    let limit = last.count / 6
    return gaps.prefix(limit + 1).contains { candidate in
      var odd = 0
      for word in gaps where word.separator != candidate.separator { odd += 1 }
      return odd <= limit
    }
  }

  /// The words by their numbers, where these are 1 and so on in an order that is not the text's.
  private static func numbered(_ last: ArraySlice<Word>) -> [UInt16]? {
    var ordered = [UInt16](repeating: 0, count: last.count)
    var seen: UInt32 = 0
    var isInOrder = true
    for (place, word) in last.enumerated() {
      guard (1...last.count).contains(word.number) else { return nil }
      seen |= 1 << UInt32(word.number - 1)
      ordered[word.number - 1] = word.index
      if word.number != place + 1 { isInOrder = false }
    }
    return seen == (1 << UInt32(last.count)) - 1 && !isInOrder ? ordered : nil
  }

  /// Whether there are eight words at least, as in all but one of 10^11 mnemonics; tables of a few words have less. A word
  /// that is repeated up to the last one, as in the best known example, counts nevertheless.
  private static func isVaried(_ last: ArraySlice<Word>) -> Bool {
    guard let first = last.first?.index else { return false }
    var distinct = 0
    var repeated = 0
    for place in last.indices {
      let index = last[place].index
      if index == first { repeated += 1 }
      if !last[..<place].contains(where: { $0.index == index }) { distinct += 1 }
    }
    return distinct >= 8 || (repeated == last.count - 1 && last.last?.index != first)
  }

  /// Whether the words are a piece of a sorted list, begun anew once at most: the word list itself and its like. Twelve
  /// words drawn by lot are so once in 100,000 times, fifteen once in 40 million.
  private static func isWordList(_ last: ArraySlice<Word>) -> Bool {
    var steps = 0
    for place in last.indices.dropFirst() where last[place - 1].index >= last[place].index { steps += 1 }
    return steps <= 1
  }
}
