internal import Channels
internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository
internal import Storage

// Packing a set's sources and storing what comes of it.
extension SetRun {
  func store(began: Timestamp) throws {
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

  func performIncremental(_ sources: SetSources, began: Timestamp) throws {
    do {
      let index = try NodeIndex(
        folder: state.folder, epoch: state.epoch, now: environment.clock(), marks: state.publications,
        random: environment.random)
      for notice in index.notices { environment.observe(.notice(notice)) }
      // One that lost everything is apart already.
      let names = group.names.filter { lost[$0] == nil }
      let run = try IncrementalRun(
        set: set, view: group.view, places: names.compactMap { places[$0] }, snapshot: snapshot, state: state,
        index: index, environment: environment, readsAll: readsAll)
      try distrustChangedMedium(run)
      let packed = try storeVolumes { pipeline in
        try run.pack(
          sources, pipeline, secrets: try secretGuard(pipeline), report: reportFinding, progress: progressReporter())
      }
      guard let packed else { return concludeUnchanged(try run.lastStored ?? snapshot, began: began) }
      let manifest = try storeManifest(packed)
      try part(run)
      try run.manifestStoredEverywhere()
      conclude(packed, began: began, manifest: manifest)
    } catch let error as IndexError {
      if error.code == .damaged {
        try IndexFile.remove(NodeIndex.path(in: state.folder))
        needsAnotherRun = true
      }
      throw error
    }
  }

  /// Leaves the destinations to themselves that missed a snapshot which others have.
  private func part(_ run: IncrementalRun) throws {
    let missed = usedLanes.filter { !$0.isUsable }
    guard !missed.isEmpty else { return }
    try run.part(
      missed.compactMap { lane in places[lane.name].map { ($0, lane.error?.code == .noSuchStore) } },
      from: usedLanes.filter(\.isUsable).compactMap { places[$0.name] })
    environment.observe(
      .notice(
        "\(set.name): \(missed.map(\.name).joined(separator: ", ")) missed \(snapshot), and gets snapshots of its own "
          + "from now on, with what it lacks alone"))
  }

  /// A medium that was emptied, rolled back or replaced by a copy lacks what the index knows to be there. The newest
  /// snapshot of a set is never pruned, and goes before its volumes where somebody deletes it: as long as its manifest is
  /// there, so is what it refers to.
  func distrustChangedMedium(_ run: IncrementalRun) throws {
    guard let medium = group.medium, let last = try run.lastStored,
      try !medium.holds(layout.manifest(set.name, last))
    else { return }
    environment.observe(
      .notice(
        "\(set.name): the medium of \(group.names.joined()) does not hold \(last), which was stored there; it gets everything"
      ))
    try run.forget()
  }

  var noDestination: BackupError {
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

  /// Stores the recovery files and the record that a run began.
  func announce() throws {
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
  func storeVolumes<Packed>(_ pack: (VolumePipeline) throws -> Packed) throws -> Packed {
    let (set, snapshot, layout, environment) = (set, snapshot, layout, environment)
    let lanes = usedLanes
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

  func packFull(_ sources: SetSources, _ pipeline: VolumePipeline) throws -> PackedSnapshot {
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

  func secretGuard(_ pipeline: VolumePipeline) throws -> SecretGuard {
    try SecretGuard(set, never: configuration.never) { try pipeline.send($0) }
  }

  func reportFinding(_ finding: Finding) { environment.observe(.finding(set: set.name, finding)) }

  /// Tells how far the set is, and ends it where a signal asked to.
  func progressReporter() -> (SnapshotContent) throws -> Void {
    var progress = BackupProgress(set: set.name)
    progress.expectedBytes = lastBytes
    let (lanes, environment) = (usedLanes, environment)
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
  func storeManifest(_ packed: PackedSnapshot) throws -> SHA256Digest {
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
    guard message.count <= Manifest.storedLimit else {
      throw BackupError(
        .failed,
        "the listing of \(content.entries) entries is longer than a manifest may be (\(Manifest.storedLimit >> 20) MiB)",
        hint: "set mode = \"incremental\", or divide the paths among several sets")
    }
    let upload = Upload(key: layout.manifest(set.name, snapshot), content: message)
    let time = environment.clock().seconds
    for lane in usedLanes {
      _ = lane.put(upload, sealedAt: time) {
        environment.observe(.destinationFailed(set: set.name, destination: lane.name, $0))
      }
      lane.flush("snapshot") {
        environment.observe(.destinationFailed(set: set.name, destination: lane.name, $0))
      }
    }
    guard usedLanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    outcome.storedBytes = UInt64(message.count)
    return upload.digest
  }
}
