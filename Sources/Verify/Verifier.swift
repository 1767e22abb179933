internal import Archive
internal import Channels
internal import Files
internal import OpenPGPDecryption
internal import Policy
internal import Repository
internal import Storage

/// Verifies one snapshot at one destination to a level.
struct Verifier {
  let opening: ManifestOpening
  let workers: Int
  let environment: KeeperEnvironment

  /// Never throws for what is wrong with the snapshot: that is `damaged`; what could not be checked is `unchecked` with
  /// the reason.
  /// - Parameter scratch: an existing folder on a file system with room for the tree (level `restored` alone).
  /// - Throws: `.cancelled` alone.
  func verify(
    _ reference: SnapshotReference, at destination: String, reader: any ObjectReader, level: VerificationLevel,
    scratch: String
  ) throws(VerifyError) -> Verification {
    let began = environment.clock()
    let tally = Tally()
    var result = VerificationResult.sound
    var reason: String?
    do {
      switch try opening.open(reference, from: reader) {
      case .damaged(let finding):
        environment.observe(.finding(finding))
        tally.add(finding)
      case .opened(let manifest, let bytes):
        tally.count(bytes: bytes)
        environment.observe(
          .started(
            reference, destination: destination, volumes: manifest.volumes.count,
            bytes: manifest.volumes.reduce(0) { $0 + UInt64($1.size) }))
        try check(manifest, reference, reader, level, scratch, tally)
      }
      if tally.findingCount > 0 { result = .damaged }
    } catch let error as VerifyError {
      if error.code == .cancelled { throw error }
      reason = error.reason
      result = tally.findingCount > 0 ? .damaged : .unchecked
    } catch {
      reason = "\(error)"
      result = tally.findingCount > 0 ? .damaged : .unchecked
    }
    let ended = environment.clock()
    return Verification(
      host: reference.host, set: reference.set, snapshot: reference.snapshot.description, destination: destination,
      level: level, result: result, objects: tally.objects, bytes: tally.bytes,
      seconds: Double(ended.seconds - began.seconds) + Double(ended.nanoseconds - began.nanoseconds) / 1e9,
      reason: reason, findings: tally.findings, findingCount: tally.findingCount)
  }

  private func check(
    _ manifest: Manifest, _ reference: SnapshotReference, _ reader: any ObjectReader, _ level: VerificationLevel,
    _ scratch: String, _ tally: Tally
  ) throws {
    let volumes = manifest.fetching(
      manifest.volumes, from: [reader], level: level, workers: workers, decryptor: opening.decryptor)
    defer { volumes.stop() }
    let report = { (finding: Finding) in
      environment.observe(.finding(finding))
      tally.add(finding)
    }
    let progress = { (volume: VolumeRecord) throws in
      if environment.isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      tally.count(bytes: level == .present ? 0 : volume.size)
      environment.observe(.progress(volumes: tally.objects - 1, bytes: tally.bytes))
    }
    if level < .readable {
      while let (volume, outcome) = try volumes.next() {
        if case .damaged(let finding) = outcome { report(finding) }
        try progress(volume)
      }
      return
    }
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    let scratchTree = level == .restored ? try ScratchTree(in: scratch, manifest) : nil
    defer { scratchTree?.remove() }
    let reading = SnapshotReading(
      volumes: volumes, listing: listing, receiver: scratchTree?.receiver, expectsAll: true, report: report,
      progress: progress)
    try reading.read()
    if let scratchTree {
      let (findings, limits) = try scratchTree.finish(comparing: manifest)
      for finding in findings { report(finding) }
      try tell(limits)
    }
  }

  /// Without root, owners and the like are compared in the archive alone. Another limit leaves the level unproven.
  private func tell(_ limits: [TreeReceiver.Note]) throws(VerifyError) {
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
}

/// What a verification has seen so far. Used by the verifying thread alone.
final class Tally {
  private(set) var objects = 0
  private(set) var bytes: UInt64 = 0
  private(set) var findings: [Finding] = []
  private(set) var findingCount = 0

  func count(bytes: Int) {
    objects += 1
    self.bytes += UInt64(bytes)
  }

  func add(_ finding: Finding) {
    findingCount += 1
    if findings.count < Verification.findingLimit { findings.append(finding) }
  }
}

extension Manifest {
  /// Starts fetching some of the snapshot's volumes in order.
  func fetching(
    _ volumes: [VolumeRecord], from readers: [any ObjectReader], level: VerificationLevel, workers: Int,
    decryptor: Decryptor
  ) -> OrderedVolumes {
    let layout = Layout(host: description.host)
    return OrderedVolumes(volumes, workers: workers) {
      let fetcher = try VolumeFetcher(readers: readers, layout: layout, decryptor: decryptor)
      return { try fetcher.fetch($0, level: level) }
    }
  }
}
