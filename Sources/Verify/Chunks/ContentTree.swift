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
  private let target: String
  private let options: Extractor.Options
  private let extractor: Extractor
  private var lastFolder: [UInt8]?
  /// Whether there are hard links: they wait until all content is there.
  private(set) var hasLinks = false
  private(set) var entries = 0
  private(set) var bytes: UInt64 = 0

  /// - Parameter target: an existing folder.
  init(target: String, plan: RestorePlan, overwrite: Bool, devices: Bool) throws(VerifyError) {
    self.plan = plan
    self.target = target
    var options = Extractor.Options()
    options.overwrite = overwrite
    options.devices = devices
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

  /// Makes what has no content of its own; a file's folder where it has content.
  func take(_ entry: Entry, hasContent: Bool) throws {
    if case .hardLink = entry.kind {
      hasLinks = true
      return
    }
    do throws(ArchiveError) {
      if hasContent {
        let folder = Array(entry.path[..<(entry.path.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        if folder != lastFolder { try extractor.makeParents(of: entry.path) }
        lastFolder = folder
        return
      }
      try make(entry)
    } catch {
      // Where its folder could not be made, the file itself will be told of.
      if hasContent, error.code != .full { return }
      try tell(error, entry)
    }
  }

  private func make(_ entry: Entry) throws(ArchiveError) {
    if let file = try extractor.create(entry) {
      do { try file.finish() } catch { throw ArchiveError(.system, entry.path.displayPath, "\(error)") }
    }
    entries += 1
  }

  private func tell(_ error: ArchiveError, _ entry: Entry) throws {
    // No room is no property of one entry: everything after it would fail in the same way.
    if error.code == .full { throw error }
    notes.add(error, entry)
  }

  /// Removes files that did not get all their content: nothing half-written stays.
  func removeIncomplete(_ files: FileTable) {
    for file in largeFiles.incomplete() {
      let path = files.path(Int(file))
      do { try extractor.remove(path) } catch {
        notes.add(path, "its incomplete content could not be removed: \(error.reason)", .machine)
      }
    }
  }

  /// Makes the hard links, and gives the folders their metadata.
  /// - Parameter failed: the files that have no content.
  func complete(_ manifest: Manifest, _ files: FileTable, failed: Set<Int>) throws {
    for file in 0..<files.count where !failed.contains(file) {
      entries += 1
      bytes.addClamped(files.size(file))
    }
    if hasLinks { try makeLinks(manifest, lost: Set(failed.map { files.path($0) })) }
    extractor.finishDirectories()
  }

  private func makeLinks(_ manifest: Manifest, lost: Set<[UInt8]>) throws {
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
}
