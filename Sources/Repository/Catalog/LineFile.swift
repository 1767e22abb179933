internal import Files
internal import Glibc

/// A file of lines, read with a buffer of bounded size. Any thread may use it, several at a time.
final class LineFile: Sendable {
  /// How long a line may be: a record has a hundred findings at most.
  static let lengthLimit = 64 << 20
  private static let bufferSize = 1 << 18

  private let path: String
  private let file: Int32

  init(_ path: String) throws(FileError) {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError("open", path, .current) }
  }

  deinit { close(file) }

  /// - Returns: how many bytes the whole lines take, and what stands behind them, at most `lengthLimit` of it.
  func ends() throws(FileError) -> (size: Int, rest: [UInt8]) {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileError("stat", path, .current) }
    let length = Int(status.st_size)
    var size = length
    while size > 0 {
      let start = max(0, size - Self.bufferSize)
      let piece = try read(start..<size)
      if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) {
        size = start + newline + 1
        break
      }
      size = start
    }
    return (size, try read(size..<min(length, size + Self.lengthLimit)))
  }

  /// Calls `body` for each line, without its newline, that begins in `range`; with nil for one that is too long.
  /// - Parameter body: returns false to end it. The bytes are good until it returns.
  func forEachLine(
    beginningIn range: Range<Int>, _ body: (UnsafeRawBufferPointer?) -> Bool
  ) throws(FileError) {
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    var filled = 0
    // Where the buffer's first byte stands in the file. A line begins where the one before has ended, and that one's
    // newline may be the first byte before the range.
    var offset = max(0, range.lowerBound - 1)
    var isWithin = range.lowerBound == 0
    while offset < range.upperBound {
      if filled == buffer.count {
        guard buffer.count < Self.lengthLimit else {
          _ = body(nil)
          return
        }
        buffer += [UInt8](repeating: 0, count: buffer.count)
      }
      let count = try read(into: &buffer, from: filled, at: offset + filled)
      if count == 0 { return }
      filled += count
      var start = 0
      let goesOn = buffer.withUnsafeBytes { bytes in
        while offset + start < range.upperBound || !isWithin, let base = bytes.baseAddress,
          let newline = memchr(base + start, 10, filled - start)
        {
          let end = newline - UnsafeMutableRawPointer(mutating: base)
          if isWithin, !body(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { return false }
          isWithin = true
          start = end + 1
        }
        return true
      }
      guard goesOn else { return }
      // What is left is the beginning of a line.
      buffer.withUnsafeMutableBytes { bytes in
        if start > 0, let base = bytes.baseAddress { memmove(base, base + start, filled - start) }
      }
      filled -= start
      offset += start
    }
  }

  private func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var filled = 0
    while filled < bytes.count {
      let count = try read(into: &bytes, from: filled, at: range.lowerBound + filled)
      if count == 0 { return Array(bytes[..<filled]) }
      filled += count
    }
    return bytes
  }

  /// - Returns: 0 at the file's end.
  private func read(into buffer: inout [UInt8], from start: Int, at offset: Int) throws(FileError) -> Int {
    let count = buffer.withUnsafeMutableBytes { bytes in
      retryingInterrupts { pread(file, bytes.baseAddress.map { $0 + start }, bytes.count - start, off_t(offset)) }
    }
    guard count >= 0 else { throw FileError("read", path, .current) }
    return count
  }
}
