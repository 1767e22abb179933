internal import Glibc

/// The identifier of the file system that holds a path (`f_fsid` of `statvfs(3)`): ext4 and btrfs derive it from the file
/// system's UUID, others from the device. Nil where the path cannot be looked at.
public func fileSystemID(of path: String) -> UInt64? {
  var status = statvfs()
  guard statvfs(path, &status) == 0 else { return nil }
  return UInt64(status.f_fsid)
}
