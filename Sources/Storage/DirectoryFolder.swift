internal import CLinux
internal import Digests
internal import Files
internal import Glibc
internal import SystemPackage

/// The open folder that holds one key's file.
final class DirectoryFolder {
  private let key: DirectoryKey
  private let folder: Int32

  /// - Parameters:
  ///   - top: the store's root, which stays the caller's.
  ///   - creating: whether missing folders are made, each made durable in the one above it.
  init(_ top: Int32, _ key: DirectoryKey, creating: Bool) throws(StorageError) {
    self.key = key
    let path = key.folder.isEmpty ? "." : key.folder
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    var folder = OpenBeneath.open(top, path, flags)
    if folder < 0, creating, Errno.current == .noSuchFileOrDirectory {
      try Self.makeFolders(top, key)
      folder = OpenBeneath.open(top, path, flags)
    }
    guard folder >= 0 else { throw Self.unopened(key) }
    self.folder = folder
  }

  deinit { close(folder) }

  private static func unopened(_ key: DirectoryKey) -> StorageError {
    let errno = Errno.current
    if errno == .notDirectory {
      return StorageError(.refused, key.subject, "a file stands where a folder is needed")
    }
    return StorageError(errno, "open the folder", key.subject)
  }

  private static func makeFolders(_ top: Int32, _ key: DirectoryKey) throws(StorageError) {
    var parent = dup(top)
    defer { close(parent) }
    for component in key.folder.split(separator: "/") {
      let made = mkdirat(parent, String(component), 0o700) == 0
      guard made || Errno.current == .fileExists else {
        throw StorageError(.current, "make the folder", key.subject)
      }
      if made, fsync(parent) != 0 { throw StorageError(.current, "sync the folder", key.subject) }
      let next = OpenBeneath.open(parent, String(component), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard next >= 0 else { throw unopened(key) }
      close(parent)
      parent = next
    }
  }

  /// Writes the file, makes it durable, and gives it its name, which must not be taken.
  ///
  /// Until then it has no name at all (O_TMPFILE), so that whatever ends this process leaves nothing; a temporary name where
  /// the file system cannot do that.
  /// - Parameters:
  ///   - unnamed: false to use a temporary name in any case.
  ///   - beforeNaming: called before a temporary name is used.
  func write(_ content: Bytes, unnamed: Bool = true, beforeNaming: () -> Void = {}) throws(StorageError) {
    if try isStored(content) { return }
    var naming = unnamed ? try writeUnnamed(content) : nil
    if naming == nil {
      beforeNaming()
      naming = try writeNamed(content)
    }
    if case .failed(let errno) = naming {
      // Someone else was faster.
      if errno == .fileExists, try isStored(content) { return }
      throw StorageError(errno, "rename", key.subject)
    }
    try sync()
  }

  private enum Naming {
    case done
    case failed(Errno)
  }

  /// - Returns: nil where there are no unnamed files here, or none that could be given a name.
  private func writeUnnamed(_ content: Bytes) throws(StorageError) -> Naming? {
    // Whatever keeps it from being opened, the other way tells, or works.
    let file = openat(folder, ".", O_WRONLY | redoubt_O_TMPFILE | O_CLOEXEC, 0o600)
    guard file >= 0 else { return nil }
    defer { close(file) }
    try fill(file, content)
    // linkat(2): this is how to name such a file without CAP_DAC_READ_SEARCH.
    if linkat(AT_FDCWD, "/proc/self/fd/\(file)", folder, key.name, AT_SYMLINK_FOLLOW) == 0 { return .done }
    return Errno.current == .fileExists ? .failed(.fileExists) : nil
  }

  /// Holds a lock on the temporary file as long as it has that name: so it is known whether somebody still writes it.
  private func writeNamed(_ content: Bytes) throws(StorageError) -> Naming {
    let temporary = ".redoubt-\(Hex.encode(randomBytes(8))).tmp"
    let file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw StorageError(.current, "create", key.subject) }
    var isNamed = false
    defer {
      if !isNamed { unlinkat(folder, temporary, 0) }
      close(file)
    }
    // Where there are no locks, its age has to do.
    _ = flock(file, LOCK_EX | LOCK_NB)
    try fill(file, content)
    if let errno = rename(temporary) { return .failed(errno) }
    isNamed = true
    return .done
  }

  private func fill(_ file: Int32, _ content: Bytes) throws(StorageError) {
    do throws(FileError) {
      try content.withUnsafeBytes { (bytes) throws(FileError) in
        try ObjectFile.write(bytes, to: file, path: key.subject)
      }
      guard fsync(file) == 0 else { throw FileError("sync", key.subject, .current) }
    } catch {
      throw StorageError(error, key.subject)
    }
  }

  /// Gives the temporary file its name without replacing another.
  /// - Returns: nil where that worked.
  private func rename(_ temporary: String) -> Errno? {
    if redoubt_rename_noreplace(folder, temporary, folder, key.name) == 0 { return nil }
    let first = Errno.current
    guard first == .invalidArgument || first == .noFunction || first == .notSupported else { return first }
    // The file system does not know RENAME_NOREPLACE: a hard link does not replace either.
    if linkat(folder, temporary, folder, key.name, 0) == 0 {
      unlinkat(folder, temporary, 0)
      return nil
    }
    let second = Errno.current
    guard second == .notPermitted || second == .notSupported || second == .noFunction else { return second }
    // Nor hard links (FAT over FUSE): look first. One node writes its own folder, so nobody comes between.
    if faccessat(folder, key.name, F_OK, 0) == 0 { return .fileExists }
    return renameat(folder, temporary, folder, key.name) == 0 ? nil : .current
  }

  /// Whether the file is there with the same content, which then is made durable.
  /// - Throws: `.exists` where it holds something else.
  private func isStored(_ content: Bytes) throws(StorageError) -> Bool {
    let file = OpenBeneath.open(folder, key.name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if file < 0 {
      if Errno.current == .noSuchFileOrDirectory { return false }
      throw StorageError(.current, "open", key.subject)
    }
    defer { close(file) }
    var status = stat()
    let isFile = fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    guard isFile, status.st_size == content.count,
      Bytes(try Self.read(file, size: content.count, subject: key.subject)) == content
    else { throw StorageError(.exists, key.subject, "there is an object of that key already") }
    guard fsync(file) == 0 else { throw StorageError(.current, "sync", key.subject) }
    try sync()
    return true
  }

  func remove() throws(StorageError) {
    guard unlinkat(folder, key.name, 0) == 0 else { throw StorageError(.current, "delete", key.subject) }
    try sync()
  }

  private func sync() throws(StorageError) {
    guard fsync(folder) == 0 else { throw StorageError(.current, "sync the folder", key.subject) }
  }

  /// Reads an open file of `size` bytes to its end.
  static func read(_ file: Int32, size: Int, subject: String) throws(StorageError) -> [UInt8] {
    var failure: FileError?
    let content = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
      do throws(FileError) {
        count = try ObjectFile.read(file, size: size, into: UnsafeMutableRawBufferPointer(buffer), path: subject)
      } catch {
        failure = error
      }
    }
    if let failure { throw StorageError(failure, subject) }
    guard content.count == size else { throw becameShorter(subject) }
    return content
  }

  /// Reads an open file of `size` bytes to its end.
  static func read(_ file: Int32, size: Int, into object: MemoryFile, subject: String) throws(StorageError) {
    do throws(FileError) {
      try object.reserve(ObjectFile.room(size))
      try object.fill { (buffer) throws(FileError) in
        try ObjectFile.read(file, size: size, into: buffer, path: subject)
      }
    } catch {
      throw StorageError(error, subject)
    }
    guard object.count == size else { throw becameShorter(subject) }
  }

  private static func becameShorter(_ subject: String) -> StorageError {
    StorageError(.server, subject, "the file became shorter while it was read", isTransient: true)
  }
}
