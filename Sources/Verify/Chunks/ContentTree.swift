internal import Archive
internal import Channels
internal import Files
internal import Repository

/// A folder that an incremental snapshot is restored into.
///
/// `take` and the finishing belong to one thread; each thread that writes content has a `ContentWriter` of its own.
final class ContentTree: @unchecked Sendable {
  // What is not `let` belongs to the thread that takes and finishes.
  let plan: RestorePlan
  let notes = RestoreNoteList()
  let largeFiles = LargeFiles()
  /// The files that have content.
  let entries = EntryTable()
  private let folders = EntryTable()
  private let target: String
  private let options: Extractor.Options
  private let extractor: Extractor
  private var lastFolder: [UInt8]?
  /// Whether there are hard links: they wait until all content is there.
  private(set) var hasLinks = false
  /// The first files without their content; hard links to those after them find none.
  private var lost: Set<[UInt8]> = []
  private(set) var count = 0
  private(set) var bytes: UInt64 = 0

  /// - Parameter target: an existing folder.
  init(target: String, plan: RestorePlan, overwrite: Bool, devices: Bool) throws(VerifyError) {
    self.plan = plan
    self.target = target
    var options = Extractor.Options()
    options.overwrite = overwrite
    options.devices = devices
    options.leavesDirectories = true
    self.options = options
    extractor = try Self.extractor(target, options, notes)
  }

  private static func extractor(
    _ target: String, _ options: Extractor.Options, _ notes: RestoreNoteList
  ) throws(VerifyError) -> Extractor {
    do {
      return try Extractor(target: target, options: options) { finding in notes.add(finding) }
    } catch {
      throw VerifyError(.target, "\(error)", hint: "name a folder that can be written")
    }
  }

  /// An extractor for another thread.
  func makeExtractor() throws(VerifyError) -> Extractor { try Self.extractor(target, options, notes) }

  /// Makes what has no content of its own.
  /// - Parameter number: the entry's place in the listing.
  func take(_ entry: Entry, _ number: UInt32, _ faults: ContentFaults) throws {
    switch entry.kind {
    case .hardLink:
      hasLinks = true
      return
    case .directory: _ = try folders.add(entry)
    default: break
    }
    do throws(ArchiveError) { try make(entry) } catch { try tell(error, entry) }
  }

  /// Prepares a file with content: its folder, and where its chunks come one by one, the file itself.
  /// - Returns: where it stands in `entries`.
  func take(_ entry: Entry, _ number: UInt32, isWhole: Bool, _ faults: ContentFaults) throws -> UInt64 {
    let record = try entries.add(entry)
    count += 1
    bytes.addClamped(entry.size)
    do {
      if isWhole {
        let folder = Array(entry.path[..<(entry.path.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        if folder != lastFolder { try extractor.makeParents(of: entry.path) }
        lastFolder = folder
      } else {
        try largeFiles.make(entry, number: number, record: record, with: extractor)
      }
    } catch let error as ArchiveError {
      // Where its folder could not be made, a whole file will be told of when it is written.
      if error.code == .full || !isWhole { try tell(error, entry) }
      if !isWhole { faults.add(.refused, number) }
    }
    return record
  }

  private func make(_ entry: Entry) throws(ArchiveError) {
    if let file = try extractor.create(entry) {
      do { try file.finish() } catch { throw ArchiveError(.system, entry.path.displayPath, "\(error)") }
    }
    count += 1
  }

  private func tell(_ error: ArchiveError, _ entry: Entry) throws {
    // No room is no property of one entry: everything after it would fail in the same way.
    if error.code == .full { throw error }
    notes.add(error, entry)
  }

  private static let lostLimit = 100_000

  /// Notes a file that does not get its content.
  func lose(_ entry: Entry, isTold: Bool) {
    count -= 1
    bytes -= min(bytes, entry.size)
    if lost.count < Self.lostLimit { lost.insert(entry.path) }
    if !isTold { notes.add(entry.path, "its stored content is damaged", .damage) }
  }

  /// Removes what may not have all its content: nothing half-written stays.
  func abandon() {
    do { try largeFiles.forEach { record, _ in try removeFile(at: record) } } catch {
      notes.add([UInt8(ascii: ".")], "incomplete files could not be removed: \(error)", .machine)
    }
  }

  private func removeFile(at record: UInt64) throws {
    let path = try entries.entry(at: record).entry.path
    do throws(ArchiveError) { try extractor.remove(path) } catch {
      notes.add(path, "its incomplete content could not be removed: \(error.reason)", .machine)
    }
  }

  /// Finishes the files of several chunks, makes the hard links, and gives the folders their metadata.
  func complete(_ manifest: Manifest, _ faults: ContentFaults) throws {
    try largeFiles.forEach { record, number in
      if faults[number] != .sound { return try removeFile(at: record) }
      let entry = try entries.entry(at: record).entry
      do throws(ArchiveError) {
        let file = try extractor.reopen(entry)
        do { try file.finish() } catch { throw ArchiveError(.system, entry.path.displayPath, "\(error)") }
      } catch { try tell(error, entry) }
    }
    if hasLinks { try makeLinks(manifest) }
    try finishFolders()
  }

  private func makeLinks(_ manifest: Manifest) throws {
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    while let listed = try listing.next() {
      guard case .hardLink = listed.kind, let entry = plan.wanted(listed, index: listing.index - 1),
        case .hardLink(let target) = entry.kind
      else { continue }
      if lost.contains(target) {
        notes.add(entry.path, "its content was not restored", .damage)
        continue
      }
      do throws(ArchiveError) { try make(entry) } catch { try tell(error, entry) }
    }
  }

  /// Each folder after those in it: they are in the order of a walk, so that only those above one wait for it.
  private func finishFolders() throws {
    var open: [Entry] = []
    var offset: UInt64 = 0
    while offset < folders.end {
      let (folder, next) = try folders.entry(at: offset)
      offset = next
      while let last = open.last, !folder.path.isBelow(last.path) {
        extractor.finishDirectory(last)
        open.removeLast()
      }
      open.append(folder)
    }
    for folder in open.reversed() { extractor.finishDirectory(folder) }
  }
}
