/// Tells, for most places of ordinary files within nanoseconds, that neither a mnemonic nor a long token covers them.
///
/// Looked at are 32 bytes at every 32nd. A mnemonic has 47 bytes at least, so at one of these places three of its words
/// follow each other, or follow after separators; and a token of 51 letters and digits covers the first 16 bytes of one.
enum SampleFilter {
  /// Between two samples, in bytes.
  static let stride = 32

  struct Answer {
    /// Words of the list seem to follow.
    var words: Bool
    /// 16 letters and digits follow.
    var token: Bool
  }

  /// - Parameters:
  ///   - place: 32 bytes and one before them are readable.
  ///   - filter: `WordList.filter`.
  @inline(__always)
  static func look(_ place: UnsafeRawPointer, _ filter: UnsafePointer<UInt64>) -> Answer {
    let first = ByteLanes(place)
    let second = ByteLanes(place + 8)
    let letters = (first.letters, second.letters, ByteLanes(place + 16).letters, ByteLanes(place + 24).letters)
    let token = (letters.0 | first.digits) & (letters.1 | second.digits) == ByteLanes.all
    let mask =
      ByteLanes.bits(letters.0) | ByteLanes.bits(letters.1) << 8 | ByteLanes.bits(letters.2) << 16
      | ByteLanes.bits(letters.3) << 24
    return Answer(words: hasWords(place, mask, filter), token: token)
  }

  @inline(__always)
  private static func hasWords(
    _ place: UnsafeRawPointer, _ mask: UInt32, _ filter: UnsafePointer<UInt64>
  ) -> Bool {
    var rest = mask
    var position = 0
    // What began before belongs to the place before.
    if mask & 1 == 1, isLetter(place.load(fromByteOffset: -1, as: UInt8.self)) {
      position = (~mask).trailingZeroBitCount
      rest = position < 32 ? mask >> UInt32(position) : 0
    }
    var words = 0
    var short = 0
    while rest != 0 {
      let gap = rest.trailingZeroBitCount
      rest >>= UInt32(gap)
      position += gap
      var length = (~rest).trailingZeroBitCount
      if position + length >= 32 { return true }
      rest >>= UInt32(length)
      var start = position
      position += length
      // `\n` in the text of a string: its letter belongs to the separator.
      if place.load(fromByteOffset: start - 1, as: UInt8.self) == UInt8(ascii: "\\") {
        start += 1
        length -= 1
      }
      if length < WordList.shortest {
        short += 1
        if short > 4 { return false }
        continue
      }
      guard length <= WordList.longest else { return false }
      let bit = WordList.filterBit(wordKey(place + start, length))
      guard filter[bit >> 6] >> UInt64(bit & 63) & 1 == 1 else { return false }
      words += 1
      if words == 3 { return true }
    }
    return words > 0
  }

  /// A word's letters in lowercase as `WordList` has them.
  /// - Parameters:
  ///   - word: 8 bytes are readable there.
  ///   - length: 1 to 8.
  @inline(__always) static func wordKey(_ word: UnsafeRawPointer, _ length: Int) -> UInt64 {
    let letters = UInt64(littleEndian: word.loadUnaligned(as: UInt64.self)) | 0x2020_2020_2020_2020
    return letters & (.max >> UInt64(64 - 8 * length))
  }
}
