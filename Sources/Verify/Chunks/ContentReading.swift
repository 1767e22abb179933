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
  private let plan: RestorePlan
  private let tree: ContentTree?
  private let findings = FindingList()
  private let faults = ContentFaults()
  private let needs: ContentNeeds

  /// Goes through the listing, and makes in the tree what has no content of its own.
  /// - Parameter tree: where to restore to; nil to prove alone.
  /// - Throws: `ManifestError` where the listing is malformed, `ArchiveError` where the target is full.
  init(_ manifest: Manifest, plan: RestorePlan, tree: ContentTree?, in environment: KeeperEnvironment) throws {
    self.manifest = manifest
    self.plan = plan
    self.tree = tree
    needs = ContentNeeds(manifest.volumes, inMemory: environment.chunksInMemory)
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    while let (listed, chunks) = try listing.nextListed() {
      if listing.index & 0xFFF == 0, environment.isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      guard let entry = plan.wanted(listed, index: listing.index - 1) else { continue }
      guard let number = UInt32(exactly: listing.index - 1) else {
        throw ManifestError("files.mtree", "too many entries")
      }
      guard entry.kind == .file, entry.size > 0 else {
        try tree?.take(entry, number, faults)
        continue
      }
      guard let first = chunks.first else {
        throw ManifestError("contents.tsv", "\(entry.path.displayPath): no chunks for \(entry.size) bytes")
      }
      let isWhole = UInt64(first.length) == entry.size
      let record = try tree?.take(entry, number, isWhole: isWhole, faults) ?? 0
      var offset: UInt64 = 0
      var stretch: [ChunkReference]? = chunks
      while let chunks = stretch {
        for chunk in chunks {
          try needs.add(chunk, at: offset, entry: number, record: record)
          offset += UInt64(chunk.length)
        }
        stretch = try listing.nextChunks()
      }
    }
    try needs.sort()
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
      var unlisted = try needs.needsOfUnlistedVolumes()
      try unlisted.conclude(faults)
      if !faults.isEmpty { try tellFaults(report) }
      try tree?.complete(manifest, faults)
    } catch {
      tree?.abandon()
      throw error
    }
    for finding in findings.take() { report(finding) }
  }

  /// Goes through the listing again: which files they are is not in memory.
  private func tellFaults(_ report: (Finding) -> Void) throws {
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    while let listed = try listing.next() {
      let number = UInt32(truncatingIfNeeded: listing.index - 1)
      let fault = faults[number]
      guard fault != .sound, let entry = plan.wanted(listed, index: listing.index - 1) else { continue }
      switch fault {
      case .sound: break
      case .mismatched:
        report(
          Finding(
            .contentMismatch, entry.path.displayPath,
            "a chunk of its content does not have its recorded SHA-256 and length"))
      case .missing:
        report(Finding(.entryMissing, entry.path.displayPath, "no sound volume holds all of its content"))
      case .refused: break
      }
      tree?.lose(entry, isTold: fault == .refused)
    }
  }

  private func fetch(
    _ volumes: [VolumeRecord], _ source: Source, _ report: (Finding) -> Void, _ progress: (VolumeRecord) throws -> Void
  ) throws {
    let layout = Layout(host: manifest.description.host)
    let fetching = OrderedVolumes(volumes, workers: source.workers) { [faults, needs, findings, tree] in
      let fetcher = try VolumeFetcher(
        readers: source.readers, layout: layout, decryptor: source.decryptor, phases: source.phases)
      let writer = try ContentWriter(needs, faults, findings, tree)
      return { volume in
        let outcome = try fetcher.fetch(volume, level: .readable)
        guard case .sound(let tar) = outcome else {
          try writer.lose(volume)
          return outcome
        }
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
