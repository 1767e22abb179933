internal import CZstd

/// Makes independent Zstandard frames (RFC 8878), each with its content's size and an XXH64 checksum.
///
/// Keeps libzstd's working memory between frames. Not safe for concurrent use: one for each thread.
public final class Compressor {
  private let context: OpaquePointer

  /// - Parameter level: 1 (fastest) to 19 (smallest), as `zstd -1` to `zstd -19`.
  public init(level: Int) throws(ZstdError) {
    guard let context = ZSTD_createCCtx() else {
      throw ZstdError(code: .failed, reason: "no memory for zstd")
    }
    self.context = context
    for (parameter, value) in [
      (ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_checksumFlag, 1), (ZSTD_c_contentSizeFlag, 1),
    ] {
      let result = ZSTD_CCtx_setParameter(context, parameter, value)
      guard ZSTD_isError(result) == 0 else {
        throw ZstdError(code: .failed, reason: "zstd: \(String(cString: ZSTD_getErrorName(result)))")
      }
    }
  }

  deinit { ZSTD_freeCCtx(context) }

  /// The most bytes that a frame of `count` bytes of content takes.
  public static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Makes one whole frame that holds `content`.
  /// - Parameter frame: room for `bound(content.count)` bytes.
  /// - Returns: the frame's length in bytes.
  public func compress(
    _ content: UnsafeRawBufferPointer, into frame: UnsafeMutableRawBufferPointer
  ) throws(ZstdError) -> Int {
    let result = ZSTD_compress2(context, frame.baseAddress, frame.count, content.baseAddress, content.count)
    guard ZSTD_isError(result) == 0 else {
      throw ZstdError(code: .failed, reason: "zstd: \(String(cString: ZSTD_getErrorName(result)))")
    }
    return result
  }

  /// One whole frame that holds `content`.
  public func compress(_ content: [UInt8]) throws(ZstdError) -> [UInt8] {
    var failure: ZstdError?
    let frame = [UInt8](unsafeUninitializedCapacity: Self.bound(content.count)) { buffer, count in
      do throws(ZstdError) {
        count = try content.withUnsafeBufferPointer { (bytes) throws(ZstdError) in
          try compress(UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(buffer))
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return frame
  }
}
