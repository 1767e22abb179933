internal import Files
internal import Glibc

/// A folder for what a verification decrypts, locked while it is used, and removed with all that is in it.
///
/// What a killed process or a power failure left is known by its name and by nobody's holding its lock.
final class ScratchFolder {
  let path: String
  /// nil where the file system locks no folders: nothing is removed there as a leftover either.
  private let lock: FileLock?

  private static let prefix = "redoubt-scratch-"
  private static let attempts = 100

  /// - Parameters:
  ///   - parent: an existing folder with room.
  ///   - name: what the folder is for.
  ///   - isKept: nobody is to remove it.
  init(in parent: String, name: String, isKept: Bool = false) throws {
    for _ in 0..<Self.attempts {
      let path = "\(parent)/\(isKept ? "redoubt-" : Self.prefix)\(name)-\(UInt32.random(in: .min ... .max))"
      guard mkdir(path, 0o700) == 0 else {
        throw VerifyError(
          .target, "\(FileError("create folder", path, .current))",
          hint: "name an existing folder with room for the tree with --scratch")
      }
      // Another process may take it for a leftover before it is locked.
      let lock: FileLock?
      do throws(FileError) {
        lock = try FileLock.acquire(folder: path)
        guard lock?.isLinked == true else { continue }
      } catch {
        if error.errno == .noSuchFileOrDirectory { continue }
        lock = nil
      }
      (self.path, self.lock) = (path, lock)
      return
    }
    throw VerifyError(.target, "\(parent): folders that are made there disappear", hint: "name another with --scratch")
  }

  /// - Returns: whether nothing is left.
  func remove() -> Bool { removeTree(path) }

  /// Removes what earlier processes of this user (for root, of any) had to leave.
  /// - Parameter report: called for each, and whether it is gone.
  static func removeLeftovers(in parent: String, report: (_ path: String, _ isGone: Bool) -> Void) {
    // Whoever cannot list the folder cannot have left anything that could be found again.
    guard let names = try? Paths.names(in: parent) else { return }
    for name in names where name.hasPrefix(prefix) {
      let path = "\(parent)/\(name)"
      var status = stat()
      // Somebody uses it where it is locked; where the file system locks no folders, nobody knows.
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        geteuid() == 0 || status.st_uid == geteuid(), let lock = try? FileLock.acquire(folder: path)
      else { continue }
      withExtendedLifetime(lock) { report(path, removeTree(path)) }
    }
  }
}
