internal import Files

/// A branch's tip with all content, fetched into a folder of its own, which goes with this object.
final class GitReading {
  private let clone: GitClone
  private let lock: FileLock
  private var tip: GitTip?
  /// Whether the branch is known to have moved on.
  var isStale = false

  init(_ git: GitProgram) throws(StorageError) {
    let place = try GitFolder.readingPlace(in: git.settings.folder)
    lock = place.lock
    clone = GitClone(folder: place.path, extent: .everything, git: git)
    do throws(StorageError) {
      try clone.remake()
    } catch {
      GitFolder.remove(clone: place.path)
      throw error
    }
  }

  deinit { GitFolder.remove(clone: clone.folder) }

  /// The file at a path; looks whether the branch has moved on before it says that there is none.
  func file(_ path: GitPath) throws(StorageError) -> GitFile? {
    if !isStale, let file = tip?.files[path] { return file.isObject ? file : nil }
    return try refreshed().files[path].flatMap { $0.isObject ? $0 : nil }
  }

  func files(below prefix: GitPath) throws(StorageError) -> [(GitPath, GitFile)] {
    try refreshed().files.filter { $0.value.isObject && $0.key.starts(with: prefix) }.map { ($0.key, $0.value) }
  }

  func content(_ file: GitFile) throws(StorageError) -> [UInt8] {
    try clone.content(file.id, size: Int(file.size ?? 0))
  }

  private func refreshed() throws(StorageError) -> GitTip {
    let remote = try clone.remoteTip()
    isStale = false
    if let tip, tip.commit == remote { return tip }
    var new = GitTip()
    if remote != nil {
      try clone.fetch(history: false)
      if let commit = try clone.knownTip() { new = try clone.listing(commit) }
    }
    tip = new
    return new
  }
}

extension GitFile {
  /// Whether it is a regular file.
  var isObject: Bool { mode.hasPrefix("100") }
}
