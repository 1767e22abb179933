internal import Glibc
internal import SystemPackage

/// Bytes that come one after another and are read again at any place: in memory while they are few, else in a file without
/// a name, which goes with this object and with the process.
///
/// Filled by one thread; once it is full, any number may read it.
public final class Spool: @unchecked Sendable {
  // Changed by the thread that fills it alone, before others get to see it.
  /// What is not in the file: all, or the end.
  private var tail: [UInt8] = []
  /// Bytes in the file.
  private var written: UInt64 = 0
  private var file: Int32 = -1
  private let memoryLimit: Int
  /// Bytes so far.
  public var count: UInt64 { written + UInt64(tail.count) }

  /// Bytes that are written at a time.
  private static let piece = 1 << 20
  /// Bytes that others find free on the file system whatever is put here.
  private static let reserve: UInt64 = 256 << 20
  private static let reserveStep: UInt64 = 16 << 20

  /// - Parameter memoryLimit: bytes from which on there is a file.
  public init(memoryLimit: Int = 4 << 20) { self.memoryLimit = memoryLimit }

  deinit { if file >= 0 { close(file) } }

  /// Where the files are: `TMPDIR`, else `/var/tmp`; `/tmp` may be in memory.
  public static var folder: String {
    guard let folder = getenv("TMPDIR").map({ String(cString: $0) }), folder.hasPrefix("/") else { return "/var/tmp" }
    return folder
  }

  /// - Throws: where there is no room for a file, or it cannot be written.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    tail.append(contentsOf: bytes)
    guard tail.count >= (file < 0 ? memoryLimit : Self.piece) else { return }
    if file < 0 { try open() }
    try flush()
  }

  public func append(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withRawBytes { (bytes) throws(FileError) in try append(bytes) }
  }

  private func open() throws(FileError) {
    let path = "\(Self.folder)/redoubt-\(Hex8.random()).tmp"
    let made = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw failure("create", .current) }
    unlink(path)
    file = made
  }

  private func flush() throws(FileError) {
    if written / Self.reserveStep != (written + UInt64(tail.count)) / Self.reserveStep {
      var status = statvfs()
      // Where the free room cannot be told, the write that fails tells.
      if fstatvfs(file, &status) == 0, UInt64(status.f_bavail) * UInt64(status.f_frsize) < Self.reserve {
        throw failure("write", .noSpace)
      }
    }
    var done = 0
    while done < tail.count {
      let result = tail.withUnsafeBytes { bytes in
        retryingInterrupts {
          pwrite(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(written) + off_t(done))
        }
      }
      guard result > 0 else { throw failure("write", result < 0 ? .current : .ioError) }
      done += result
    }
    written += UInt64(done)
    tail.removeAll(keepingCapacity: true)
  }

  /// Fills `buffer` with what stands at `offset`.
  /// - Returns: how many bytes: fewer than there is room for at the end alone.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count, offset + UInt64(done) < written {
      let wanted = min(buffer.count - done, Int(clamping: written - offset - UInt64(done)))
      let result = retryingInterrupts {
        pread(file, buffer.baseAddress?.advanced(by: done), wanted, off_t(offset) + off_t(done))
      }
      guard result > 0 else { throw failure("read", result < 0 ? .current : .ioError) }
      done += result
    }
    guard done < buffer.count, offset + UInt64(done) < count else { return done }
    let start = Int(offset + UInt64(done) - written)
    let length = min(buffer.count - done, tail.count - start)
    tail.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
    }
    return done + length
  }

  /// What stands at `offset`: `length` bytes, or fewer at the end.
  public func read(at offset: UInt64, length: Int) throws(FileError) -> [UInt8] {
    let length = Int(min(UInt64(max(length, 0)), count - min(offset, count)))
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      do throws(FileError) { filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer)) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private func failure(_ operation: String, _ errno: Errno) -> FileError {
    FileError(operation, "a temporary file in \(Self.folder) (TMPDIR names another folder)", errno)
  }
}
