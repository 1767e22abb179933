internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// The content of an object's file.
///
/// Large content goes to and from the disk without passing through the page cache where the file system allows that
/// (`O_DIRECT`, open(2)): nothing is copied, and a backup does not push what the machine works with out of its memory.
enum ObjectFile {
  /// What addresses, offsets and lengths are multiples of: no disk that Linux knows wants more.
  private static let block = 4096
  /// Below this, the way through the page cache is the shorter one.
  private static let leastDirect = 1 << 20
  private static let piece = 16 << 20

  /// Writes all of `content` to an empty file.
  static func write(_ content: UnsafeRawBufferPointer, to file: Int32, path: String) throws(FileError) {
    var written = 0
    let whole = content.count & ~(block - 1)
    if isDirect(content.baseAddress, whole), setDirect(file, true) {
      while written < whole, written % block == 0 {
        let length = min(whole - written, piece)
        let result = retryingInterrupts { Glibc.write(file, content.baseAddress?.advanced(by: written), length) }
        // Some file systems take the flag and refuse to write.
        if result < 0, Errno.current == .invalidArgument { break }
        guard result > 0 else { throw FileError("write", path, result < 0 ? .current : .ioError) }
        written += result
      }
      guard setDirect(file, false) else { throw FileError("write", path, .current) }
    }
    while written < content.count {
      let result = retryingInterrupts {
        Glibc.write(file, content.baseAddress?.advanced(by: written), content.count - written)
      }
      guard result >= 0 else { throw FileError("write", path, .current) }
      written += result
    }
  }

  /// How much room reading `size` bytes wants.
  static func room(_ size: Int) -> Int { (size + block - 1) & ~(block - 1) }

  /// Reads a file of `size` bytes to its end, from its start.
  /// - Parameter buffer: at least `size` bytes; with `room(size)` and at a page's start, large files go past the page cache.
  /// - Returns: how many there were; fewer where it became shorter.
  static func read(
    _ file: Int32, size: Int, into buffer: UnsafeMutableRawBufferPointer, path: String
  ) throws(FileError) -> Int {
    var filled = 0
    if buffer.count >= room(size), isDirect(UnsafeRawPointer(buffer.baseAddress), size), setDirect(file, true) {
      while filled < size, filled % block == 0 {
        let length = min(room(size - filled), piece)
        let result = retryingInterrupts { Glibc.read(file, buffer.baseAddress?.advanced(by: filled), length) }
        if result < 0, Errno.current == .invalidArgument { break }
        guard result >= 0 else { throw FileError("read", path, .current) }
        if result == 0 { break }
        filled += result
      }
      guard setDirect(file, false) else { throw FileError("read", path, .current) }
    }
    while filled < size {
      let result = retryingInterrupts { Glibc.read(file, buffer.baseAddress?.advanced(by: filled), size - filled) }
      guard result >= 0 else { throw FileError("read", path, .current) }
      if result == 0 { break }
      filled += result
    }
    return min(filled, size)
  }

  private static func isDirect(_ address: UnsafeRawPointer?, _ length: Int) -> Bool {
    length >= leastDirect && UInt(bitPattern: address) % UInt(block) == 0
  }

  /// - Returns: false where the file system does not know it.
  private static func setDirect(_ file: Int32, _ isOn: Bool) -> Bool {
    let flags = fcntl(file, F_GETFL)
    guard flags >= 0 else { return false }
    return fcntl(file, F_SETFL, isOn ? flags | redoubt_O_DIRECT : flags & ~redoubt_O_DIRECT) == 0
  }
}
