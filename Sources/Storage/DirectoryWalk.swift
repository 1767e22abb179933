internal import Files
internal import Glibc
internal import SystemPackage

/// Lists what is below a folder of a directory store. Symbolic links, temporary files and names that are not UTF-8 are not
/// objects.
struct DirectoryWalk {
  let root: String
  /// The open root, which stays the caller's.
  let top: Int32

  /// - Parameter visit: returns false to stop the walk.
  func each(below prefix: String, _ visit: (ObjectSummary) -> Bool) throws(StorageError) {
    var pending = [prefix]
    while let folder = pending.popLast() {
      for entry in try entries(of: folder) {
        switch entry {
        case .folder(let name): pending.append("\(folder)\(name)/")
        case .file(let name, let size):
          if !visit(ObjectSummary(key: folder + name, size: size)) { return }
        }
      }
    }
  }

  func folders(in prefix: String) throws(StorageError) -> [String] {
    try entries(of: prefix).compactMap { entry in
      if case .folder(let name) = entry { return name }
      return nil
    }
  }

  /// Removes what writers that were killed have left under temporary names: what nobody has a lock on, and is older than a
  /// day, where locks do not reach or there are none. Housekeeping: what cannot be removed stays.
  func removeLeftovers(below prefix: String) {
    var pending = [prefix]
    while let folder = pending.popLast() {
      // A folder that cannot be read is told of by whoever needs it.
      for entry in (try? entries(of: folder, temporary: true)) ?? [] {
        switch entry {
        case .folder(let name): pending.append("\(folder)\(name)/")
        case .file(let name, _): removeLeftover(folder + name)
        }
      }
    }
  }

  private static let leftoverAge = 86400

  private func removeLeftover(_ path: String) {
    let file = OpenBeneath.open(top, path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mtim.tv_sec < time(nil) - Self.leftoverAge,
      flock(file, LOCK_EX | LOCK_NB) == 0 || Errno.current != .wouldBlock
    else { return }
    // No link was followed on the way, and who could put one there may delete the file as well.
    unlinkat(top, path, 0)
  }

  private enum Entry {
    case folder(String)
    case file(String, size: UInt64)
  }

  /// - Parameter prefix: ends at a slash or is empty. A folder that is not there has no entries.
  /// - Parameter temporary: whether files with temporary names are wanted, instead of objects.
  private func entries(of prefix: String, temporary: Bool = false) throws(StorageError) -> [Entry] {
    let subject = "\(root)/\(prefix)"
    guard prefix.isEmpty || prefix.hasSuffix("/") else {
      throw StorageError(.refused, subject, "a prefix must end at a slash")
    }
    let path = prefix.isEmpty ? "." : prefix
    let folder = OpenBeneath.open(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder < 0 {
      let error = StorageError(.current, "open the folder", subject)
      if error.code == .missing { return [] }
      throw error
    }
    guard let stream = fdopendir(folder) else {
      close(folder)
      throw StorageError(.current, "read the folder", subject)
    }
    defer { closedir(stream) }
    var entries: [Entry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name, name != ".", name != ".." else { continue }
      let isTemporary = DirectoryKey.isTemporary(name)
      guard !isTemporary || temporary else { continue }
      var status = stat()
      // Gone since the folder was read: not an object any more.
      guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR where !isTemporary: entries.append(.folder(name))
      case S_IFREG where isTemporary == temporary: entries.append(.file(name, size: UInt64(status.st_size)))
      default: continue
      }
    }
    if errno != 0 { throw StorageError(.current, "read the folder", subject) }
    return entries
  }
}
