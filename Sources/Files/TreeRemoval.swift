internal import Glibc

/// Removes a folder with all that is in it, as far as the system allows: on descriptors, so that paths of any length go;
/// links are removed, not followed.
/// - Returns: whether nothing is left.
@discardableResult
public func removeTree(_ path: String) -> Bool {
  if unlinkat(AT_FDCWD, path, 0) == 0 { return true }
  guard errno == EISDIR || errno == EPERM else { return errno == ENOENT }
  // A process that is being ended may still put something there while it goes away.
  for attempt in 0..<removalAttempts {
    if attempt > 0 { usleep(removalPause) }
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if folder >= 0 { emptyFolder(folder) }
    if unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 { return true }
    guard errno == ENOTEMPTY || errno == EEXIST else { return errno == ENOENT }
  }
  return false
}

private let removalAttempts = 20
/// Microseconds.
private let removalPause: UInt32 = 50_000

/// Empties and closes a folder.
private func emptyFolder(_ folder: Int32) {
  // What is only readable by mode could not be emptied; its owner may change that.
  fchmod(folder, 0o700)
  guard let stream = fdopendir(folder) else {
    close(folder)
    return
  }
  defer { closedir(stream) }
  while let entry = readdir(stream) {
    withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      guard let name = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
      if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return }
      if unlinkat(folder, name, 0) == 0 { return }
      let below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if below >= 0 { emptyFolder(below) }
      unlinkat(folder, name, AT_REMOVEDIR)
    }
  }
}
