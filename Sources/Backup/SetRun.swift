internal import Channels
internal import Digests
internal import Files
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
  private let writers: [(name: String, writer: any ObjectWriter)]
  private let keys: BackupKeys
  private let state: NodeState
  private let environment: RunEnvironment
  private let layout: Layout
  private let snapshot: SnapshotID
  private let lanes: [DestinationLane]
  private var outcome: SetOutcome
  /// Whether a destination lacks a part of the catalog, or the recovery files.
  private var isCatalogBehind = false

  /// - Parameter writers: all destinations of the node: the catalog goes to each of them.
  init(
    set: SetConfiguration, configuration: NodeConfiguration, writers: [(name: String, writer: any ObjectWriter)],
    keys: BackupKeys, state: NodeState, environment: RunEnvironment
  ) {
    self.set = set
    self.configuration = configuration
    self.writers = writers
    self.keys = keys
    self.state = state
    self.environment = environment
    layout = Layout(host: configuration.host)
    snapshot = environment.snapshotID()
    lanes = writers.filter { set.destinations.contains($0.name) }.map {
      DestinationLane(name: $0.name, writer: $0.writer)
    }
    outcome = SetOutcome(set: set.name, snapshot: snapshot, status: .failed)
  }

  func perform() -> SetOutcome {
    let began = environment.clock()
    environment.observe(.setStarted(set: set.name, snapshot: snapshot))
    do {
      try announce()
      let (content, manifest, volumes) = try storeVolumes()
      outcome.take(content)
      let digest = try storeManifest(manifest, content, volumes)
      conclude(began: began, volumes: volumes, manifest: digest)
    } catch {
      fail("\(error)", began: began)
    }
    return outcome
  }

  // MARK: Stages

  /// Stores the recovery files and the record that a run began.
  private func announce() throws {
    try publisher.publishRecovery(onFailure: reportDestination)
    let started = { [self] in CatalogEvent.started(RunStarted(epoch: state.epoch, set: set.name, snapshot: snapshot)) }
    if case .numberTaken(let destination) = try publish([started()]) {
      try state.beginEpoch(now: environment.clock(), random: UInt32(truncatingIfNeeded: environment.random()))
      environment.observe(
        .notice(
          "\(destination) holds newer records than this state knows (was it restored from an old image?); began epoch \(state.epoch)"
        ))
      if case .numberTaken = try publish([started()]) {
        throw BackupError(.state, "\(destination) holds records of the epoch that begins now")
      }
    }
  }

  private func storeVolumes() throws -> (SnapshotContent, ManifestWriter, [VolumeRecord]) {
    let (set, snapshot, layout, environment) = (set, snapshot, layout, environment)
    let manifest = try ManifestWriter(compressionLevel: set.compressionLevel)
    let pipeline = VolumePipeline(
      workers: workerCount(configured: configuration.workers), encryptor: keys.encryptor,
      compressionLevel: set.compressionLevel,
      lanes: lanes, root: layout.root, name: { layout.volumeName(set.name, snapshot, $0) }
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
      let assembler = VolumeAssembler(volumeSize: set.volumeSize) { try pipeline.send($0) }
      var progress = BackupProgress(set: set.name)
      progress.expectedBytes = lastBytes
      let archiver = FullArchiver(
        assembler: assembler, manifest: manifest,
        report: { environment.observe(.finding(set: set.name, $0)) },
        progress: { [lanes] content in
          if environment.isCancelled() { throw BackupError(.cancelled, "stopped by a signal") }
          progress.entries = content.entries
          progress.bytesRead = content.bytes
          progress.bytesStored = lanes.filter(\.isUsable).map(\.storedBytes).min() ?? 0
          environment.observe(.progress(progress))
        })
      try archiver.pack(set)
      return (archiver.content, manifest, try pipeline.finish())
    } catch {
      pipeline.abandon(error)
      throw error
    }
  }

  /// Signs, encrypts and stores the manifest at each destination that has every volume.
  /// - Returns: SHA-256 of the stored manifest.
  private func storeManifest(
    _ manifest: ManifestWriter, _ content: SnapshotContent, _ volumes: [VolumeRecord]
  ) throws -> SHA256Digest {
    let description = SnapshotDescription(
      id: snapshot, host: configuration.host, set: set.name, class: set.dataClass, mode: set.mode.rawValue,
      epoch: state.epoch, started: snapshot.started.rfc3339, finished: environment.clock().rfc3339,
      paths: set.paths.map { Array($0.utf8).displayPath }, recipients: keys.recipients.map(\.description),
      signer: keys.signerFingerprint.description, tool: "redoubt \(redoubtVersion)", entries: content.entries,
      files: content.files, bytes: content.bytes, findings: content.findings)
    let plain = try manifest.finish(description, volumes: volumes)
    let message = try keys.signer.signAndEncrypt(plain)
    let upload = Upload(key: layout.manifest(set.name, snapshot), content: message)
    for lane in lanes {
      _ = lane.put(upload) { environment.observe(.destinationFailed(set: set.name, destination: lane.name, $0)) }
    }
    guard lanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    outcome.storedBytes = UInt64(message.count)
    return upload.digest
  }

  private func conclude(began: Timestamp, volumes: [VolumeRecord], manifest: SHA256Digest) {
    outcome.volumes = volumes.count
    outcome.storedBytes += volumes.reduce(0) { $0 + UInt64($1.size) }
    outcome.destinations = lanes.map(\.outcome)
    outcome.seconds = seconds(since: began)
    let isComplete = outcome.findings.allSatisfy(\.isHarmless) && lanes.allSatisfy(\.isUsable) && !isCatalogBehind
    outcome.status = isComplete ? .stored : .partial
    record(
      .snapshot(
        SnapshotStored(
          set: set.name, class: set.dataClass, mode: set.mode.rawValue, snapshot: snapshot, manifest: manifest,
          entries: outcome.entries, bytes: outcome.bytes, volumes: outcome.volumes, storedBytes: outcome.storedBytes,
          findings: outcome.findings.count, seconds: outcome.seconds, destinations: outcome.destinations)))
  }

  private func fail(_ reason: String, began: Timestamp) {
    outcome.status = .failed
    outcome.reason = reason
    outcome.seconds = seconds(since: began)
    // No manifest was stored: what a lane took is no snapshot.
    outcome.destinations = lanes.map {
      DestinationOutcome(name: $0.name, stored: false, error: $0.error.map { "\($0)" } ?? reason)
    }
    record(.failure(RunFailed(set: set.name, snapshot: snapshot, reason: reason, destinations: outcome.destinations)))
  }

  // MARK: Catalog

  private var publisher: CatalogPublisher {
    CatalogPublisher(layout: layout, state: state, writers: writers) { [keys] in try keys.signer.signAndEncrypt($0) }
  }

  private func publish(_ events: [CatalogEvent]) throws -> CatalogPublisher.Delivery {
    try publisher.publish(events, at: environment.clock(), onFailure: reportDestination)
  }

  /// Records the outcome; the snapshot stands whether or not its record reaches storage now, so a failure here is told
  /// and makes the run partial, no more.
  private func record(_ event: CatalogEvent) {
    do {
      if case .numberTaken(let destination) = try publish([event]) {
        environment.observe(.notice("\(destination) holds newer catalog records than this state knows"))
      }
    } catch {
      environment.observe(.notice("the run's outcome could not be recorded: \(error)"))
      if outcome.status == .stored { outcome.status = .partial }
    }
  }

  private func reportDestination(_ name: String, _ error: StorageError) {
    environment.observe(.destinationFailed(set: nil, destination: name, error))
    isCatalogBehind = true
    if outcome.status == .stored { outcome.status = .partial }
    guard error.code == .noSuchStore else { return }
    do { try state.forgetRecovery(name) } catch { environment.observe(.notice("\(error)")) }
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

extension Finding {
  /// Whether a snapshot with it still holds everything that can be kept: a socket has nothing to keep.
  var isHarmless: Bool { code == .skippedSocket }
}
