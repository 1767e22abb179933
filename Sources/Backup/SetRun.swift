internal import Channels
internal import Digests
internal import Files
internal import Index
internal import OpenPGP
internal import Policy
internal import Repository
internal import Storage

/// One run over one set: announce, pack, store, conclude.
///
/// The order is what makes a run that ends anywhere harmless: `started` is stored before the first volume, the manifest
/// after the last one, the outcome after the manifest. A snapshot exists at a destination once its manifest does.
final class SetRun {
  private let set: SetConfiguration
  private let configuration: NodeConfiguration
  private let present: PresentDestinations
  private let group: RunGroup
  private let keys: BackupKeys
  private let state: NodeState
  private let environment: RunEnvironment
  private let layout: Layout
  private let snapshot: SnapshotID
  private let readsAll: Bool
  private let lanes: [DestinationLane]
  private let mirrors: [(name: String, mirror: any TreeMirror)]
  /// What became of the mirrors.
  private var mirrored: [DestinationOutcome] = []
  private var outcome: SetOutcome
  /// Whether the run failed on a damaged index, which is gone now: another run will do.
  private(set) var needsAnotherRun = false
  /// Whether a destination lacks a part of the catalog, or the recovery files.
  private var isCatalogBehind = false
  /// What the sources look like, taken before anything is read; nil where nobody asks, or it would not hold.
  private var sources: SHA256Digest?

  /// - Parameters:
  ///   - present: the node's destinations: the catalog goes to each of them that takes objects.
  ///   - group: those that the set is stored to.
  ///   - mirrors: those of the set that take its files as they are.
  init(
    set: SetConfiguration, configuration: NodeConfiguration, present: PresentDestinations, group: RunGroup,
    mirrors: [(name: String, mirror: any TreeMirror)], keys: BackupKeys, state: NodeState, environment: RunEnvironment,
    readsAll: Bool
  ) {
    self.set = set
    self.mirrors = mirrors
    self.configuration = configuration
    self.present = present
    self.group = group
    self.keys = keys
    self.state = state
    self.environment = environment
    layout = Layout(host: configuration.host)
    self.readsAll = readsAll
    snapshot = environment.snapshotID(after: state.catalog.lastSnapshot(of: set.name))
    let subject = "\(configuration.host)/\(set.name)/\(snapshot)"
    let expiring = configuration.destinations.filter { $0.expiry == .lifecycle }.map(\.name)
    lanes = present.destinations.filter { group.names.contains($0.name) }.map {
      DestinationLane(
        name: $0.name, subject: subject, lifetime: expiring.contains($0.name) ? set.objectLifetime : nil, writer: $0)
    }
    outcome = SetOutcome(set: set.name, snapshot: snapshot, status: .failed)
  }

  func perform() -> SetOutcome {
    let began = environment.clock()
    let hooks = SetHooks(set, host: configuration.host, environment)
    environment.observe(.setStarted(set: set.name, snapshot: snapshot))
    do {
      try NeverRules(configuration.never).check(set)
      try announce()
      guard !lanes.isEmpty || !mirrors.isEmpty else { throw noDestination }
      try hooks.runBefore("\(snapshot)")
      let mirror = try mirrorTree()
      if configuration.isLookedAt(set), group.medium == nil {
        sources = SourceDigest.of(set, in: configuration, now: environment.clock())
      }
      if lanes.isEmpty, let mirror {
        try concludeMirrored(mirror, began: began)
      } else if set.mode == .full, let last = unchangedSnapshot() {
        concludeUnchanged(last, began: began)
      } else {
        try store(began: began)
      }
    } catch let violation as NeverRules.Violation {
      let error = BackupError(violation)
      fail(error.reason, hint: error.hint, began: began)
    } catch {
      fail("\(error)", hint: (error as? BackupError)?.hint ?? (error as? IndexError)?.hint, began: began)
    }
    runAfter(hooks)
    return outcome
  }

  /// Whatever came before: what `before` took hold of must be let go. The snapshot stands however this ends.
  private func runAfter(_ hooks: SetHooks) {
    guard let error = hooks.runAfter(outcome) else { return }
    environment.observe(.notice("\(set.name): \(error)"))
    guard outcome.status != .failed else { return }
    outcome.status = .partial
    outcome.reason = "\(error)"
    outcome.hint = error.hint
  }

  private func store(began: Timestamp) throws {
    let sources = try SetSources(
      set, state: state.folder, spoolReserve: environment.spoolReserve, clock: environment.clock,
      isCancelled: environment.isCancelled)
    switch set.mode {
    case .full:
      let packed = try storeVolumes { try packFull(sources, $0) }
      conclude(packed, began: began, manifest: try storeManifest(packed))
    case .incremental: try performIncremental(sources, began: began)
    }
  }

  private func performIncremental(_ sources: SetSources, began: Timestamp) throws {
    do {
      let index = try NodeIndex(
        folder: state.folder, epoch: state.epoch, now: environment.clock(), marks: state.publications,
        random: environment.random)
      for notice in index.notices { environment.observe(.notice(notice)) }
      let run = try IncrementalRun(
        set: set, view: group.view, places: group.names.compactMap { places[$0] }, snapshot: snapshot, state: state,
        index: index,
        environment: environment, readsAll: readsAll)
      try distrustChangedMedium(run)
      let packed = try storeVolumes { pipeline in
        try run.pack(
          sources, pipeline, secrets: try secretGuard(pipeline), report: reportFinding, progress: progressReporter())
      }
      guard let packed else { return concludeUnchanged(try run.lastStored ?? snapshot, began: began) }
      let manifest = try storeManifest(packed)
      if lanes.allSatisfy(\.isUsable) { try run.manifestStoredEverywhere() }
      conclude(packed, began: began, manifest: manifest)
    } catch let error as IndexError {
      if error.code == .damaged {
        try IndexFile.remove("\(state.folder)/index.sqlite")
        needsAnotherRun = true
      }
      throw error
    }
  }

  /// A medium that was emptied, rolled back or replaced by a copy lacks what the index knows to be there. The newest
  /// snapshot of a set is never pruned, and goes before its volumes where somebody deletes it: as long as its manifest is
  /// there, so is what it refers to.
  private func distrustChangedMedium(_ run: IncrementalRun) throws {
    guard let medium = group.medium, let last = try run.lastStored,
      try !medium.holds(layout.manifest(set.name, last))
    else { return }
    environment.observe(
      .notice(
        "\(set.name): the medium of \(group.names.joined()) does not hold \(last), which was stored there; it gets everything"
      ))
    try run.forget()
  }

  private var noDestination: BackupError {
    let reasons = set.destinations.compactMap { name in
      present.absent[name].map {
        "\(name) \($0.outcome.skipped == nil ? "cannot be used" : "is not mounted"): \($0.reason)"
      }
    }
    return BackupError(
      .failed,
      "none of the set's destinations is there\(reasons.isEmpty ? "" : ": ")\(reasons.joined(separator: "; "))",
      hint: set.destinations.compactMap { present.absent[$0]?.hint }.first)
  }

  // MARK: Mirrors

  /// Brings the files to the destinations that take them as they are.
  private func mirrorTree() throws -> SetMirror? {
    guard !mirrors.isEmpty else { return nil }
    // Nothing may stand there unencrypted that holds a secret of any kind, whatever the set allows elsewhere.
    var strict = set
    (strict.secrets, strict.secretsAllow) = (.refuse, [])
    let secrets = try SecretGuard(strict, never: configuration.never) { _ in }
    let mirror = SetMirror(
      set, mirrors: mirrors,
      inspect: { path, content in try content.withUnsafeBytes { try secrets.check($0, of: path) } },
      // Told, and counted, by the mirror alone where there is nothing else.
      report: lanes.isEmpty ? reportFinding : { [set] in if $0.code == .unsupported { self.tell(set, $0) } },
      progress: lanes.isEmpty
        ? progressReporter()
        : { [environment] _ in
          if environment.isCancelled() { throw BackupError(.cancelled, "stopped by a signal") }
        })
    let title = "snapshot \(configuration.host)/\(set.name)/\(snapshot)"
    try mirror.run(folder: "\(configuration.host)/\(set.name)", title: title) { [self] name, error in
      environment.observe(.destinationFailed(set: set.name, destination: name, error))
    }
    for (name, mirror) in mirrors {
      for notice in mirror.takeNotices() { environment.observe(.notice("\(name): \(notice.text)")) }
    }
    mirrored = mirror.outcomes
    return mirror
  }

  private func tell(_ set: SetConfiguration, _ finding: Finding) {
    environment.observe(.finding(set: set.name, finding))
  }

  /// Concludes a run that had mirrors alone: its record names the digest of their listing in the manifest's place.
  private func concludeMirrored(_ mirror: SetMirror, began: Timestamp) throws {
    guard mirrored.contains(where: \.stored) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    if !mirror.hasChanged, mirrored.allSatisfy(\.stored), mirror.content.findings.allSatisfy(\.isHarmless),
      let last = lastMirrored
    {
      return concludeUnchanged(last, began: began)
    }
    outcome.take(mirror.content)
    finish(mode: "plain", manifest: mirror.digest, began: began)
  }

  private var lastMirrored: SnapshotID? {
    for record in state.catalog.records.reversed() {
      if case .snapshot(let stored) = record.event, stored.set == set.name { return SnapshotID(stored.snapshot) }
    }
    return nil
  }

  // MARK: Stages

  /// Stores the recovery files and the record that a run began.
  private func announce() throws {
    try publisher.publishRecovery(onFailure: reportDestination)
    let started = { [self] in CatalogEvent.started(RunStarted(epoch: state.epoch, set: set.name, snapshot: snapshot)) }
    if case .numberTaken(let destination) = try publish([started()], flushes: false) {
      discardGathered()
      try state.beginEpoch(now: environment.clock(), random: UInt32(truncatingIfNeeded: environment.random()))
      environment.observe(
        .notice(
          "\(destination) holds newer records than this state knows (was it restored from an old image?); began epoch \(state.epoch)"
        ))
      if case .numberTaken = try publish([started()], flushes: false) {
        throw BackupError(.state, "\(destination) holds records of the epoch that begins now")
      }
    }
    if try tellNotices() { try publisher.publishRecovery(onFailure: reportDestination) }
  }

  /// Runs `pack` with a pipeline to the set's destinations.
  private func storeVolumes<Packed>(_ pack: (VolumePipeline) throws -> Packed) throws -> Packed {
    let (set, snapshot, layout, environment) = (set, snapshot, layout, environment)
    let pipeline = VolumePipeline(
      workers: workerCount(configured: configuration.workers), volumeSize: set.volumeSize, encryptor: keys.encryptor,
      compressionLevel: set.compressionLevel, lanes: lanes, root: layout.root,
      clock: environment.clock, name: { layout.volumeName(set.name, snapshot, $0) }
    ) { lane, result in
      switch result {
      case .success(let volume):
        environment.observe(
          .volumeStored(set: set.name, name: volume.name, bytes: volume.size, destination: lane.name))
      case .failure(let error):
        environment.observe(.destinationFailed(set: set.name, destination: lane.name, error))
      }
    }
    do {
      let packed = try pack(pipeline)
      _ = try pipeline.finish()
      return packed
    } catch {
      pipeline.abandon(error)
      throw error
    }
  }

  private func packFull(_ sources: SetSources, _ pipeline: VolumePipeline) throws -> PackedSnapshot {
    let manifest = try ManifestWriter(compressionLevel: set.compressionLevel)
    let secrets = try secretGuard(pipeline)
    let assembler = VolumeAssembler(volumeSize: set.volumeSize, memory: pipeline.memory) { try secrets.send($0) }
    let archiver = FullArchiver(
      assembler: assembler, manifest: manifest, secrets: secrets, report: reportFinding, progress: progressReporter())
    try archiver.pack(sources)
    let volumes = try pipeline.finish()
    return PackedSnapshot(
      content: archiver.content, manifest: manifest, volumes: volumes, newVolumes: volumes.count,
      newBytes: volumes.reduce(0) { $0 + UInt64($1.size) })
  }

  private func secretGuard(_ pipeline: VolumePipeline) throws -> SecretGuard {
    try SecretGuard(set, never: configuration.never) { try pipeline.send($0) }
  }

  private func reportFinding(_ finding: Finding) { environment.observe(.finding(set: set.name, finding)) }

  /// Tells how far the set is, and ends it where a signal asked to.
  private func progressReporter() -> (SnapshotContent) throws -> Void {
    var progress = BackupProgress(set: set.name)
    progress.expectedBytes = lastBytes
    let (lanes, environment) = (lanes, environment)
    return { content in
      if environment.isCancelled() { throw BackupError(.cancelled, "stopped by a signal") }
      progress.entries = content.entries
      progress.bytesRead = content.bytes
      progress.bytesStored = lanes.filter(\.isUsable).map(\.storedBytes).min() ?? 0
      environment.observe(.progress(progress))
    }
  }

  /// Signs, encrypts and stores the manifest at each destination that has every volume.
  /// - Returns: SHA-256 of the stored manifest.
  private func storeManifest(_ packed: PackedSnapshot) throws -> SHA256Digest {
    let content = packed.content
    outcome.take(content)
    let description = SnapshotDescription(
      id: snapshot, host: configuration.host, set: set.name, class: set.dataClass, mode: set.mode.rawValue,
      epoch: state.epoch, started: snapshot.started.rfc3339, finished: environment.clock().rfc3339,
      paths: set.sourcePaths.map { Array($0.utf8).displayPath }, recipients: keys.recipients.map(\.description),
      signer: keys.signerFingerprint.description, tool: "redoubt \(redoubtVersion)", entries: content.entries,
      files: content.files, bytes: content.bytes, findings: content.findings, chunkSizes: packed.chunkSizes)
    let plain = try packed.manifest.finish(description, volumes: packed.volumes, listing: packed.listing)
    let message = try keys.signer.signAndEncrypt(plain)
    let upload = Upload(key: layout.manifest(set.name, snapshot), content: message)
    let time = environment.clock().seconds
    for lane in lanes {
      _ = lane.put(upload, sealedAt: time) {
        environment.observe(.destinationFailed(set: set.name, destination: lane.name, $0))
      }
      lane.flush("snapshot") {
        environment.observe(.destinationFailed(set: set.name, destination: lane.name, $0))
      }
    }
    guard lanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    outcome.storedBytes = UInt64(message.count)
    return upload.digest
  }

  private func conclude(_ packed: PackedSnapshot, began: Timestamp, manifest: SHA256Digest) {
    outcome.volumes = packed.newVolumes
    outcome.storedBytes += packed.newBytes
    finish(mode: set.mode.rawValue, manifest: manifest, began: began)
  }

  private func finish(mode: String, manifest: SHA256Digest, began: Timestamp) {
    outcome.destinations = destinations
    outcome.seconds = seconds(since: began)
    let isComplete =
      outcome.findings.allSatisfy(\.isHarmless) && outcome.reachedAllThatAreThere && !isCatalogBehind
    outcome.status = isComplete ? .stored : .partial
    record(
      .snapshot(
        SnapshotStored(
          set: set.name, class: set.dataClass, mode: mode, snapshot: snapshot, manifest: manifest,
          entries: outcome.entries, bytes: outcome.bytes, volumes: outcome.volumes, storedBytes: outcome.storedBytes,
          findings: outcome.findings.count, seconds: outcome.seconds, destinations: outcome.destinations)))
    remember(
      snapshot, isComplete: outcome.findings.allSatisfy(\.isHarmless) && outcome.reachedAllThatAreThere)
  }

  /// Mode `full`: the last snapshot, where every destination has it and the sources look as they did then. It is not
  /// relied on for ever, nor where storage expires by its own age.
  private func unchangedSnapshot() -> SnapshotID? {
    guard !readsAll, let sources, let mark = state.mark(of: set.name), mark.isComplete, mark.digest == sources.hex,
      mark.recipients == keys.recipients.map(\.description), set.retention == nil,
      let last = SnapshotID(mark.snapshot), mediaHold(last),
      (-VolumeTrust.clockTolerance..<set.refresh).contains(environment.clock().seconds - mark.stored)
    else { return nil }
    return last
  }

  /// Whether each medium that is there has a snapshot: it may have been away when the others got it. What cannot be told
  /// is no.
  private func mediaHold(_ snapshot: SnapshotID) -> Bool {
    let key = layout.manifest(set.name, snapshot)
    return lanes.allSatisfy { lane in
      guard let medium = present.media[lane.name] else { return true }
      return (try? medium.holds(key)) ?? false
    }
  }

  /// Keeps how the sources looked, so that a later run can tell whether they have changed.
  private func remember(_ snapshot: SnapshotID, isComplete: Bool) {
    guard configuration.isLookedAt(set), group.medium == nil else { return }
    do {
      try state.setMark(
        sources.map {
          SourceMark(
            digest: $0.hex, snapshot: snapshot.description, stored: environment.clock().seconds, isComplete: isComplete,
            recipients: keys.recipients.map(\.description))
        }, of: set.name)
    } catch {
      environment.observe(.notice("\(error)"))
    }
  }

  private func concludeUnchanged(_ last: SnapshotID, began: Timestamp) {
    outcome.destinations = destinations
    outcome.status = outcome.reachedAllThatAreThere && !isCatalogBehind ? .unchanged : .partial
    outcome.snapshot = last
    outcome.seconds = seconds(since: began)
    record(.unchanged(NothingChanged(set: set.name, snapshot: last)))
    // Another stamp on a file of the same content; in mode `full`, the mark is what said that nothing had changed.
    if set.mode == .incremental { remember(last, isComplete: outcome.reachedAllThatAreThere) }
  }

  private func fail(_ reason: String, hint: String?, began: Timestamp) {
    outcome.status = .failed
    outcome.reason = reason
    outcome.hint = hint
    outcome.seconds = seconds(since: began)
    // No manifest was stored: what a lane took is no snapshot.
    outcome.destinations =
      lanes.map { DestinationOutcome(name: $0.name, stored: false, error: $0.error.map { "\($0)" } ?? reason) }
      + group.absent + mirrored
    record(.failure(RunFailed(set: set.name, snapshot: snapshot, reason: reason, destinations: outcome.destinations)))
  }

  private var destinations: [DestinationOutcome] { lanes.map(\.outcome) + group.absent + mirrored }

  // MARK: Catalog

  private var publisher: CatalogPublisher {
    let removable = configuration.destinations.filter(\.isMedium).map { ($0.name, present.media[$0.name]) }
    return CatalogPublisher(
      layout: layout, state: state, destinations: present.destinations,
      media: Dictionary(removable, uniquingKeysWith: { first, _ in first }), places: places
    ) { [keys] in try keys.signer.signAndEncrypt($0) }
  }

  /// Each destination's place, by its name.
  private var places: [String: String] {
    var places = configuration.places
    for (name, medium) in present.media { places[name] = medium.place }
    return places
  }

  private func publish(_ events: [CatalogEvent], flushes: Bool) throws -> CatalogPublisher.Delivery {
    try publisher.publish(events, at: environment.clock(), flushes: flushes, onFailure: reportDestination)
  }

  /// What a failed run, or a failed destination, has left gathered is not to be stored with what follows.
  private func discardGathered() { for destination in present.destinations { destination.discard() } }

  /// Tells what the stores noticed, and forgets what was lost with it.
  /// - Returns: whether anything was lost.
  @discardableResult
  private func tellNotices() throws -> Bool {
    var hasLoss = false
    for destination in present.destinations {
      let name = destination.name
      for notice in destination.takeNotices() {
        environment.observe(.notice("\(name): \(notice.text)"))
        guard notice.lostObjects else { continue }
        hasLoss = true
        if let place = configuration.places[name] { try state.forgetRecovery(place) }
        for set in configuration.sets where set.destinations.contains(name) {
          try state.rememberPublications([], of: set.name)
        }
      }
    }
    return hasLoss
  }

  /// Records the outcome; the snapshot stands whether or not its record reaches storage now, so a failure here is told
  /// and makes the run partial, no more.
  private func record(_ event: CatalogEvent) {
    discardGathered()
    do {
      if case .numberTaken(let destination) = try publish([event], flushes: true) {
        environment.observe(.notice("\(destination) holds newer catalog records than this state knows"))
      }
      try tellNotices()
    } catch {
      environment.observe(.notice("the run's outcome could not be recorded: \(error)"))
      if outcome.status == .stored || outcome.status == .unchanged { outcome.status = .partial }
    }
  }

  private func reportDestination(_ name: String, _ error: StorageError) {
    environment.observe(.destinationFailed(set: nil, destination: name, error))
    isCatalogBehind = true
    if outcome.status == .stored || outcome.status == .unchanged { outcome.status = .partial }
    // A medium that was pulled out has lost nothing.
    guard error.code == .noSuchStore, present.media[name] == nil else { return }
    do {
      if let place = configuration.places[name] { try state.forgetRecovery(place) }
      // What the index knows of was lost with it.
      if group.names.contains(name) {
        try state.rememberPublications([], of: group.view)
        sources = nil
        try state.setMark(nil, of: set.name)
      }
    } catch {
      environment.observe(.notice("\(error)"))
    }
  }

  private func seconds(since began: Timestamp) -> Double {
    let now = environment.clock()
    return Double(now.seconds - began.seconds) + Double(now.nanoseconds - began.nanoseconds) / 1e9
  }

  /// What the set's last snapshot held.
  private var lastBytes: UInt64? {
    for record in state.catalog.records.reversed() {
      if case .snapshot(let stored) = record.event, stored.set == set.name { return stored.bytes }
    }
    return nil
  }
}

extension NodeConfiguration {
  /// Each destination's place, by its name.
  fileprivate var places: [String: String] {
    Dictionary(destinations.map { ($0.name, $0.place) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Finding {
  /// Whether a snapshot with it still holds everything that can be kept: a socket has nothing to keep, and a secret is kept
  /// where the set allows it.
  var isHarmless: Bool { code == .skippedSocket || code == .secret }
}
