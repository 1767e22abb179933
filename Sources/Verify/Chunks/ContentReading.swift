internal import Archive
internal import Digests
internal import Files
internal import OpenPGPDecryption
internal import Repository
internal import Storage

/// Reads what an incremental snapshot's files are made of, each needed volume once and on several threads.
///
/// Every chunk is proven by its own SHA-256, and every file's chunks add up to its length. That the whole has the file's
/// SHA-256 then follows from the signed listing, unless the node wrote one that contradicts itself: that is what level
/// `restored` would find, which hashes whole files.
final class ContentReading {
  /// Where volumes come from.
  struct Source {
    var readers: [any ObjectReader]
    var workers: Int
    var decryptor: Decryptor
    /// Where the time that each phase takes is counted; nil where nobody asks.
    var phases: PhaseTimes?
  }

  private let manifest: Manifest
  private let tree: ContentTree?
  private let findings = FindingList()
  private let files: FileTable
  private let needs: ContentNeeds

  /// Goes through the listing, and makes in the tree what has no content of its own.
  /// - Parameter tree: where to restore to; nil to prove alone.
  /// - Throws: `ManifestError` where the listing is malformed, `ArchiveError` where the target is full.
  init(_ manifest: Manifest, plan: RestorePlan, tree: ContentTree?) throws {
    self.manifest = manifest
    self.tree = tree
    files = FileTable(expected: plan.entries)
    needs = ContentNeeds(manifest.volumes, expected: plan.entries)
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    while let (listed, chunks) = try listing.nextListed() {
      guard let entry = plan.wanted(listed, index: listing.index - 1) else { continue }
      guard entry.kind == .file, entry.size > 0 else {
        try tree?.take(entry, hasContent: false)
        continue
      }
      guard !chunks.isEmpty else {
        throw ManifestError("contents.tsv", "\(entry.path.displayPath): no chunks for \(entry.size) bytes")
      }
      let file = try files.add(entry)
      try needs.add(chunks, of: file)
      if chunks.count > 1 { tree?.largeFiles.add(UInt32(file), chunks: chunks.count) }
      try tree?.take(entry, hasContent: true)
    }
    needs.sort()
  }

  /// The volumes that hold anything of it.
  var volumes: [VolumeRecord] { needs.neededVolumes }

  /// Reads volumes, at least `volumes`, and completes the tree; what that could not take is among its `notes`.
  /// - Parameters:
  ///   - report: called for each finding, on the caller's thread.
  ///   - progress: called after each volume; what it throws ends the reading.
  /// - Throws: where a volume could not be checked or the target not be written; the tree then has no file without its
  ///   whole content.
  func read(
    _ volumes: [VolumeRecord], from source: Source, report: (Finding) -> Void,
    progress: (VolumeRecord) throws -> Void
  ) throws {
    do {
      try fetch(volumes, source, report, progress)
    } catch {
      tree?.removeIncomplete(files)
      throw error
    }
    let failures = needs.failures()
    for (file, state) in failures.sorted(by: { $0.key < $1.key }) {
      let path = files.path(Int(file)).displayPath
      switch state {
      case .mismatched:
        report(Finding(.contentMismatch, path, "a chunk of its content does not have its recorded SHA-256 and length"))
      case .waiting: report(Finding(.entryMissing, path, "no sound volume holds all of its content"))
      case .refused, .delivered: continue
      }
      tree?.notes.add(files.path(Int(file)), "its stored content is damaged", .damage)
    }
    if let tree {
      tree.removeIncomplete(files)
      try tree.complete(manifest, files, failed: Set(failures.keys.map(Int.init)))
    }
    for finding in findings.take() { report(finding) }
  }

  private func fetch(
    _ volumes: [VolumeRecord], _ source: Source, _ report: (Finding) -> Void, _ progress: (VolumeRecord) throws -> Void
  ) throws {
    let layout = Layout(host: manifest.description.host)
    let fetching = OrderedVolumes(volumes, workers: source.workers) { [files, needs, findings, tree] in
      let fetcher = try VolumeFetcher(
        readers: source.readers, layout: layout, decryptor: source.decryptor, phases: source.phases)
      let writer = try ContentWriter(files, needs, findings, tree)
      return { volume in
        let outcome = try fetcher.fetch(volume, level: .readable)
        guard case .sound(let tar) = outcome else { return outcome }
        let clock = source.phases?.start()
        try writer.take(volume, tar)
        source.phases?.add(.extract, since: clock)
        return .sound([])
      }
    }
    defer { fetching.stop() }
    while let (volume, outcome) = try fetching.next() {
      if case .damaged(let finding) = outcome { report(finding) }
      for finding in findings.take() { report(finding) }
      try progress(volume)
    }
  }
}
