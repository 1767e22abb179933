internal import Digests

/// The 256 numbers of the gear hash: one for each byte value.
public struct GearTable: Sendable, Equatable {
  let values: [UInt64]

  /// - Parameter values: exactly 256 numbers; they should look random.
  /// - Returns: nil for another count.
  public init?(_ values: [UInt64]) {
    guard values.count == 256 else { return nil }
    self.values = values
  }

  /// The table of a node: 64 blocks of HMAC-SHA-256 (RFC 2104) under `key` of the text `redoubt gear table` and the
  /// block's number as one byte; each block is four big-endian numbers.
  ///
  /// With a table that everyone knows, the lengths of a file's chunks are a fingerprint of its content: who sees lengths,
  /// for instance of volumes that hold little else, could recognize known files in encrypted storage. With a secret table
  /// cuts fall elsewhere on every node. The price: two nodes do not share chunks, which they never do anyway. It is a
  /// second line of defence, not encryption; the key needs no better protection than the index that holds it.
  /// - Parameter key: 32 random bytes, made once for a node and kept: another key cuts everything anew.
  public init(key: [UInt8]) {
    let label = Array("redoubt gear table".utf8)
    values = (0..<64).flatMap { (block: UInt8) -> [UInt64] in
      let digest = hmacSHA256(key: key, message: label + [block])
      return (0..<4).map { word in digest[word * 8..<word * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    }
  }
}
