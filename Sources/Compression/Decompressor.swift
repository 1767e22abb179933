internal import CZstd

/// Reads Zstandard frames, one or several in a row.
///
/// Keeps libzstd's working memory between calls. Not safe for concurrent use: one for each thread.
public final class Decompressor {
  private let context: OpaquePointer

  public init() throws(ZstdError) {
    guard let context = ZSTD_createDCtx() else {
      throw ZstdError(code: .failed, reason: "no memory for zstd")
    }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// The content of all frames in `frames`.
  /// - Parameter maximumLength: bytes; more is an error, so that a small object cannot fill the memory.
  /// - Throws: `.malformed` where a frame is damaged, cut short or followed by anything else; `.tooLong`.
  public func decompress(_ frames: [UInt8], maximumLength: Int) throws(ZstdError) -> [UInt8] {
    try frames.withUnsafeBufferPointer { (frames) throws(ZstdError) in
      try decompress(UnsafeRawBufferPointer(frames), maximumLength: maximumLength)
    }
  }

  /// The same, of frames that are not in an array.
  public func decompress(_ frames: UnsafeRawBufferPointer, maximumLength: Int) throws(ZstdError) -> [UInt8] {
    let length = try Self.contentLength(frames, maximumLength: maximumLength)
    var failure: ZstdError?
    let content = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      do throws(ZstdError) { count = try decompress(frames, into: UnsafeMutableRawBufferPointer(buffer)) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return content
  }

  /// Unpacks all frames in `frames`.
  /// - Parameter content: room for `contentLength` bytes.
  /// - Returns: how many bytes there are.
  /// - Throws: as the others.
  public func decompress(
    _ frames: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
  ) throws(ZstdError) -> Int {
    let result = ZSTD_decompressDCtx(context, content.baseAddress, content.count, frames.baseAddress, frames.count)
    guard ZSTD_isError(result) == 0 else {
      throw ZstdError(code: .malformed, reason: "zstd: \(String(cString: ZSTD_getErrorName(result)))")
    }
    return result
  }

  /// A frame of a row, where it stands and what it declares.
  public struct Frame: Sendable, Equatable {
    /// Of the row's bytes.
    public let range: Range<Int>
    /// Bytes of content.
    public let length: Int

    public init(range: Range<Int>, length: Int) {
      self.range = range
      self.length = length
    }
  }

  /// The frames of a row, found without unpacking them.
  /// - Parameters:
  ///   - maximumCount: frames; more are an error.
  ///   - maximumLength: bytes of content that one frame may have.
  /// - Throws: `.malformed` where the row has anything but whole frames that declare their size, `.tooLong`.
  public static func frames(
    in row: UnsafeRawBufferPointer, maximumCount: Int, maximumLength: Int
  ) throws(ZstdError) -> [Frame] {
    var frames: [Frame] = []
    var start = 0
    while start < row.count {
      let frame = UnsafeRawBufferPointer(rebasing: row[start...])
      let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
      let content = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
      guard ZSTD_isError(length) == 0, length > 0, content < UInt64.max - 1 else {
        throw ZstdError(code: .malformed, reason: "not a row of whole zstd frames that declare their size")
      }
      guard content <= UInt64(maximumLength) else {
        throw ZstdError(
          code: .tooLong, reason: "a frame holds \(content) bytes where at most \(maximumLength) are expected")
      }
      guard frames.count < maximumCount else {
        throw ZstdError(code: .tooLong, reason: "more than \(maximumCount) frames")
      }
      frames.append(Frame(range: start..<start + length, length: Int(content)))
      start += length
    }
    return frames
  }

  /// The same of a row in an array.
  public static func frames(
    in row: [UInt8], maximumCount: Int, maximumLength: Int
  ) throws(ZstdError) -> [Frame] {
    try row.withUnsafeBufferPointer { (row) throws(ZstdError) in
      try frames(in: UnsafeRawBufferPointer(row), maximumCount: maximumCount, maximumLength: maximumLength)
    }
  }

  /// The sum of what the frames' headers declare, in bytes.
  /// - Parameter maximumLength: bytes; more is an error.
  /// - Throws: `.malformed` where these are not whole frames, `.tooLong`.
  public static func contentLength(
    _ frames: UnsafeRawBufferPointer, maximumLength: Int
  ) throws(ZstdError) -> Int {
    var rest = frames[...]
    var total: UInt64 = 0
    while !rest.isEmpty {
      let frame = UnsafeRawBufferPointer(rebasing: rest)
      let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
      let content = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
      let (sum, overflow) = total.addingReportingOverflow(content)
      // ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR are the two highest values of the type.
      guard ZSTD_isError(length) == 0, length > 0, content < UInt64.max - 1, !overflow else {
        throw ZstdError(code: .malformed, reason: "not whole zstd frames that declare their size")
      }
      total = sum
      rest = rest.dropFirst(length)
    }
    guard total <= UInt64(maximumLength) else {
      throw ZstdError(code: .tooLong, reason: "holds \(total) bytes where at most \(maximumLength) are expected")
    }
    return Int(total)
  }
}
