internal import CLinux
internal import Files
internal import Glibc
internal import SystemPackage

/// An anonymous file in memory (memfd_create(2)), closed with this object.
package final class MemoryFile: Sendable {
  package let descriptor: Int32

  package init() throws(OpenPGPError) {
    let low = redoubt_memfd_create("openpgp")
    guard low >= 0 else { throw MemoryFile.failure(.current) }
    // Above the numbers that a child's redirections use.
    descriptor = fcntl(low, F_DUPFD_CLOEXEC, 10)
    let errno = Errno.current
    close(low)
    guard descriptor >= 0 else { throw MemoryFile.failure(errno) }
  }

  /// A file that holds `content` and stands at its start.
  package convenience init(_ content: [UInt8]) throws(OpenPGPError) {
    try self.init()
    do { try FileContent.writeAll(content, to: descriptor, path: "memory") } catch {
      throw MemoryFile.failure(error.errno)
    }
    lseek(descriptor, 0, SEEK_SET)
  }

  deinit { close(descriptor) }

  package var count: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Its content, once. What was copied is given back to the system as the copy grows, so that both together need little more
  /// than one of them.
  package func takeContent() throws(OpenPGPError) -> [UInt8] {
    let size = count
    var failed: Errno?
    let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size {
        let wanted = min(size - filled, 8 << 20)
        let result = retryingInterrupts {
          pread(descriptor, buffer.baseAddress?.advanced(by: filled), wanted, off_t(filled))
        }
        guard result > 0 else {
          failed = result < 0 ? .current : .ioError
          return
        }
        redoubt_punch_hole(descriptor, off_t(filled), off_t(result))
        filled += result
      }
    }
    if let failed { throw MemoryFile.failure(failed) }
    return content
  }

  /// Gives back what stands before the file's position, which this process shares with the one that reads.
  package func dropWhatWasRead() {
    let position = lseek(descriptor, 0, SEEK_CUR)
    if position > 0 { redoubt_punch_hole(descriptor, 0, position) }
  }

  private static func failure(_ errno: Errno) -> OpenPGPError {
    OpenPGPError(.failed, "", "cannot hold a message in memory: \(errno.description.lowercased())")
  }
}
