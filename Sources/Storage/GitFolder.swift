internal import Files
internal import Glibc
internal import SystemPackage

/// The folder in which clones are kept: one for writing, and those of whoever reads just now.
enum GitFolder {
  /// The names in a folder.
  static func names(in folder: String) throws(StorageError) -> [String] {
    guard let directory = opendir(folder) else { throw StorageError(.current, "read the folder", folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Takes a lock in it; makes the folder where it is not there.
  /// - Returns: nil where another process holds the lock.
  static func lock(_ folder: String, _ name: String) throws(StorageError) -> FileLock? {
    do throws(FileError) {
      try Paths.makeFolders(folder, mode: 0o700)
      return try FileLock.acquire("\(folder)/\(name)")
    } catch {
      throw StorageError(error.errno, "use the folder", folder)
    }
  }

  /// A new folder's place for a clone that is read, beside those of others; removes what was left behind by processes
  /// that ended early.
  static func readingPlace(in folder: String) throws(StorageError) -> (path: String, lock: FileLock) {
    let name = "reading-\(randomBytes(6).map { String($0, radix: 16) }.joined())"
    guard let lock = try lock(folder, "\(name).lock") else {
      throw StorageError(.server, folder, "a new lock in it is held by another", isTransient: true)
    }
    for other in try names(in: folder)
    where other.hasPrefix("reading-") && other.hasSuffix(".lock") && other != "\(name).lock" {
      guard let abandoned = try self.lock(folder, other) else { continue }
      remove(clone: "\(folder)/\(other.dropLast(5)).git")
      withExtendedLifetime(abandoned) {}
    }
    return ("\(folder)/\(name).git", lock)
  }

  /// Removes a clone that was read, and its lock.
  static func remove(clone: String) {
    removeTree(clone)
    unlink("\(clone.dropLast(4)).lock")
  }
}
