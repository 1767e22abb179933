internal import Archive
internal import Digests
internal import Files
internal import Repository

/// What takes a snapshot's entries while it is read: nothing for a mere check, a tree for a restore.
protocol EntryReceiver: AnyObject {
  /// - Parameter index: the entry's place in the listing, from 0.
  /// - Returns: whether `write` shall be called for its content.
  func begin(_ entry: Entry, index: Int) throws -> Bool
  func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws
  /// - Parameter isSound: whether the content had its recorded digest.
  func end(_ entry: Entry, isSound: Bool) throws
}

/// Reads the volumes of a full snapshot beside its listing, and holds every member against its entry: name, kind, owner,
/// mode, time, size, attributes, and the SHA-256 of its content.
///
/// Damage in one volume costs the members that lie in it and in the volumes that continue them, no others.
final class SnapshotReading {
  private let volumes: OrderedVolumes
  private let listing: ListingCursor
  private let receiver: (any EntryReceiver)?
  /// Whether entries that no volume gives are damage: not so where only some volumes are read.
  private let expectsAll: Bool
  private let report: (Finding) -> Void
  private let progress: (VolumeRecord) throws -> Void
  private let isCancelled: () -> Bool
  private let hash = SHA256()
  /// A volume that was taken from `volumes` but belongs to the next run.
  private var lookahead: OrderedVolumes.Fetched?
  /// Why a volume could not be fetched: what ends early for that is not damaged.
  private var failure: (any Error)?

  /// - Parameters:
  ///   - report: called for each finding.
  ///   - progress: called after each volume; what it throws ends the reading.
  init(
    volumes: OrderedVolumes, listing: ListingCursor, receiver: (any EntryReceiver)?, expectsAll: Bool,
    isCancelled: @escaping () -> Bool, report: @escaping (Finding) -> Void,
    progress: @escaping (VolumeRecord) throws -> Void
  ) {
    self.volumes = volumes
    self.listing = listing
    self.receiver = receiver
    self.expectsAll = expectsAll
    self.isCancelled = isCancelled
    self.report = report
    self.progress = progress
  }

  /// Reads everything.
  /// - Throws: where a volume could not be checked, or the receiver or `progress` threw.
  func read() throws {
    while let first = try take() {
      switch first.outcome {
      case .damaged(let finding): report(finding)
      case .sound(let tar):
        if first.volume.startsInside { continue }
        try readRun(first.volume, tar)
      }
    }
    while let entry = try listing.next() { lose(entry) }
  }

  private func take() throws -> OrderedVolumes.Fetched? {
    if let fetched = lookahead {
      lookahead = nil
      return fetched
    }
    guard let fetched = try volumes.next() else { return nil }
    try progress(fetched.volume)
    return fetched
  }

  /// Reads a volume that begins with a member, and those that continue it.
  private func readRun(_ first: VolumeRecord, _ tar: [UInt8]) throws {
    var pieces: [[UInt8]] = [tar]
    var isWhole = true
    let archive = TarReader { [self] in
      if let piece = pieces.popLast() { return piece }
      do {
        guard let next = try take() else { return nil }
        guard next.volume.startsInside else {
          lookahead = next
          return nil
        }
        switch next.outcome {
        case .sound(let piece): return piece
        case .damaged(let finding):
          report(finding)
          isWhole = false
          return nil
        }
      } catch {
        failure = error
        return nil
      }
    }
    while listing.index < first.firstEntry, let entry = try listing.next() { lose(entry) }
    do throws(ReadingEnd) {
      while let member = try nextMember(archive) {
        guard let entry = try listed() else {
          report(Finding(.entryUnexpected, member.path.displayPath, "is in \(first.name) but not in the listing"))
          continue
        }
        try readMember(member, entry, archive)
      }
    } catch {
      switch error {
      case .malformed(let reason):
        // Where a volume is missing, the archive's early end is its consequence and told already.
        if isWhole, failure == nil { report(Finding(.malformed, first.name, "\(reason)")) }
      case .failed(let error): throw error
      }
    }
    if let failure { throw failure }
  }

  /// Why reading a run ends before its end.
  private enum ReadingEnd: Error {
    case malformed(any Error)
    case failed(any Error)
  }

  private func nextMember(_ archive: TarReader) throws(ReadingEnd) -> Entry? {
    do { return try archive.next() } catch { throw .malformed(error) }
  }

  private func listed() throws(ReadingEnd) -> Entry? {
    do { return try listing.next() } catch { throw .failed(error) }
  }

  private func readMember(_ member: Entry, _ entry: Entry, _ archive: TarReader) throws(ReadingEnd) {
    let index = listing.index - 1
    let differences = member.differences(from: entry)
    if !differences.isEmpty {
      report(
        Finding(
          .metadataMismatch, entry.path.displayPath,
          "archive and listing differ in \(differences.joined(separator: ", "))"))
    }
    let wanted: Bool
    do { wanted = try receiver?.begin(entry, index: index) ?? false } catch { throw .failed(error) }
    var isSound = differences.isEmpty
    // Where the sizes differ, the content differs too; and a listing may claim exabytes that nobody stored.
    if case .file = entry.kind, member.size == entry.size {
      do {
        isSound = try readContent(of: entry, archive, wanted: wanted) && isSound
      } catch {
        // Neither a receiver that is full nor storage that does not answer says anything about what is stored.
        if case .malformed = error, failure == nil {
          report(Finding(.contentMismatch, entry.path.displayPath, "its content is cut short"))
        }
        do { try receiver?.end(entry, isSound: false) } catch { throw .failed(error) }
        throw error
      }
    }
    do { try receiver?.end(entry, isSound: isSound) } catch { throw .failed(error) }
  }

  /// Hashes (and hands on) a file's content, holes as zeros.
  private func readContent(of entry: Entry, _ archive: TarReader, wanted: Bool) throws(ReadingEnd) -> Bool {
    var position: UInt64 = 0
    var failure: (any Error)?
    func readHole(_ length: UInt64) {
      do throws(VerifyError) {
        try hash.updateZeros(length) { () throws(VerifyError) in
          if isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
        }
      } catch { failure = error }
    }
    do {
      while failure == nil, let (offset, bytes) = try archive.readData() {
        readHole(offset >= position ? offset - position : 0)
        if failure != nil { break }
        bytes.withUnsafeBytes { hash.update($0) }
        position = offset + UInt64(bytes.count)
        if wanted {
          do { try receiver?.write(bytes, at: offset) } catch { failure = error }
        }
      }
    } catch {
      _ = hash.finish()
      throw .malformed(error)
    }
    if failure == nil, position < entry.size { readHole(entry.size - position) }
    if let failure {
      _ = hash.finish()
      throw .failed(failure)
    }
    guard hash.finish() == entry.digest else {
      report(Finding(.contentMismatch, entry.path.displayPath, "its content does not have its recorded SHA-256"))
      return false
    }
    return true
  }

  private func lose(_ entry: Entry) {
    if expectsAll { report(Finding(.entryMissing, entry.path.displayPath, "no sound volume holds it")) }
  }
}

extension Entry {
  /// What an archive's member says otherwise than its listing, in words.
  func differences(from listed: Entry) -> [String] {
    var differences: [String] = []
    if path != listed.path { differences.append("name") }
    if kind != listed.kind { differences.append("kind") }
    if mode != listed.mode { differences.append("mode") }
    if owner != listed.owner || group != listed.group { differences.append("owner") }
    if modified != listed.modified { differences.append("time") }
    if case .file = kind, size != listed.size { differences.append("size") }
    if attributes != listed.attributes { differences.append("attributes") }
    return differences
  }
}
