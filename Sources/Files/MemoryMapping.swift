internal import CLinux
internal import Glibc
internal import SystemPackage

/// A file in memory and where it is mapped. Used by whoever holds the `MemoryFile` it is part of, else by nobody.
final class MemoryMapping: @unchecked Sendable {
  // See above.
  let descriptor: Int32
  private(set) var base: UnsafeMutableRawPointer?
  /// Bytes of address space at `base`.
  private var mapped = 0
  /// The file's length: the bytes at `base` that may be touched.
  private(set) var size = 0

  /// Address space costs nothing, and what is mapped with room to grow need not be mapped again.
  private static let leastMapped = 1 << 20

  init() throws(FileError) {
    let low = redoubt_memfd_create("redoubt")
    guard low >= 0 else { throw Self.failure(.current) }
    // Above the numbers that a child's redirections use.
    descriptor = fcntl(low, F_DUPFD_CLOEXEC, 10)
    let errno = Errno.current
    close(low)
    guard descriptor >= 0 else { throw Self.failure(errno) }
  }

  deinit {
    unmap()
    close(descriptor)
  }

  private func unmap() {
    if let base { munmap(base, mapped) }
    base = nil
    mapped = 0
  }

  /// Makes the first `capacity` bytes usable. The file's content stays, so nothing must be copied where it is mapped anew.
  func reserve(_ capacity: Int) throws(FileError) {
    if capacity > size {
      guard ftruncate(descriptor, off_t(capacity)) == 0 else { throw Self.failure(.current) }
      size = capacity
    }
    guard capacity > mapped else { return }
    unmap()
    let wanted = max(Self.leastMapped, (capacity + capacity / 8 + 4095) & ~4095)
    let address = mmap(nil, wanted, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw Self.failure(.current) }
    base = address
    mapped = wanted
  }

  /// Nothing is left. What cannot be given back goes with this object.
  func giveBack() {
    guard ftruncate(descriptor, 0) == 0 else { return }
    size = 0
    unmap()
  }

  /// Makes the file end at `end` and sets its position, which a child shares.
  func end(at end: Int, position: Int) throws(FileError) {
    guard end == size || ftruncate(descriptor, off_t(end)) == 0 else { throw Self.failure(.current) }
    size = end
    guard lseek(descriptor, off_t(position), SEEK_SET) >= 0 else { throw Self.failure(.current) }
  }

  /// The file's position: after a child has written, how much.
  func position() throws(FileError) -> Int {
    let position = lseek(descriptor, 0, SEEK_CUR)
    guard position >= 0 else { throw Self.failure(.current) }
    return Int(position)
  }

  private static func failure(_ errno: Errno) -> FileError { FileError("hold a message in", "memory", errno) }
}
