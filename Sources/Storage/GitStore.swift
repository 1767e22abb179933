internal import Channels
internal import Files
internal import Glibc

/// Objects as files of a branch in a git repository, carried there by the real git: `prefix/key` is the file's path.
///
/// Writing and removing are gathered, and become one commit, pushed by `flush`. Nothing is ever forced: where the branch
/// has moved on, the commit is made anew on top of it. A writer keeps the tip's trees on this machine, and no content. A
/// reader fetches the whole tip into a folder of its own, anew each time one is opened, so that what it checks is what
/// the remote has; the folder goes with it.
public final class GitStore: ObjectWriter, ObjectReader, ObjectRemover, TreeMirror {
  private let git: GitProgram
  private let monitor = Monitor()
  // Guarded by `monitor`, as are all calls of git.
  private nonisolated(unsafe) var lock: FileLock?
  private nonisolated(unsafe) var batch: GitBatch?
  private nonisolated(unsafe) var reading: GitReading?
  private nonisolated(unsafe) var notices: [StoreNotice] = []

  /// How often a commit is made anew because another's came first.
  private static let conflictLimit = 12
  /// Bytes after which a batch is pushed by itself: hosts refuse pushes of some GiB (GitHub: 2 GiB).
  private static let batchLimit = 1 << 30

  /// - Parameter environment: this process's variables, or those of a test.
  public init(
    _ settings: GitSettings, environment: [String: String], cancellation: Cancellation = Cancellation(),
    log: (@Sendable (String) -> Void)? = nil
  ) {
    git = GitProgram(settings: settings, environment: environment, cancellation: cancellation, log: log)
  }

  private var settings: GitSettings { git.settings }

  // MARK: Writing

  public func put(_ upload: Upload) throws(StorageError) {
    let path = try path(of: upload.key)
    try monitor.locked { () throws(StorageError) in
      var batch = try openBatch()
      let id = try batch.clone.store(upload.content.array)
      let present = batch.changed(path)
      if let present, present.id != id { throw taken(path) }
      if present == nil {
        batch.changes[path] = .store(GitFile(id: id, size: UInt64(upload.content.count)))
        batch.bytes += upload.content.count
      }
      self.batch = batch
      if batch.bytes >= Self.batchLimit { try push("part of what follows") }
    }
  }

  public func remove(_ key: String) throws(StorageError) {
    let path = try path(of: key)
    try monitor.locked { () throws(StorageError) in
      var batch = try openBatch()
      batch.changes[path] = batch.tip.files[path] == nil ? nil : .remove
      self.batch = batch
    }
  }

  public func flush(_ title: String) throws(StorageError) {
    _ = try monitor.locked { () throws(StorageError) in try push(title) }
  }

  public func discard() { monitor.locked { batch = nil } }

  public func takeNotices() -> [StoreNotice] {
    monitor.locked {
      defer { notices = [] }
      return notices
    }
  }

  /// Looks whether there is a git, and one that knows what is asked of it.
  public func requireProgram() throws(StorageError) {
    let outcome = try git.run(["--version"], in: nil)
    // `git version 2.39.5`
    let words = String(decoding: outcome.output, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    let version = words.count > 2 ? words[2].split(separator: ".").prefix(2).compactMap { Int($0) } : []
    guard outcome.succeeded, version.count == 2, (version[0], version[1]) >= (2, 30) else {
      throw StorageError(
        .refused, settings.address,
        "needs git 2.30 or newer, but 'git --version' says '\(words.joined(separator: " "))'",
        hint: "install a newer git")
    }
  }

  /// Finds out whether a push would be let in, as far as that can be known without one: hooks and branch rules answer to
  /// real ones alone.
  public func rehearse() throws(StorageError) {
    try monitor.locked { () throws(StorageError) in
      let batch = try openBatch()
      self.batch = nil
      let commit = try batch.clone.commit(on: batch.tip.commit, [:], title: "rehearsal")
      _ = try batch.clone.push(commit, bytes: 0, rehearses: true)
    }
  }

  // MARK: Mirroring

  public func take(_ content: [UInt8]) throws(StorageError) -> String {
    try monitor.locked { () throws(StorageError) in
      var batch = try openBatch()
      let id = try batch.clone.store(content)
      batch.bytes += content.count
      self.batch = batch
      return id
    }
  }

  public func replace(
    _ folder: String, with files: [MirroredFile], keeping: [[UInt8]], title: String
  ) throws(StorageError) -> Bool {
    let path = try path(of: folder)
    return try monitor.locked { () throws(StorageError) in
      var batch = try openBatch()
      batch.mirrored = GitMirroredFolder(path, files, keeping: keeping)
      self.batch = batch
      return try push(title)
    }
  }

  // MARK: Batches

  /// The batch that is being gathered, or a new one on the branch's present tip.
  private func openBatch() throws(StorageError) -> GitBatch {
    if let batch { return batch }
    if lock == nil { lock = try GitFolder.lock(settings.folder, "lock") }
    guard lock != nil else {
      throw StorageError(
        .server, settings.folder, "another process uses this folder", hint: "wait until it has ended", isTransient: true
      )
    }
    let clone = GitClone(folder: "\(settings.folder)/clone.git", extent: .trees, git: git)
    let batch = GitBatch(clone: clone, tip: try tip(clone))
    self.batch = batch
    return batch
  }

  /// The branch's present tip; a clone that is damaged is made again.
  private func tip(_ clone: GitClone) throws(StorageError) -> GitTip {
    do throws(StorageError) {
      try clone.prepare()
      return try refresh(clone)
    } catch {
      guard error.subject == clone.folder, error.code == .server else { throw error }
      git.log?("\(error); it is made again")
      try clone.remake()
      return try refresh(clone)
    }
  }

  private func refresh(_ clone: GitClone) throws(StorageError) -> GitTip {
    var known = try clone.knownTip()
    guard let remote = try clone.remoteTip() else {
      if known != nil {
        notices.append(
          StoreNotice("\(settings.address): branch \(settings.branch) is gone; it is begun anew", lostObjects: true))
        try clone.setKnownTip(nil)
      }
      return GitTip()
    }
    if remote != known {
      do throws(StorageError) { try clone.fetch(history: known != nil) } catch {
        // The remote answers, so what is here may be at fault.
        guard known != nil, batch == nil, error.code != .cancelled else { throw error }
        try clone.remake()
        known = nil
        try clone.fetch(history: false)
      }
      // It may have moved on between the question and the fetch.
      guard let tip = try clone.knownTip() else { return GitTip() }
      if let known, try !clone.follows(tip, from: known) {
        notices.append(
          StoreNotice(
            "\(settings.address): the history of branch \(settings.branch) was rewritten; objects stored there earlier may be gone",
            lostObjects: true))
      }
      try clone.keepOnlyTrees(of: tip, sparing: batch != nil)
      return try clone.listing(tip)
    }
    return try clone.listing(remote)
  }

  /// Commits and pushes what was gathered, on top of whatever others have pushed.
  /// - Returns: whether there was anything to push.
  @discardableResult
  private func push(_ title: String) throws(StorageError) -> Bool {
    guard var batch else { return false }
    for attempt in 1...Self.conflictLimit {
      if attempt > 1 {
        // Another's push came first: a random pause keeps the two from meeting again and again.
        git.cancellation.sleep(seconds: Double.random(in: 0..<1) * min(5, 0.1 * pow(2, Double(attempt))))
        let noticed = notices.count
        batch.tip = try refresh(batch.clone)
        self.batch = batch
        if notices[noticed...].contains(where: \.lostObjects) {
          // What is gathered may rely on what was stored before.
          throw StorageError(
            .noSuchStore, settings.address, "the branch's history was rewritten while this was stored",
            hint: "the next run stores what is needed")
        }
      }
      let changes = batch.outstanding
      if let path = changes.keys.first(where: { batch.isTaken($0) }) { throw taken(path) }
      guard !changes.isEmpty else {
        self.batch = nil
        return false
      }
      let commit = try batch.clone.commit(on: batch.tip.commit, changes, title: title)
      guard try batch.clone.push(commit, bytes: batch.bytes) else { continue }
      self.batch = nil
      reading?.isStale = true
      do throws(StorageError) { try batch.clone.keepOnlyTrees(of: commit) } catch {
        // It is pushed; a clone that is damaged shows, and is made again, at its next use.
        git.log?("\(error)")
      }
      return true
    }
    throw StorageError(
      .server, settings.address, "other pushes came first \(Self.conflictLimit) times", isTransient: true)
  }

  private func taken(_ path: GitPath) -> StorageError {
    StorageError(.exists, "\(settings.address) \(path.displayPath)", "the key is taken by another object")
  }

  // MARK: Reading

  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    let path = try path(of: key)
    return try monitor.locked { () throws(StorageError) in
      let reading = try openReading()
      guard let file = try reading.file(path) else {
        throw StorageError(.missing, "\(settings.address) \(key)", "no such object")
      }
      guard let size = file.size, size <= maximumLength else {
        throw StorageError(
          .tooLong, "\(settings.address) \(key)", "the object is longer than \(maximumLength) bytes")
      }
      return try reading.content(file)
    }
  }

  public func size(of key: String) throws(StorageError) -> UInt64? {
    let path = try path(of: key)
    return try monitor.locked { () throws(StorageError) in try openReading().file(path)?.size }
  }

  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
    let top = settings.prefix.isEmpty ? [] : Array("\(settings.prefix)/".utf8)
    return try monitor.locked { () throws(StorageError) in
      try openReading().files(below: top + prefix.utf8).map { path, file in
        ObjectSummary(key: String(decoding: path.dropFirst(top.count), as: UTF8.self), size: file.size ?? 0)
      }
    }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }

  public func listFolders(prefix: String) throws(StorageError) -> [String] {
    var folders: Set<String> = []
    for object in try list(prefix: prefix) {
      let rest = object.key.utf8.dropFirst(prefix.utf8.count)
      if let slash = rest.firstIndex(of: UInt8(ascii: "/")) { folders.insert(String(rest[..<slash]) ?? "") }
    }
    return folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func openReading() throws(StorageError) -> GitReading {
    if let reading { return reading }
    let new = try GitReading(git)
    reading = new
    return new
  }

  // MARK: Keys

  private func path(of key: String) throws(StorageError) -> GitPath {
    let path = try DirectoryKey(settings.prefix.isEmpty ? key : "\(settings.prefix)/\(key)", root: settings.address)
    let isSafe = path.path.split(separator: "/").allSatisfy { $0.lowercased() != ".git" }
    guard isSafe else {
      throw StorageError(.refused, path.subject, "this key cannot be a path in a git repository")
    }
    return Array(path.path.utf8)
  }
}
