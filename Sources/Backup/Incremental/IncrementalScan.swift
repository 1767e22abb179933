internal import Archive
internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository

/// Walks a set's sources beside the index, and stages what differs from the last snapshot.
///
/// Both go in the order of the walk, so one pass finds what is new, changed and gone. A file that has not changed is
/// neither opened nor read, unless what storage has of it is to be sent again. Belongs to the thread that reads the sources.
final class IncrementalScan {
  private let index: SetIndex
  private let cursor: FileCursor
  private let set: SetConfiguration
  private let trust: VolumeTrust
  private let chunking: SourceChunking
  private let secrets: SecretGuard
  private let readsAll: Bool
  private let report: (Finding) -> Void
  private let progress: (SnapshotContent) throws -> Void
  private var links = HardLinks()
  private var hasRow = false
  private(set) var content = SnapshotContent()
  /// Entries that were staged as new, changed or gone.
  private(set) var changes = 0

  /// A change may come within the clock's granularity after a file was looked at and leave the same times: what is as young
  /// as this, in seconds, is read again the next time.
  private static let granularity: Int64 = 2
  private static let mustReadAgain: UInt8 = 1
  private static let isHardLink: UInt8 = 2

  /// - Parameter readsAll: reads every file, whatever the index says.
  init(
    _ index: SetIndex, _ set: SetConfiguration, trust: VolumeTrust, chunking: SourceChunking, secrets: SecretGuard,
    readsAll: Bool, report: @escaping (Finding) -> Void, progress: @escaping (SnapshotContent) throws -> Void
  ) throws {
    self.index = index
    self.set = set
    self.trust = trust
    self.chunking = chunking
    self.secrets = secrets
    self.readsAll = readsAll
    self.report = report
    self.progress = progress
    cursor = try index.files()
    secrets.report = { [unowned self] in self.note($0) }
  }

  func run(_ sources: SetSources, isCancelled: () -> Bool) throws {
    hasRow = try cursor.advance()
    try sources.walk(
      visit: { try take($0) }, take: { try take($0, isCancelled: isCancelled) }, report: { note($0) })
    while hasRow { try dropRow() }
  }

  // MARK: Merging

  private func take(_ found: borrowing FoundEntry) throws {
    try secrets.admit(found)
    let isKnown = try reach(found.entry.path)
    let target = links.target(of: found)
    if isKnown, try isUnchanged(found, target?.path) {
      try keepRow(found)
    } else if try !stage(found, target, isKnown: isKnown), isKnown {
      try index.stageRemoval(found.entry.path)
      changes += 1
    }
    if isKnown { hasRow = try cursor.advance() }
    try progress(content)
  }

  /// What was made for the set is always read: that is how its changes are found.
  private func take(_ extra: ExtraSource, isCancelled: () -> Bool) throws {
    try secrets.admit(extra.entry)
    let isKnown = try reach(extra.entry.path)
    let read =
      switch extra.content {
      case .spooled(let file): try chunking.read(file, extra.entry.path)
      case .streamed(let command):
        try chunking.read(extra.entry.path) { try command.run(isCancelled: isCancelled, into: $0) }
      }
    var entry = extra.entry
    (entry.size, entry.digest) = (read.size, read.digest)
    let known = isKnown ? try cursor.record() : nil
    if case .streamed = extra.content, let known, known.chunks == read.chunks {
      // The same output as before is as old as it was.
      var reader = MTreeReader()
      if let before = try reader.entry(from: known.line[...]) { entry.modified = before.modified }
    }
    let record = FileRecord(
      path: entry.path,
      stamp: FileStamp(
        kind: FileStamp.file, mode: entry.mode, owner: entry.owner, group: entry.group, size: entry.size,
        modified: entry.modified, changed: entry.modified, device: 0, inode: 0, flags: Self.mustReadAgain),
      line: MTreeWriter.line(for: entry), attributes: IndexedAttributes(entry).encoded, chunks: read.chunks)
    if known?.describesTheSame(as: record) != true || !read.chunks.allSatisfy(trust.isTrusted) { changes += 1 }
    try index.stage(record)
    if isKnown { hasRow = try cursor.advance() }
    content.entries += 1
    content.files += 1
    content.bytes += read.size
    try progress(content)
  }

  /// Drops what the index has before a path.
  /// - Returns: whether the index has the path too.
  private func reach(_ path: [UInt8]) throws -> Bool {
    var order = hasRow ? cursor.compare(path) : -1
    while hasRow, order > 0 {
      try dropRow()
      order = hasRow ? cursor.compare(path) : -1
    }
    return hasRow && order == 0
  }

  /// The index has what the sources no longer have.
  private func dropRow() throws {
    try index.stageRemoval(cursor.path)
    changes += 1
    hasRow = try cursor.advance()
  }

  private func isUnchanged(_ found: borrowing FoundEntry, _ linkTarget: [UInt8]?) throws -> Bool {
    guard !readsAll, let known = cursor.stamp else { return false }
    var stamp = FileStamp(found.status, flags: linkTarget == nil ? 0 : Self.isHardLink)
    // A device's number may change with every start; the inode says enough.
    stamp.device = known.device
    if set.ignoreInode { stamp.inode = known.inode }
    if set.ignoreCtime { stamp.changed = known.changed }
    guard stamp == known else { return false }
    if let linkTarget {
      let line = IndexedAttributes(try cursor.attributes()).link
      return line == LinksListing.line(for: Entry(path: found.entry.path, kind: .hardLink(target: linkTarget), mode: 0))
    }
    guard trust.hasExpired else { return true }
    return try cursor.chunks().allSatisfy(trust.isTrusted)
  }

  private func keepRow(_ found: borrowing FoundEntry) throws {
    content.entries += 1
    guard found.status.kind == .file, cursor.stamp?.flags != Self.isHardLink else { return }
    content.files += 1
    content.bytes += found.entry.size
    guard found.linkCount > 1 else { return }
    var reader = MTreeReader()
    if let entry = try reader.entry(from: Array(try cursor.line())[...]) { links.stored(entry, as: found.status) }
  }

  // MARK: Staging

  /// - Returns: false where the object cannot be in the snapshot; a finding says why.
  private func stage(
    _ found: borrowing FoundEntry, _ target: (path: [UInt8], size: UInt64, digest: SHA256Digest?)?, isKnown: Bool
  ) throws -> Bool {
    var entry = found.entry
    do throws(FileError) { entry.attributes = try found.attributes() } catch {
      if error.isAbsence {
        note(Finding(.vanished, entry.path.displayPath, "gone before it was read"))
        return false
      }
      note(Finding(.unreadable, entry.path.displayPath, "its extended attributes: \(error.errno)"))
    }
    var status = found.status
    var chunks: [ChunkID] = []
    var flags: UInt8 = 0
    if let target {
      entry.kind = .hardLink(target: target.path)
      entry.size = target.size
      entry.digest = target.digest
      flags = Self.isHardLink
    } else if status.kind == .file {
      guard let (read, after, isSteady) = try read(found) else { return false }
      (status, chunks) = (after, read.chunks)
      (entry.size, entry.digest, entry.modified, entry.mode) = (read.size, read.digest, after.modified, after.mode)
      if !isSteady || isYoung(after) { flags = Self.mustReadAgain }
    }
    let record = FileRecord(
      path: entry.path, stamp: FileStamp(status, flags: flags), line: MTreeWriter.line(for: entry),
      attributes: IndexedAttributes(entry).encoded, chunks: chunks)
    // Read again and found as it was: the index learns that, and the snapshot need not.
    let isAsKnown = isKnown ? try cursor.record().describesTheSame(as: record) : false
    if !isAsKnown || !chunks.allSatisfy(trust.isTrusted) { changes += 1 }
    try index.stage(record)
    content.entries += 1
    if case .file = entry.kind {
      content.files += 1
      links.stored(entry, as: found.status)
    }
    return true
  }

  /// Reads a file.
  /// - Returns: nil, with a finding, where it cannot be read; else its content, its status afterwards and whether it
  ///   stayed as it was meanwhile.
  private func read(
    _ found: borrowing FoundEntry
  ) throws -> (content: SourceChunking.Content, status: FileStatus, isSteady: Bool)? {
    let path = found.entry.path.displayPath
    do {
      let file = try found.open()
      let before = file.opened
      let read = try chunking.read(file, found.entry.path)
      let after = try file.status()
      content.bytes += read.size
      let isSteady =
        before.size == after.size && before.modified == after.modified && before.changed == after.changed
        && read.size == after.size
      if !isSteady {
        note(Finding(.changed, path, "changed while it was read; the snapshot holds a mixture"))
      }
      return (read, after, isSteady)
    } catch let error as FileError {
      note(
        error.isAbsence
          ? Finding(.vanished, path, "gone before it was read")
          : Finding(.unreadable, path, "cannot be read: \(error.errno)"))
      return nil
    }
  }

  private func isYoung(_ status: FileStatus) -> Bool {
    max(status.modified, status.changed).seconds >= Timestamp.now().seconds - Self.granularity
  }

  private func note(_ finding: Finding) {
    report(finding)
    content.add(finding)
  }
}

extension FileRecord {
  /// Whether a snapshot says the same of both.
  fileprivate func describesTheSame(as other: FileRecord) -> Bool {
    line == other.line && attributes == other.attributes && chunks == other.chunks
  }
}

extension FileStamp {
  /// The `kind` of regular files and of further names of them.
  static let file = FileStatus.Kind.file.rawValue

  init(_ status: FileStatus, flags: UInt8) {
    self.init(
      kind: status.kind.rawValue, mode: status.mode, owner: status.owner, group: status.group, size: status.size,
      modified: status.modified, changed: status.changed, device: status.device, inode: status.inode, flags: flags)
  }
}

/// What the index keeps of an entry beside its listing line: its line of `links.tsv`, and those of `attributes.tsv`.
struct IndexedAttributes {
  var link: [UInt8]?
  var attributes: [UInt8]

  init(_ entry: Entry) {
    link = LinksListing.line(for: entry)
    attributes = AttributesListing.lines(for: entry)
  }

  /// The link's line comes first, up to its line end; a byte before says whether there is one.
  init(_ encoded: UnsafeRawBufferPointer) {
    guard encoded.first == 1, let end = encoded.firstIndex(of: UInt8(ascii: "\n")) else {
      attributes = Array(encoded.dropFirst())
      return
    }
    link = Array(encoded[1...end])
    attributes = Array(encoded[(end + 1)...])
  }

  var encoded: [UInt8] {
    if let link { return [1] + link + attributes }
    return attributes.isEmpty ? [] : [0] + attributes
  }
}
