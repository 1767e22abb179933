internal import CLinux
internal import Glibc
public import SystemPackage

/// Whole files in one call: small ones such as configurations, keys, catalogs and objects of a directory store.
public enum FileContent {
  /// Reads a regular file to its end.
  /// - Parameter maximumLength: bytes; a longer file is refused with `EFBIG`, a directory with `EISDIR`.
  public static func read(_ path: String, maximumLength: Int = .max) throws(FileError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError("open", path, .current) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileError("stat", path, .current) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError("read", path, .isDirectory) }
    guard status.st_size <= maximumLength else { throw FileError("read", path, .fileTooLarge) }
    var content: [UInt8] = []
    // One byte more than the size, so that the end is seen without another round.
    var capacity = max(Int(status.st_size) + 1, 4096)
    while true {
      var result = 0
      let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        result = retryingInterrupts { Glibc.read(file, buffer.baseAddress, buffer.count) }
        count = max(result, 0)
      }
      guard result >= 0 else { throw FileError("read", path, .current) }
      if result == 0 { return content }
      if content.isEmpty { content = piece } else { content += piece }
      guard content.count <= maximumLength else { throw FileError("read", path, .fileTooLarge) }
      capacity = max(4096, Int(status.st_size) + 1 - content.count)
    }
  }

  /// What happens where the name is taken.
  public enum Existing: Sendable {
    case replace
    /// Throws `EEXIST`.
    case refuse
  }

  /// Writes a file durably: to a temporary name beside it, fsync, rename, fsync of the folder.
  /// Whatever fails, `path` holds either what it held before or all of `content`, and no temporary file stays.
  /// - Parameter ignoresUmask: whether the file gets exactly `mode`, for files that are meant for others.
  public static func write(
    _ content: [UInt8], to path: String, mode: UInt32 = 0o600, existing: Existing = .replace, ignoresUmask: Bool = false
  ) throws(FileError) {
    let folder = Paths.parent(path)
    let temporary = "\(path).\(Hex8.random()).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw FileError("create", path, .current) }
    do throws(FileError) {
      defer { close(file) }
      if ignoresUmask, fchmod(file, mode) != 0 { throw FileError("change the mode of", path, .current) }
      try writeAll(content, to: file, path: path)
      guard fsync(file) == 0 else { throw FileError("sync", path, .current) }
    } catch {
      unlink(temporary)
      throw error
    }
    let result =
      switch existing {
      case .replace: rename(temporary, path)
      case .refuse: redoubt_rename_noreplace(AT_FDCWD, temporary, AT_FDCWD, path)
      }
    guard result == 0 else {
      let errno = Errno.current
      unlink(temporary)
      throw FileError("create", path, errno)
    }
    try syncFolder(folder)
  }

  /// Makes what happened to a folder's entries durable.
  public static func syncFolder(_ path: String) throws(FileError) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw FileError("open", path, .current) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw FileError("sync", path, .current) }
  }

  /// Writes all of `content` to an open descriptor; `path` is for the error alone.
  public static func writeAll(_ content: [UInt8], to file: Int32, path: String) throws(FileError) {
    var written = 0
    while written < content.count {
      let result = content.withUnsafeBytes { bytes in
        retryingInterrupts { Glibc.write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written) }
      }
      guard result >= 0 else { throw FileError("write", path, .current) }
      written += result
    }
  }
}

extension Errno {
  /// The calling thread's `errno`; read it right after the call that failed.
  public static var current: Errno { Errno(rawValue: Glibc.errno) }
}

/// Repeats a call that a signal interrupted (`EINTR`).
public func retryingInterrupts(_ call: () -> Int) -> Int {
  while true {
    let result = call()
    if result >= 0 || Glibc.errno != EINTR { return result }
  }
}
