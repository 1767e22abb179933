internal import Glibc

/// Removes a folder with all that is in it, as far as the system allows: on descriptors, so that paths of any length and
/// depth go; links are removed, not followed.
/// - Returns: whether nothing is left.
@discardableResult
public func removeTree(_ path: String) -> Bool {
  if unlinkat(AT_FDCWD, path, 0) == 0 { return true }
  guard errno == EISDIR || errno == EPERM else { return errno == ENOENT }
  var attempt = 0
  for _ in 0..<passLimit where attempt < removalAttempts {
    var removal = TreeRemoval()
    if let folder = openFolder(AT_FDCWD, path) { removal.empty(folder, depth: 0) }
    if unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 { return true }
    guard errno == ENOTEMPTY || errno == EEXIST else { return errno == ENOENT }
    // A process that is being ended may still put something there while it goes away.
    if removal.lifted == 0 {
      attempt += 1
      usleep(removalPause)
    }
  }
  return false
}

/// A tree of half a million folders in one another.
private let passLimit = 10_000
private let removalAttempts = 20
/// Microseconds.
private let removalPause: UInt32 = 50_000

/// One pass over a tree.
private struct TreeRemoval {
  /// Folders that were moved up to the top for another pass to remove.
  private(set) var lifted = 0
  private var top: Int32 = -1
  private let mark = UInt32.random(in: .min ... .max)

  /// Each level has a descriptor open: a process may have no more than a thousand.
  private static let depthLimit = 64

  /// Empties and closes a folder.
  mutating func empty(_ folder: Int32, depth: Int) {
    guard let stream = fdopendir(folder) else {
      close(folder)
      return
    }
    defer { closedir(stream) }
    if depth == 0 { top = folder }
    while let entry = readdir(stream) {
      withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        guard let name = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return }
        if unlinkat(folder, name, 0) == 0 { return }
        if let below = openFolder(folder, name) {
          if depth < Self.depthLimit {
            empty(below, depth: depth + 1)
          } else {
            close(below)
            if renameat(folder, name, top, "redoubt-deep-\(mark)-\(lifted)") == 0 { lifted += 1 }
          }
        }
        unlinkat(folder, name, AT_REMOVEDIR)
      }
    }
  }
}

/// Opens a folder so that it can be emptied, whatever its mode; its owner may change that.
private func openFolder(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32? {
  let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
  var folder = openat(parent, name, flags)
  if folder < 0, errno == EACCES, isFolder(parent, name), fchmodat(parent, name, 0o700, 0) == 0 {
    folder = openat(parent, name, flags)
  }
  guard folder >= 0 else { return nil }
  fchmod(folder, 0o700)
  return folder
}

/// To root everything is open: a link put in a folder's place at this moment is its owner's own, and leads to nothing that
/// he may not change.
private func isFolder(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Bool {
  var status = stat()
  return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
