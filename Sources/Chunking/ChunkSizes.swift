/// How long chunks may be and about how long they are, in bytes.
///
/// Only the last chunk of a file may be shorter than the minimum; none is longer than the maximum.
public struct ChunkSizes: Sendable, Equatable {
  public let minimum: Int
  /// A power of two. Chunks come out near it (normalized chunking), somewhat longer on average.
  public let average: Int
  public let maximum: Int

  /// 8, 32 and 128 KiB, for a manifest's own listing: a changed line costs one of these.
  public static let listing = ChunkSizes(trusted: (8 << 10, 32 << 10, 128 << 10))
  /// 64 KiB, 256 KiB and 1 MiB: a change costs about 600 KiB beside itself, and a terabyte has three to four million chunks.
  /// With four times these, 1 % of a 1 GiB file changed in ten places costs 3.2 % of it to send instead of 1.6 %.
  public static let standard = ChunkSizes(trusted: (64 << 10, 256 << 10, 1 << 20))

  /// The limits: below 256 bytes the masks have too few bits for normalization; the largest maximum is what the reference
  /// implementation allows too (fastcdc-rs, `MAXIMUM_MAX`), and half of a volume by default.
  public static let minimumRange = 64...(4 << 20)
  public static let averageRange = 256...(4 << 20)
  public static let maximumRange = 1024...(16 << 20)

  /// - Parameters:
  ///   - minimum: 64 bytes to 4 MiB, less than `average`.
  ///   - average: a power of two, 256 bytes to 4 MiB.
  ///   - maximum: 1 KiB to 16 MiB, more than `average`.
  /// - Throws: `ChunkSizeError` for anything else.
  public init(minimum: Int, average: Int, maximum: Int) throws(ChunkSizeError) {
    try Self.check("minimum", minimum, Self.minimumRange)
    try Self.check("average", average, Self.averageRange)
    try Self.check("maximum", maximum, Self.maximumRange)
    guard average.nonzeroBitCount == 1 else {
      throw ChunkSizeError(
        .notAPowerOfTwo, "average chunk size \(average) is not a power of two",
        hint: "take \(Self.nearestPower(average))")
    }
    guard minimum < average, average < maximum else {
      throw ChunkSizeError(
        .order, "chunk sizes \(minimum), \(average), \(maximum) do not rise from minimum to average to maximum",
        hint: "a quarter of the average and four times the average are good bounds")
    }
    self.init(trusted: (minimum, average, maximum))
  }

  private init(trusted sizes: (Int, Int, Int)) { (minimum, average, maximum) = sizes }

  private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(ChunkSizeError) {
    guard range.contains(value) else {
      throw ChunkSizeError(
        .outOfRange, "\(name) chunk size \(value) is out of range",
        hint: "choose between \(range.lowerBound) and \(range.upperBound) bytes")
    }
  }

  private static func nearestPower(_ value: Int) -> Int {
    let below = 1 << (Int.bitWidth - 1 - value.leadingZeroBitCount)
    return value - below < 2 * below - value ? below : 2 * below
  }
}

/// Chunk sizes that cannot be.
public struct ChunkSizeError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable { case outOfRange, notAPowerOfTwo, order }

  public let code: Code
  public let reason: String
  /// How to mend it.
  public let hint: String

  init(_ code: Code, _ reason: String, hint: String) {
    self.code = code
    self.reason = reason
    self.hint = hint
  }

  public var description: String { reason }
}
