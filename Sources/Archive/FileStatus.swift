public import Files
internal import Glibc

/// What `stat(2)` tells of an object.
public struct FileStatus: Sendable, Equatable {
  public enum Kind: UInt8, Sendable {
    case file, directory, symbolicLink, fifo, socket, characterDevice, blockDevice, other
  }

  public let kind: Kind
  /// Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777.
  public let mode: UInt32
  public let owner: UInt32
  public let group: UInt32
  /// Bytes; of a symbolic link, its target's length.
  public let size: UInt64
  /// Bytes on disk (`st_blocks` times 512); less than `size` where there are holes.
  public let allocated: UInt64
  public let linkCount: UInt64
  public let device: UInt64
  public let inode: UInt64
  /// `st_rdev`: of devices, which one.
  public let specialDevice: UInt64
  public let modified: Timestamp
  /// `st_ctim`: the last change of content or metadata, by the kernel's clock.
  public let changed: Timestamp

  init(_ status: borrowing stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      case S_IFIFO: .fifo
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      default: .other
      }
    mode = status.st_mode & 0o7777
    owner = status.st_uid
    group = status.st_gid
    size = UInt64(max(status.st_size, 0))
    allocated = UInt64(max(status.st_blocks, 0)) * 512
    linkCount = UInt64(status.st_nlink)
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    specialDevice = UInt64(status.st_rdev)
    modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
    changed = Timestamp(seconds: Int64(status.st_ctim.tv_sec), nanoseconds: Int32(status.st_ctim.tv_nsec))
  }

  /// `fstatat(2)` without following a link. Nil where it failed; `errno` tells why.
  init?(directory: Int32, name: UnsafePointer<CChar>) {
    var status = stat()
    guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    self.init(status)
  }

  /// `fstat(2)`. Nil where it failed; `errno` tells why.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}
