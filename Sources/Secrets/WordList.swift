/// BIP-39's English words, found by their bytes. Each has 3 to 8 letters, so a word fits into 64 bits.
struct WordList: Sendable {
  static let shared = WordList()

  /// The longest word, in bytes.
  static let longest = 8
  /// The shortest word, in bytes.
  static let shortest = 3

  /// A bit for the hash of each word and label: most other words are ruled out by it alone.
  let filter: [UInt64]
  /// Open addressing by `slot`; 0 is free.
  private let keys: [UInt64]
  private let indexes: [UInt16]
  private let labels: Set<UInt64>

  /// What numbered lists and JSON call a word of a phrase.
  private static let labelNames = [
    "word", "words", "seed", "phrase", "mnemonic", "index", "number", "position", "pos", "key", "value", "item",
    "entry",
    "text", "name", "order", "span", "div",
  ]

  private static let slots = 8192

  private init() {
    var filter = [UInt64](repeating: 0, count: 1024)
    var keys = [UInt64](repeating: 0, count: Self.slots)
    var indexes = [UInt16](repeating: 0, count: Self.slots)
    for (index, word) in wordListText.split(whereSeparator: \.isWhitespace).enumerated() {
      let key = Self.key(word)
      filter[Self.filterBit(key) >> 6] |= 1 << UInt64(Self.filterBit(key) & 63)
      var slot = Self.slot(key)
      while keys[slot] != 0 { slot = (slot + 1) % Self.slots }
      keys[slot] = key
      indexes[slot] = UInt16(index)
    }
    labels = Set(Self.labelNames.map { Self.key($0[...]) })
    for key in labels { filter[Self.filterBit(key) >> 6] |= 1 << UInt64(Self.filterBit(key) & 63) }
    self.filter = filter
    self.keys = keys
    self.indexes = indexes
  }

  private static func key(_ word: Substring) -> UInt64 {
    word.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// 16 bits.
  @inline(__always) static func filterBit(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 48)
  }

  private static func slot(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> 51) }

  /// A word's place in the list.
  /// - Parameter key: its letters in lowercase, the first in the lowest byte.
  func index(of key: UInt64) -> UInt16? {
    var slot = Self.slot(key)
    while keys[slot] != 0 {
      if keys[slot] == key { return indexes[slot] }
      slot = (slot + 1) % Self.slots
    }
    return nil
  }

  func isLabel(_ key: UInt64) -> Bool { labels.contains(key) }
}
