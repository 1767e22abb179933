/// Blocks and bodies out of pieces that come from a closure. One thread at a time.
struct ByteSource {
  private let pull: () throws -> [UInt8]?
  private var piece: [UInt8] = []
  private var next = 0
  private var isAtEnd = false
  /// Bytes taken so far.
  private(set) var position: UInt64 = 0

  init(_ pull: @escaping () throws -> [UInt8]?) { self.pull = pull }

  /// - Returns: false at the end.
  private mutating func fill() throws -> Bool {
    while next == piece.count {
      if isAtEnd { return false }
      guard let more = try pull() else {
        isAtEnd = true
        return false
      }
      piece = more
      next = 0
    }
    return true
  }

  /// Appends exactly `count` bytes to `buffer`.
  /// - Returns: how many there were; fewer only at the stream's end.
  mutating func read(_ count: Int, into buffer: inout [UInt8]) throws -> Int {
    var missing = count
    while missing > 0, try fill() {
      let taken = min(missing, piece.count - next)
      buffer.append(contentsOf: piece[next..<(next + taken)])
      advance(taken)
      missing -= taken
    }
    return count - missing
  }

  /// - Returns: what is at hand, at most `limit` bytes; nil at the end.
  mutating func some(limit: UInt64) throws -> ArraySlice<UInt8>? {
    guard try fill() else { return nil }
    let taken = Int(min(limit, UInt64(piece.count - next)))
    defer { advance(taken) }
    return piece[next..<(next + taken)]
  }

  /// - Returns: false where the stream ends before that.
  mutating func skip(_ count: UInt64) throws -> Bool {
    var missing = count
    while missing > 0 {
      guard let bytes = try some(limit: missing) else { return false }
      missing -= UInt64(bytes.count)
    }
    return true
  }

  private mutating func advance(_ count: Int) {
    next += count
    position += UInt64(count)
  }
}
