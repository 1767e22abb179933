internal import CLinux
internal import Glibc

/// The directories from a source path down to where the walk is. Only the deepest few are kept open, so that a tree may be
/// deeper than the process's limit of open files. Not safe for concurrent use.
final class DirectoryStack {
  struct Level {
    /// -1 while closed.
    var descriptor: Int32
    let device: UInt64
    let inode: UInt64
    let names: DirectoryNames
    /// Length of this directory's path in the walk's path buffer.
    let pathLength: Int
    /// Only the tag is wanted of it.
    let isCache: Bool
  }

  private static let openLevels = 64
  private(set) var levels: [Level] = []

  deinit {
    for level in levels where level.descriptor >= 0 { close(level.descriptor) }
  }

  var top: Level? { levels.last }

  /// Whether this directory is one of those above: a loop made with mounts.
  func contains(device: UInt64, inode: UInt64) -> Bool {
    levels.contains { $0.inode == inode && $0.device == device }
  }

  func push(_ level: Level) {
    levels.append(level)
    let closing = levels.count - 1 - Self.openLevels
    if closing >= 0, levels[closing].descriptor >= 0 {
      close(levels[closing].descriptor)
      levels[closing].descriptor = -1
    }
  }

  /// Leaves the deepest directory.
  /// - Returns: its names' memory for another directory, and whether the directory above could be opened again: not where
  ///   the one just left was moved elsewhere meanwhile.
  func pop(reopening: () -> Int32) -> (names: DirectoryNames, parentIsOpen: Bool)? {
    guard let left = levels.popLast() else { return nil }
    defer { if left.descriptor >= 0 { close(left.descriptor) } }
    guard let parent = levels.last, parent.descriptor < 0 else { return (left.names, true) }
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var descriptor = left.descriptor >= 0 ? openat(left.descriptor, "..", flags) : -1
    if descriptor < 0 || !isParent(descriptor, parent) {
      if descriptor >= 0 { close(descriptor) }
      descriptor = reopening()
    }
    if descriptor >= 0, !isParent(descriptor, parent) {
      close(descriptor)
      descriptor = -1
    }
    levels[levels.count - 1].descriptor = descriptor
    return (left.names, descriptor >= 0)
  }

  private func isParent(_ descriptor: Int32, _ parent: Level) -> Bool {
    guard let status = FileStatus(descriptor: descriptor) else { return false }
    return status.inode == parent.inode && status.device == parent.device
  }
}
