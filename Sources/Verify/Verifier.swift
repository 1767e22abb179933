internal import Archive
internal import Channels
internal import Digests
internal import Files
internal import Glibc
internal import OpenPGPDecryption
internal import Policy
internal import Repository
internal import Storage

/// Verifies one snapshot at one destination to a level.
struct Verifier {
  let opening: ManifestOpening
  let workers: Int
  let environment: KeeperEnvironment
  /// What a drill wants to know of each stage of level `restored`; nil for a verification.
  var driller: Driller?
  /// Where the volumes are noted that turn out to be sound; nil where nobody asks.
  var seen: SeenVolumes?

  /// Never throws for what is wrong with the snapshot: that is `damaged`; what could not be checked is `unchecked` with
  /// the reason.
  /// - Parameters:
  ///   - scratch: an existing folder on a file system with room for the tree (level `restored` alone).
  ///   - outcome: the manifest, where it has been opened already; with its listing for level `readable`.
  /// - Throws: `.cancelled` alone.
  func verify(
    _ reference: SnapshotReference, at destination: String, reader: any ObjectReader, level: VerificationLevel,
    scratch: String, opened outcome: ManifestOutcome? = nil
  ) throws(VerifyError) -> Verification {
    let began = environment.clock()
    let tally = Tally()
    var result = VerificationResult.sound
    var reason: String?
    var opened: (description: SnapshotDescription, stored: StoredManifest)?
    do {
      let source = ContentReading.Source(
        readers: [reader], workers: workers, decryptor: opening.decryptor, phases: driller?.phases)
      switch try outcome ?? opening.open(reference, from: reader, listing: level < .readable ? nil : source) {
      case .damaged(let finding):
        environment.observe(.finding(finding))
        tally.add(finding)
      case .opened(let manifest, let stored, let listing):
        opened = (manifest.description, stored)
        tally.count(bytes: stored.bytes)
        for volume in listing {
          tally.count(bytes: volume.size)
          seen?.add(volume)
        }
        environment.observe(
          .started(
            reference, destination: destination, volumes: manifest.volumes.count,
            bytes: manifest.volumes.reduce(0) { $0 + UInt64($1.size) }))
        try check(manifest, proven: Set(listing.map(\.id)), source, level, scratch, tally)
      }
      if tally.findingCount > 0 { result = .damaged }
    } catch let error as VerifyError {
      if error.code == .cancelled { throw error }
      reason = error.reason
      result = tally.findingCount > 0 ? .damaged : .unchecked
    } catch let error as ManifestError {
      // A listing that contradicts the format, under a good signature.
      let finding = Finding(.malformed, "\(reference)", "\(error)")
      environment.observe(.finding(finding))
      tally.add(finding)
      result = .damaged
    } catch {
      reason = "\(error)"
      result = tally.findingCount > 0 ? .damaged : .unchecked
    }
    let ended = environment.clock()
    var verification = Verification(
      host: reference.host, set: reference.set, snapshot: reference.snapshot.description, destination: destination,
      level: level, result: result, objects: tally.objects, bytes: tally.bytes,
      seconds: Double(ended.seconds - began.seconds) + Double(ended.nanoseconds - began.nanoseconds) / 1e9,
      reason: reason, findings: tally.findings, findingCount: tally.findingCount)
    verification.class = opened?.description.class
    verification.recipients = opened?.description.recipients
    verification.manifest = opened?.stored.digest.hex
    verification.key = opened?.stored.key?.description
    verification.content = result == .sound ? tally.content?.hex : nil
    return verification
  }

  /// - Parameter proven: ids of the volumes that were read whole for the listing.
  private func check(
    _ manifest: Manifest, proven: Set<Int>, _ source: ContentReading.Source, _ level: VerificationLevel,
    _ scratch: String, _ tally: Tally
  ) throws {
    let report = { (finding: Finding) in
      environment.observe(.finding(finding))
      tally.add(finding)
      seen?.add(finding)
    }
    seen?.begin(manifest)
    let progress = { (volume: VolumeRecord) throws in
      if environment.isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      tally.count(bytes: level == .present ? 0 : volume.size)
      seen?.add(volume)
      environment.observe(.progress(volumes: tally.objects - 1, bytes: tally.bytes))
    }
    if level < .readable {
      let volumes = manifest.fetching(manifest.volumes, from: source, level: level)
      defer { volumes.stop() }
      while let (volume, outcome) = try volumes.next() {
        if case .damaged(let finding) = outcome { report(finding) }
        try progress(volume)
      }
      return
    }
    if level == .restored { try driller?.begins(manifest, in: scratch) }
    if level == .restored {
      ScratchFolder.removeLeftovers(in: scratch) { path, isGone in
        environment.observe(
          .notice(isGone ? "removed \(path), which an interrupted verification had left" : Self.leftover(path)))
      }
    }
    let keepsTree = driller?.keepsTree == true
    let scratchFolder =
      level == .restored ? try ScratchFolder(in: scratch, name: "\(manifest.snapshot)", isKept: keepsTree) : nil
    defer {
      if let scratchFolder, keepsTree { driller?.keep(scratchFolder.path) } else { remove(scratchFolder) }
    }
    let scratchTree = scratchFolder.map { ScratchTree(folder: $0.path) }
    let began = PhaseTimes.now()
    let notes: [RestoreNote]
    if let scratchTree, let tools = driller?.standardTools {
      notes = []
      let copies = try ScratchFolder(in: scratch, name: "\(manifest.snapshot)")
      defer { remove(copies) }
      for finding in try tools.restore(
        manifest, copies: copies.path, target: scratchTree.folder, count: { tally.count(bytes: $0) })
      { report(finding) }
    } else {
      notes =
        manifest.isIncremental
        ? try readChunks(manifest, proven, source, into: scratchTree, report, progress)
        : try readArchive(manifest, source, into: scratchTree, report, progress)
    }
    driller?.restored(in: PhaseTimes.now() - began)
    if let scratchTree {
      let limits = notes.filter { $0.cause != .damage }
      let compares = PhaseTimes.now()
      try scratchTree.compare(
        manifest, limits: limits, isCancelled: environment.isCancelled, report: report)
      try tell(limits)
      try driller?.compared(scratchTree.folder, in: PhaseTimes.now() - compares, report: report)
      if tally.findingCount == 0 {
        tally.content = try ContentDigest.of(manifest, in: scratch, isCancelled: environment.isCancelled)
      }
    }
  }

  private func remove(_ folder: ScratchFolder?) {
    if let folder, !folder.remove() { environment.observe(.notice(Self.leftover(folder.path))) }
  }

  private static func leftover(_ path: String) -> String {
    "\(path) could not be removed, and holds what was decrypted: remove it by hand"
  }

  /// Without root, owners and the like are compared in the archive alone. Another limit leaves the level unproven.
  private func tell(_ limits: [RestoreNote]) throws(VerifyError) {
    guard limits.count < RestoreNoteList.limit else {
      throw VerifyError(
        .target,
        "more than \(RestoreNoteList.limit) owners, attributes or names cannot be restored in the scratch folder",
        hint: "verify as root, and on a file system of the node's kind")
    }
    let others = limits.filter { $0.cause != .privilege }
    if let first = others.first {
      throw VerifyError(
        .target,
        "the scratch folder cannot hold everything: \(first.path.displayPath): \(first.detail)"
          + (others.count > 1 ? " and \(others.count - 1) more" : ""))
    }
    if !limits.isEmpty {
      environment.observe(
        .notice(
          "without root, \(limits.count) owners, attributes or devices were not restored; the archive has them as recorded"
        ))
    }
  }

  private func readArchive(
    _ manifest: Manifest, _ source: ContentReading.Source, into tree: ScratchTree?,
    _ report: @escaping (Finding) -> Void, _ progress: @escaping (VolumeRecord) throws -> Void
  ) throws -> [RestoreNote] {
    let plan = try RestorePlan(manifest, paths: [])
    let receiver = try tree.map {
      try TreeReceiver(target: $0.folder, plan: plan, overwrite: false, devices: ServiceUser.canChangeOwners)
    }
    let volumes = manifest.fetching(manifest.volumes, from: source, level: .readable)
    defer { volumes.stop() }
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    let reading = SnapshotReading(
      volumes: volumes, listing: listing, receiver: receiver, expectsAll: true,
      isCancelled: environment.isCancelled, report: report, progress: progress)
    let clock = source.phases?.start()
    try reading.read()
    source.phases?.add(.extract, since: clock)
    source.phases?.add(.extract, -volumes.secondsWaited)
    return receiver?.finish() ?? []
  }

  private func readChunks(
    _ manifest: Manifest, _ proven: Set<Int>, _ source: ContentReading.Source, into scratch: ScratchTree?,
    _ report: (Finding) -> Void, _ progress: (VolumeRecord) throws -> Void
  ) throws -> [RestoreNote] {
    let plan = try RestorePlan(manifest, paths: [])
    let tree = try scratch.map {
      try ContentTree(target: $0.folder, plan: plan, overwrite: false, devices: ServiceUser.canChangeOwners)
    }
    let reading = try ContentReading(manifest, plan: plan, tree: tree, in: environment)
    // Also what no file needs: a volume that is listed has to be sound. What held the listing alone was just proven.
    let needed = Set(reading.volumes.map(\.id))
    let volumes = manifest.volumes.filter { needed.contains($0.id) || !proven.contains($0.id) }
    try reading.read(volumes, from: source, report: report, progress: progress)
    return tree?.notes.take() ?? []
  }
}

/// What a verification has seen so far. Used by the verifying thread alone.
final class Tally {
  private(set) var objects = 0
  private(set) var bytes: UInt64 = 0
  private(set) var findings: [Finding] = []
  private(set) var findingCount = 0
  var content: SHA256Digest?

  func count(bytes: Int) {
    objects += 1
    self.bytes += UInt64(bytes)
  }

  func add(_ finding: Finding) {
    findingCount += 1
    if findings.count < Verification.findingLimit { findings.append(finding.shortened) }
  }
}

extension Manifest {
  var isIncremental: Bool { description.mode == SetConfiguration.Mode.incremental.rawValue }

  /// Starts fetching some of the snapshot's volumes in order.
  func fetching(
    _ volumes: [VolumeRecord], from source: ContentReading.Source, level: VerificationLevel
  ) -> OrderedVolumes {
    let layout = Layout(host: description.host)
    return OrderedVolumes(volumes, workers: source.workers) {
      let fetcher = try VolumeFetcher(
        readers: source.readers, layout: layout, decryptor: source.decryptor, phases: source.phases)
      return { try fetcher.fetch($0, level: level) }
    }
  }
}
