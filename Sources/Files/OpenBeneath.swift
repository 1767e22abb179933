internal import CLinux
internal import Glibc
internal import SystemPackage

/// Opens what is below a folder, without ever leaving that folder and without following a link.
public enum OpenBeneath {
  /// - Parameters:
  ///   - path: relative; `.` alone is the folder itself.
  ///   - flags: as for open(2), for what is there already.
  /// - Returns: a descriptor that is the caller's to close, or -1 with the reason in errno: ELOOP for a link anywhere in the
  ///   path, EXDEV for a path that would lead out.
  /// - Note: openat2(2); its flags cannot be filtered, so that it does not exist for services whose unit has
  ///   `RestrictSUIDSGID=`, nor on kernels before 5.6 and in some containers: then step by step, with openat(2).
  public static func open(_ folder: Int32, _ path: String, _ flags: Int32) -> Int32 {
    let file = redoubt_open_beneath(folder, path, flags, 0)
    guard file < 0, Errno.current == .noFunction else { return file }
    return bySteps(folder, path, flags)
  }

  /// The same with a call a component, each held open while the next is looked up in it.
  static func bySteps(_ folder: Int32, _ path: String, _ flags: Int32) -> Int32 {
    guard !path.isEmpty else { return failed(ENOENT) }
    guard !path.hasPrefix("/") else { return failed(EXDEV) }
    var steps = path.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard !steps.contains("..") else { return failed(EXDEV) }
    // What ends in a slash is a folder.
    let last = steps.popLast() ?? "."
    let flags = path.hasSuffix("/") ? flags | O_DIRECTORY : flags
    var parent = folder
    defer { if parent != folder { closed(parent) } }
    for step in steps {
      let next = one(parent, step, redoubt_O_PATH | O_DIRECTORY | O_CLOEXEC)
      guard next >= 0 else { return -1 }
      if parent != folder { close(parent) }
      parent = next
    }
    return one(parent, last, flags)
  }

  private static func one(_ folder: Int32, _ name: String, _ flags: Int32) -> Int32 {
    let file = Int32(retryingInterrupts { Int(openat(folder, name, flags | O_NOFOLLOW)) })
    // A link that should have been a folder.
    var status = stat()
    guard file < 0, errno == ENOTDIR, fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return file }
    return failed(status.st_mode & S_IFMT == S_IFLNK ? ELOOP : ENOTDIR)
  }

  private static func failed(_ reason: Int32) -> Int32 {
    errno = reason
    return -1
  }

  /// Leaves errno as it is.
  private static func closed(_ file: Int32) {
    let reason = errno
    close(file)
    errno = reason
  }
}
