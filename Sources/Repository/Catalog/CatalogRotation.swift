internal import Compression
public import Digests
public import Files

extension CatalogFile {
  /// What a rotation would move.
  public struct RotationPlan: Sendable {
    /// Runs of neighbors, as positions in `records`; those archived before are among them.
    var runs: [Range<Int>] = []
    /// The records that would be moved.
    public internal(set) var moved: [CatalogRecord] = []
  }

  /// Finds what is to be moved to an archive: every record that is not needed, except the last one, and single ones between
  /// others that stay, whose place would be as long as they are.
  public func planRotation(keeping isNeeded: (CatalogRecord) -> Bool) -> RotationPlan {
    var plan = RotationPlan()
    var start: Int?
    for position in records.indices {
      let isLast = position == records.count - 1
      let goes = !isLast && (records[position].event.isArchivedRun || !isNeeded(records[position]))
      if goes {
        start = start ?? position
      } else if let first = start {
        let fresh = records[first..<position].filter { !$0.event.isArchivedRun }
        if position - first > 1, !fresh.isEmpty {
          plan.runs.append(first..<position)
          plan.moved += fresh
        }
        start = nil
      }
    }
    return plan
  }

  /// Moves records to a new archive, `catalog/archive-000001.jsonl.zst` beside the catalog, and records that.
  ///
  /// The archive is durable before the catalog takes its new form, at once: whatever happens in between, no record is lost,
  /// and at most an archive stays that nothing refers to, which the next rotation replaces.
  /// - Returns: nil where there is nothing to move.
  public func rotate(_ plan: RotationPlan, at time: Timestamp) throws(CatalogError) -> Rotation? {
    guard !plan.moved.isEmpty else { return nil }
    let name = nextArchive
    let rewriting = try Rewriting(self, plan, archive: name)
    do {
      let folder = "\(Paths.parent(path))/\(CatalogArchives.folder)"
      try Paths.makeFolders(folder, mode: 0o700)
      let packed = try Compressor(level: 9).compress(rewriting.archive)
      let rotation = Rotation(
        archive: name, digest: SHA256.digest(packed).hex, records: plan.moved.count, bytes: rewriting.archive.count)
      try FileContent.write(packed, to: "\(folder)/\(name)")
      var longer = chain
      let (_, line) = try longer.append(.rotation(rotation), at: time)
      try FileContent.write(rewriting.catalog + line + [UInt8(ascii: "\n")], to: path)
      try reload()
      return rotation
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogError(.inaccessible, path, "\(error)")
    }
  }

  /// The first name that nothing refers to.
  private var nextArchive: String {
    var last = 0
    for record in records {
      let names: [String] =
        switch record.event {
        case .rotation(let rotation): [rotation.archive]
        case .archived(let run): run.archives
        default: []
        }
      for name in names { last = max(last, CatalogArchives.number(name) ?? 0) }
    }
    return CatalogArchives.name(last + 1)
  }

  /// The head after record `sequence`; nil where that is within an archived run, or not there.
  public func head(after sequence: Int) -> SHA256Digest? {
    if sequence == chain.sequence { return chain.head }
    var (low, high) = (0, records.count)
    while low < high {
      let middle = (low + high) / 2
      if records[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    guard low < records.count, records[low].sequence == sequence + 1 else { return nil }
    return records[low].previous
  }
}

extension CatalogEvent {
  fileprivate var isArchivedRun: Bool { if case .archived = self { true } else { false } }
}

/// The lines of a catalog after a rotation, and those of the archive.
private struct Rewriting {
  var catalog: [UInt8] = []
  var archive: [UInt8] = []

  init(_ file: CatalogFile, _ plan: CatalogFile.RotationPlan, archive name: String) throws(CatalogError) {
    var failure: CatalogError?
    var position = 0
    var runs = plan.runs[...]
    do throws(FileError) {
      try LineFile(file.path).forEachLine(beginningIn: 0..<file.size) { line in
        guard let line else { return false }
        if let run = runs.first, run.contains(position) {
          if !file.records[position].event.isArchivedRun {
            archive += line
            archive.append(UInt8(ascii: "\n"))
          }
          if position == run.upperBound - 1 {
            do throws(CatalogError) {
              catalog += try Self.place(of: file.records[run], before: file.records[run.upperBound], name).line
              catalog.append(UInt8(ascii: "\n"))
            } catch {
              failure = error
              return false
            }
            runs = runs.dropFirst()
          }
        } else {
          catalog += line
          catalog.append(UInt8(ascii: "\n"))
        }
        position += 1
        return true
      }
    } catch {
      throw CatalogError(.inaccessible, file.path, "\(error)")
    }
    if let failure { throw failure }
    guard position == file.records.count else {
      throw CatalogError(.broken, file.path, "was changed by something else while it was read")
    }
  }

  /// What stands in the place of a run.
  private static func place(
    of run: ArraySlice<CatalogRecord>, before next: CatalogRecord, _ name: String
  ) -> CatalogRecord {
    var archives: [String] = []
    var time = next.time
    for record in run {
      time = record.time
      let names: [String] = if case .archived(let earlier) = record.event { earlier.archives } else { [name] }
      for name in names where !archives.contains(name) { archives.append(name) }
    }
    let first = run[run.startIndex]
    return CatalogRecord(
      sequence: first.sequence, previous: first.previous, time: time,
      event: .archived(ArchivedRun(last: next.sequence - 1, head: next.previous.hex, archives: archives.sorted())))
  }
}
