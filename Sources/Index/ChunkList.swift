/// A chunk's number in a set: never used again for another chunk.
public struct ChunkID: Hashable, Sendable, Comparable {
  public let number: Int64

  public init(number: Int64) { self.number = number }

  public static func < (one: ChunkID, other: ChunkID) -> Bool { one.number < other.number }
}

/// A file's chunks in order, as the index keeps them: each number as its difference from the one before, zigzag and
/// base 128, low bits first. Chunks that were made together take a byte each.
enum ChunkList {
  static func encode(_ chunks: [ChunkID]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(chunks.count + 8)
    var last: Int64 = 0
    for chunk in chunks {
      let step = chunk.number &- last
      var rest = UInt64(bitPattern: (step << 1) ^ (step >> 63))
      while rest > 0x7F {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
      last = chunk.number
    }
    return bytes
  }

  /// - Returns: nil where the bytes are no such list.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> [ChunkID]? {
    var chunks: [ChunkID] = []
    var last: Int64 = 0
    var value: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      guard shift < 64 else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 != 0 { continue }
      last = last &+ (Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1))
      chunks.append(ChunkID(number: last))
      value = 0
      shift = 0
    }
    return shift == 0 ? chunks : nil
  }
}
