internal import Channels
internal import Chunking
internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository

/// One run over one set in mode `incremental`, between its announcement and its manifest.
///
/// Why nothing that a snapshot refers to can be deleted meanwhile: a run refers to chunks of the last publication and to
/// those that were stored since, no others. The publication is committed to the index *before* the manifest is sent. So
/// wherever a run dies, the chunks that the next one may refer to are in volumes of the newest finished snapshot of each
/// destination, or in folders of snapshots newer than that; and `redoubt-verify prune` deletes neither. What a run that was
/// killed has stored is known by the journal of arrivals, whose comment says why that holds for it too. That pruning spares
/// what is newer than the newest finished snapshot ends with its age: what is known of a run that never finished is
/// forgotten before (`forgetOldUnfinished`).
///
/// Where a snapshot reached some destinations and others missed it, the others get a view of their own (`part`): what they
/// had of the last publication and what they have acknowledged since, and nothing of later runs.
final class IncrementalRun {
  private let set: SetConfiguration
  /// The name of this run's tables in the index: the set's, or that of the set on a medium.
  private let view: String
  private let places: [String]
  private let snapshot: SnapshotID
  private let state: NodeState
  private let index: NodeIndex
  private let environment: RunEnvironment
  private let readsAll: Bool
  private let began: Timestamp
  private let journal: ArrivalJournal
  private var files: SetIndex
  /// The volumes that this run has stored.
  private var storedVolumes: Set<VolumeID> = []

  /// - Parameter places: of the destinations that this run stores to.
  init(
    set: SetConfiguration, view: String, places: [String], snapshot: SnapshotID, state: NodeState, index: NodeIndex,
    environment: RunEnvironment,
    readsAll: Bool
  ) throws {
    self.set = set
    self.view = view
    self.places = places.sorted()
    self.snapshot = snapshot
    self.state = state
    self.index = index
    self.environment = environment
    self.readsAll = readsAll
    began = environment.clock()
    journal = ArrivalJournal(folder: state.folder, set: view)
    files = try index.file.set(view)
    try settleDestinations()
    try files.discardStaged()
    try takeInArrivals()
    try forgetOldUnfinished()
  }

  /// The snapshot that still holds, where nothing has changed.
  var lastStored: SnapshotID? {
    get throws { try files.text("stored").flatMap { SnapshotID($0) } }
  }

  /// Forgets all that is known of the set at these destinations: they do not hold it.
  func forget() throws {
    try index.file.removeSet(view)
    try index.file.commit()
    files = try index.file.set(view)
    try settleDestinations()
    try files.discardStaged()
    try journal.clear()
    try beginJournal()
  }

  /// Reads the sources and stores what is new.
  /// - Returns: nil where the last snapshot still says it all.
  func pack(
    _ sources: SetSources, _ pipeline: VolumePipeline, secrets: SecretGuard, report: @escaping (Finding) -> Void,
    progress: @escaping (SnapshotContent) throws -> Void
  ) throws -> PackedSnapshot? {
    let trust = try VolumeTrust(files, set, now: began)
    let store = ChunkStore(
      index: index.file, set: files, trust: trust, pipeline: pipeline, secrets: secrets, journal: journal,
      volumeSize: set.volumeSize, lifetime: set.objectLifetime)
    let key = try index.gearKey()
    var content = SnapshotContent()
    let chunking = SourceChunking(chunker: Chunker(sizes: .standard, key: key), store: store, secrets: secrets) {
      count in
      // A large file is one entry: its progress shows before it is done.
      content.bytes += UInt64(count)
      try progress(content)
    }
    let scan = try IncrementalScan(
      files, set, trust: trust, chunking: chunking, secrets: secrets, readsAll: try readsAll || mustLookAgain(),
      report: report
    ) {
      content = $0
      try progress($0)
    }
    try scan.run(sources, isCancelled: environment.isCancelled)
    try store.flush()
    if try isUnchanged(scan, trust) {
      // What was read again and found as it was need not be read again.
      try journal.clear()
      try files.setText("secrets", secretRules)
      try files.setText("settled", "\(environment.clock().seconds)")
      try files.publish()
      return nil
    }
    try publish()
    let listing = try ListingChunks(key: key, store: store)
    let manifest = try ManifestWriter(compressionLevel: set.compressionLevel) { try listing.append($0, $1) }
    try list(into: manifest)
    try listing.finish()
    try store.flush()
    let references = try publish(listing)
    storedVolumes = store.stored
    return PackedSnapshot(
      content: scan.content, manifest: manifest,
      volumes: try files.volumes().compactMap { StoredVolume($0.record)?.record }, listing: references,
      chunkSizes: [ChunkSizes.standard.minimum, ChunkSizes.standard.average, ChunkSizes.standard.maximum],
      newVolumes: store.storedVolumes, newBytes: store.storedBytes)
  }

  /// To be called when every destination has the manifest: from here on an unchanged set needs no new one.
  func manifestStoredEverywhere() throws {
    try files.setText("stored", snapshot.description)
    try files.setText("stored-at", "\(began.seconds)")
    try files.setText("settled", "\(environment.clock().seconds)")
    try index.file.commit()
    // An index that stands at an earlier publication is an old copy from here on.
    try state.rememberPublications([snapshot.description], of: view)
  }

  // MARK: Parting

  /// Volumes whose chunks are looked up in one pass.
  private static let volumesAtATime = 512

  /// To be called when some destinations have the manifest, before `manifestStoredEverywhere`: leaves those to themselves
  /// that missed the snapshot.
  /// - Parameters:
  ///   - missed: the places of those, and whether what they had is gone.
  ///   - others: the places of those that have it all.
  func part(_ missed: [(place: String, isLost: Bool)], from others: [String]) throws {
    for (place, isLost) in missed {
      let name = RunGroup.view(of: set.name, apart: place)
      try ArrivalJournal(folder: state.folder, set: name).clear()
      try index.file.removeSet(name)
      let apart = try index.file.set(name)
      try apart.setText("destinations", place)
      try apart.setText("settled", files.text("settled") ?? files.text("stored-at") ?? "\(began.seconds)")
      if !isLost { try copyVolumes(to: apart) }
      try index.file.commit()
      try state.forgetPublications(of: name)
    }
    // From here on, wherever this ends: what follows is forgotten at worst.
    try state.setApart(state.apart(set.name) + missed.map(\.place), of: set.name)
    for id in storedVolumes {
      guard let volume = try files.volume(id), var stored = StoredVolume(volume.record) else { continue }
      stored.isEverywhere = true
      try files.setRecord(of: id, stored.encoded)
    }
    try files.setText("destinations", others.sorted().joined(separator: "\n"))
  }

  /// The volumes that every destination has acknowledged, as if they had just arrived.
  private func copyVolumes(to apart: SetIndex) throws {
    let volumes = try files.volumes().filter { StoredVolume($0.record)?.isEverywhere == true }
    for start in stride(from: 0, to: volumes.count, by: Self.volumesAtATime) {
      let some = volumes[start..<min(start + Self.volumesAtATime, volumes.count)]
      var chunks: [VolumeID: [(digest: SHA256Digest, length: Int)]] = [:]
      for id in try files.chunks(in: Set(some.map(\.id))) {
        guard let chunk = try files.chunk(id) else { continue }
        chunks[chunk.volume, default: []].append((chunk.digest, chunk.length))
      }
      _ = try apart.takeIn(
        some.compactMap { volume in
          guard let stored = StoredVolume(volume.record), let chunks = chunks[volume.id] else { return nil }
          return ArrivalJournal.Entry(time: volume.uploaded, volume: stored, chunks: chunks)
        })
    }
  }

  /// What was stored after the newest finished snapshot is not relied on for ever: pruning spares it for 45 days.
  private func forgetOldUnfinished() throws {
    guard let settled = try (files.text("settled") ?? files.text("stored-at")).flatMap({ Int64($0) }),
      began.seconds - settled > NodeIndex.idleLimit
    else { return }
    let published = try files.text("published")
    let isFinished = try published != nil && published == files.text("stored")
    guard try files.volumes().contains(where: { !isFinished || $0.uploaded > settled }) else { return }
    environment.observe(
      .notice(
        "\(set.name): no run has ended well at \(places.joined(separator: "; ")) for more than "
          + "\(NodeIndex.idleLimit / 86400) days; it gets everything once more"))
    try forget()
  }

  // MARK: Secrets

  /// What the set allows, as the index remembers it: the policy, then a line for each path.
  private var secretRules: String { ([set.secrets.rawValue] + set.secretsAllow.sorted()).joined(separator: "\n") }

  /// Whether the index's files were looked at under rules that allowed more than today's: then all are read once more.
  private func mustLookAgain() throws -> Bool {
    guard let rules = try files.text("secrets")?.split(separator: "\n").map(String.init),
      let policy = rules.first.flatMap({ SecretPolicy(rawValue: $0) })
    else { return true }
    return !set.secrets.admits(policy) || !Set(rules.dropFirst()).isSubset(of: set.secretsAllow)
  }

  // MARK: Publishing

  private func isUnchanged(_ scan: IncrementalScan, _ trust: VolumeTrust) throws -> Bool {
    guard scan.changes == 0, scan.content.findings.allSatisfy(\.isHarmless), let stored = try files.text("stored"),
      stored == (try files.text("published")), let time = try files.text("stored-at").flatMap({ Int64($0) }),
      // The manifest grows old as volumes do, also where no volume is left to be renewed.
      (-VolumeTrust.clockTolerance..<set.refresh).contains(began.seconds - time)
    else { return false }
    for member in ListingReferences.members {
      if let chunks = try files.listing(member), !chunks.allSatisfy(trust.isTrusted) { return false }
    }
    return true
  }

  private func publish() throws {
    let last = try files.text("published")
    try state.rememberPublications([last, snapshot.description].compactMap(\.self), of: view)
    try journal.clear()
    try files.setText("published", snapshot.description)
    try files.setText("secrets", secretRules)
    try files.publish()
    try beginJournal()
  }

  /// Publishes the listing's own chunks.
  private func publish(_ listing: ListingChunks) throws -> [(member: String, chunk: ChunkReference)] {
    var chunks: [String: [ChunkID]] = [:]
    for (member, id) in listing.chunks { chunks[member, default: []].append(id) }
    for member in ListingReferences.members { try files.stageListing(member, chunks[member] ?? []) }
    try journal.clear()
    try files.publish()
    return try listing.chunks.map { ($0.member, try reference($0.id)) }
  }

  /// Writes the published files' lines.
  private func list(into manifest: ManifestWriter) throws {
    let cursor = try files.files()
    while try cursor.advance() {
      guard let stamp = cursor.stamp else { continue }
      let extras = IndexedAttributes(try cursor.attributes())
      let hasContent = stamp.kind == FileStamp.file && extras.link == nil
      let chunks = hasContent ? try cursor.chunks().map(reference) : nil
      let line = Array(try cursor.line())
      try line.withUnsafeBytes { line in
        try extras.attributes.withUnsafeBytes { attributes in
          try manifest.add(line: line, link: extras.link, attributes: attributes, chunks: chunks)
        }
      }
    }
    try manifest.finishListing()
  }

  private func reference(_ id: ChunkID) throws -> ChunkReference {
    guard let chunk = try files.chunk(id) else {
      throw BackupError(.state, "\(index.file.path): chunk \(id.number) is referred to but not known")
    }
    return ChunkReference(volume: Int(chunk.volume.number), length: chunk.length, digest: chunk.digest)
  }

  // MARK: Beginning

  /// Keeps in the index which destinations have all that it knows of. One that is new has none of it: everything is sent
  /// to all. Written before the first volume is: what is stored from now on is known at these alone.
  private func settleDestinations() throws {
    let known = try files.text("destinations")
    if let known {
      let stored = Set(known.split(separator: "\n").map(String.init))
      let added = places.filter { !stored.contains($0) }
      if !added.isEmpty {
        environment.observe(
          .notice(
            "\(set.name): \(added.joined(separator: "; ")) is new; everything is sent once more, to every destination"))
        try index.file.removeSet(view)
        try index.file.commit()
        files = try index.file.set(view)
      }
    }
    // The last time at which there was nothing that belongs to no finished snapshot.
    if try files.text("settled") == nil, try files.text("stored-at") == nil {
      try files.setText("settled", "\(began.seconds - 1)")
    }
    let places = places.joined(separator: "\n")
    guard try files.text("destinations") != places else { return }
    try files.setText("destinations", places)
    try index.file.commit()
  }

  /// Takes into the index what a run that was killed has stored.
  private func takeInArrivals() throws {
    let context = try arrivalContext
    if try files.takeIn(try journal.entries(context)) > 0 { try index.file.commit(survivesPowerLoss: false) }
    try journal.clear()
    journal.begin(context)
  }

  private func beginJournal() throws { journal.begin(try arrivalContext) }

  private var arrivalContext: String {
    get throws {
      ArrivalJournal.context(epoch: state.epoch, published: try files.text("published"), places: places)
    }
  }
}
