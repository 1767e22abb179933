/// Why a Zstandard frame could not be written or read.
public struct ZstdError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The bytes are not a whole, valid sequence of frames (RFC 8878).
    case malformed
    /// The content is longer than the caller allows.
    case tooLong
    /// The library could not do it (no memory left).
    case failed
  }
  public let code: Code
  public let reason: String

  public var description: String { reason }
}
