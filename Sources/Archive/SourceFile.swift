internal import CLinux
public import Files
internal import Glibc
internal import SystemPackage

/// A regular file opened for reading, without having changed its access time where the system allows that.
///
/// Safe to use from several threads: every read names its offset. Closed when the last reference goes.
public final class SourceFile: Sendable {
  let descriptor: Int32
  private let path: [UInt8]
  /// The file as it was when it was opened.
  public let opened: FileStatus

  /// Opens a name in a directory without following a link or waiting for a fifo's writer.
  /// - Throws: `ENOENT` also where the name is no longer a regular file.
  init(directory: Int32, name: UnsafePointer<CChar>, path: [UInt8]) throws(FileError) {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    var file = openat(directory, name, flags | redoubt_O_NOATIME)
    // Only a file's owner may ask for O_NOATIME.
    if file < 0, errno == EPERM { file = openat(directory, name, flags) }
    // With O_NOFOLLOW a symbolic link in the file's place gives ELOOP.
    guard file >= 0 else { throw FileError("open", path.absolute, errno == ELOOP ? .noSuchFileOrDirectory : .current) }
    guard let status = FileStatus(descriptor: file), status.kind == .file else {
      close(file)
      throw FileError("open", path.absolute, .noSuchFileOrDirectory)
    }
    descriptor = file
    opened = status
    self.path = path
  }

  /// Opens a file that is no part of a walk, by its path.
  /// - Throws: `ENOENT` also where it is a symbolic link or no regular file.
  public convenience init(_ path: String) throws(FileError) {
    let name = path.utf8.map { CChar(bitPattern: $0) } + [0]
    let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: name.count)
    defer { pointer.deallocate() }
    pointer.initialize(from: name, count: name.count)
    try self.init(directory: AT_FDCWD, name: pointer, path: Array(path.utf8.drop { $0 == UInt8(ascii: "/") }))
  }

  deinit { close(descriptor) }

  /// The file as it is now (`fstat(2)`). Where size, `modified` or `changed` differ from what they were when it was opened,
  /// the file was changed while it was read.
  public func status() throws(FileError) -> FileStatus {
    guard let status = FileStatus(descriptor: descriptor) else { throw FileError("stat", path.absolute, .current) }
    return status
  }

  /// The ranges that hold data, found with `lseek(2)` `SEEK_DATA` and `SEEK_HOLE`, within the size that it was opened with.
  /// - Returns: nil where the file has no holes, or its file system cannot tell.
  public func dataExtents() -> [Extent]? {
    guard opened.allocated < opened.size else { return nil }
    let size = off_t(opened.size)
    var extents: [Extent] = []
    var position: off_t = 0
    while position < size {
      let data = lseek(descriptor, position, redoubt_SEEK_DATA)
      // ENXIO: nothing but a hole up to the end. Anything else: the file system does not know holes.
      if data < 0 {
        if errno == ENXIO { break }
        return nil
      }
      guard data < size else { break }
      let hole = lseek(descriptor, data, redoubt_SEEK_HOLE)
      guard hole > data else { return nil }
      let end = min(hole, size)
      extents.append(Extent(offset: UInt64(data), length: UInt64(end - data)))
      position = end
    }
    if extents == [Extent(offset: 0, length: opened.size)] { return nil }
    return extents
  }

  /// Reads into `buffer` until it is full or the file ends (`pread(2)`).
  /// - Returns: bytes read; fewer than the buffer holds only at the file's end.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let result = retryingInterrupts {
        pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset) + off_t(filled))
      }
      guard result >= 0 else { throw FileError("read", path.absolute, .current) }
      if result == 0 { break }
      filled += result
    }
    return filled
  }
}

extension [UInt8] {
  /// An entry's path as text for messages, with its leading slash.
  var absolute: String { self == [UInt8(ascii: ".")] ? "/" : "/" + displayPath }
}
