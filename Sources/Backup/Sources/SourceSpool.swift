internal import Archive
internal import Files
internal import Glibc
internal import SystemPackage

/// Where content lies while its length is not known yet, or that only a library can write: a private folder in the state.
///
/// It holds plaintext, on the machine that has the data anyway. Files have mode 600 and lose their names as soon as they
/// can: what a run that was killed leaves is freed by the system or, of a copy that was being made, by the next run.
final class SourceSpool {
  private let folder: String
  /// Bytes that stay free on the file system: the catalog and the index are there too.
  private let reserve: UInt64

  init(state: String, reserve: UInt64) throws(BackupError) {
    folder = "\(state)/spool"
    self.reserve = reserve
    do throws(FileError) {
      guard removeTree(folder) else { throw FileError("empty", folder, .current) }
      try Paths.makeFolders(folder)
    } catch {
      throw BackupError(.state, "\(error)", hint: "the state folder must be writable by the user that runs redoubt")
    }
  }

  deinit { removeTree(folder) }

  /// A name for a file that somebody else makes; `take` it when it is whole.
  var path: String { "\(folder)/copy" }

  /// Opens the file at `path` and takes its name away.
  func take() throws -> SourceFile {
    defer { unlink(path) }
    return try SourceFile(path)
  }

  /// Writes what `produce` gives to a file without a name.
  func write(_ produce: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> SourceFile {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path, .current) }
    defer { close(descriptor) }
    let file = try take()
    var unchecked = Self.checkInterval
    try produce { bytes in
      if unchecked >= Self.checkInterval {
        try requireRoom(for: 0)
        unchecked = 0
      }
      unchecked += bytes.count
      try write(bytes, to: descriptor)
    }
    return file
  }

  /// Bytes between two looks at the room that is left.
  private static let checkInterval = 8 << 20

  /// - Throws: `BackupError` where fewer than `bytes` can be written without touching the reserve.
  func requireRoom(for bytes: UInt64) throws(BackupError) {
    var status = statvfs()
    // A file system that cannot tell has its say when it is written to.
    guard statvfs(folder, &status) == 0 else { return }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    guard free < bytes || free - bytes < reserve else { return }
    throw BackupError(
      .failed, "not enough room in \(folder): \(free >> 20) MiB are free",
      hint: "outputs of commands in mode full and copies of databases lie there until they are packed; free some space"
        + ", or move the state folder")
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = retryingInterrupts {
        Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      }
      guard count >= 0 else { throw FileError("write", path, .current) }
      rest = rest.dropFirst(count)
    }
  }
}
