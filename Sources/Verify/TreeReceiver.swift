internal import Archive
internal import Files
internal import Repository

/// Takes a snapshot's entries into a folder.
///
/// A file whose content turns out unsound is removed again: what stands in the folder in the end is what was stored.
final class TreeReceiver: EntryReceiver {
  private let extractor: Extractor
  private let plan: RestorePlan
  private let notes = RestoreNoteList()
  /// The file that is being written, and its path below the target.
  private var file: (file: ExtractedFile, path: [UInt8])?
  /// Folders that what comes next may lie in.
  private var folders: [Entry] = []
  /// Folders that nobody but root can look into once they have their mode, and that later hard links may lead to; deepest
  /// first.
  private var closed: [Entry] = []
  private static let closedLimit = 10_000
  private(set) var entries = 0
  private(set) var bytes: UInt64 = 0

  /// - Parameter target: an existing folder.
  init(target: String, plan: RestorePlan, overwrite: Bool, devices: Bool) throws(VerifyError) {
    self.plan = plan
    var options = Extractor.Options()
    options.overwrite = overwrite
    options.devices = devices
    options.leavesDirectories = true
    do {
      extractor = try Extractor(target: target, options: options) { [notes] finding in notes.add(finding) }
    } catch {
      throw VerifyError(.target, "\(error)", hint: "name a folder that can be written")
    }
  }

  func begin(_ entry: Entry, index: Int) throws -> Bool {
    finishFolders(before: entry.path)
    guard let entry = plan.wanted(entry, index: index) else { return false }
    do throws(ArchiveError) {
      file = try extractor.create(entry).map { ($0, entry.path) }
      if entry.kind == .directory { folders.append(entry) }
      entries += 1
      return file != nil
    } catch {
      // No room is no property of one entry: everything after it would fail in the same way.
      if error.code == .full { throw error }
      notes.add(error, entry)
      return false
    }
  }

  /// The listing is in the order of a walk: what comes later lies in no folder that this path does not lie in.
  private func finishFolders(before path: [UInt8]) {
    while let last = folders.last, !path.isBelow(last.path) {
      if last.mode & 0o100 == 0, closed.count < Self.closedLimit {
        closed.append(last)
      } else {
        extractor.finishDirectory(last)
      }
      folders.removeLast()
    }
  }

  func write(_ content: ArraySlice<UInt8>, at offset: UInt64) throws {
    do { try file?.file.write(content, at: offset) } catch {
      discard()
      throw error
    }
  }

  func end(_ entry: Entry, isSound: Bool) throws {
    guard let (file, path) = file else { return }
    guard isSound else {
      discard()
      entries -= 1
      notes.add(entry.path, "its stored content is damaged", .damage)
      return
    }
    self.file = nil
    do { try file.finish() } catch {
      self.file = (file, path)
      discard()
      throw error
    }
    bytes.addClamped(entry.size)
  }

  /// Removes the file at hand: nothing half-written stays.
  private func discard() {
    guard let (_, path) = file else { return }
    file = nil
    do { try extractor.remove(path) } catch {
      notes.add(path, "its damaged content could not be removed: \(error.reason)", .machine)
    }
  }

  /// Sets what waits for the end (the folders' modes and times).
  /// - Returns: what could not be restored as it was stored.
  func finish() -> [RestoreNote] {
    for folder in closed { extractor.finishDirectory(folder) }
    while let last = folders.popLast() { extractor.finishDirectory(last) }
    return notes.take()
  }
}
