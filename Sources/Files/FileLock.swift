internal import Glibc
internal import SystemPackage

/// An exclusive lock on a file (`flock(2)`), held until this object goes or the end of the process, whatever ends it.
public final class FileLock: Sendable {
  private let file: Int32

  /// Takes the lock without waiting; makes the file (mode 600) where it does not exist.
  /// - Returns: nil where another process holds it.
  public static func acquire(_ path: String) throws(FileError) -> FileLock? {
    try acquire(path, O_RDWR | O_CREAT)
  }

  /// Takes the lock of an existing folder, which anybody may who can read it.
  /// - Returns: nil where another holds it.
  public static func acquire(folder: String) throws(FileError) -> FileLock? {
    try acquire(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  }

  private static func acquire(_ path: String, _ flags: Int32) throws(FileError) -> FileLock? {
    let file = open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileError("open", path, .current) }
    if flock(file, LOCK_EX | LOCK_NB) == 0 { return FileLock(file) }
    let errno = Errno.current
    close(file)
    if errno == .wouldBlock { return nil }
    throw FileError("lock", path, errno)
  }

  /// Whether what is locked is still there, under whatever name.
  public var isLinked: Bool {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_nlink > 0
  }

  private init(_ file: Int32) { self.file = file }

  deinit {
    // Not left to close: a child that another thread is just starting may hold a copy of the descriptor for a moment.
    flock(file, LOCK_UN)
    close(file)
  }
}
