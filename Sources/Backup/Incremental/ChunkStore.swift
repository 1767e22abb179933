internal import Archive
internal import Channels
internal import Digests
internal import Files
internal import Index
internal import Repository

/// Where a run's chunks go: those that storage holds are referred to, the others become members of new volumes.
///
/// A volume is noted in the journal as soon as its destinations have acknowledged it, by the thread that sent it, and
/// taken from there into the index whenever this one comes to it: a run that dies leaves its volumes to the next one.
/// Belongs to the thread that reads the sources.
final class ChunkStore {
  private let index: IndexFile
  private let set: SetIndex
  private let trust: VolumeTrust
  private let pipeline: VolumePipeline
  private let journal: ArrivalJournal
  private let lifetime: Int64?
  private let assembler: VolumeAssembler
  private let pax: PaxWriter
  private let filling: Filling
  /// Chunks on their way to storage, by digest; those that have arrived are found in the index.
  private var underway: [SHA256Digest: ChunkID] = [:]
  /// Volumes that this run has stored: referred to whatever their age.
  private(set) var stored: Set<VolumeID> = []
  private(set) var storedVolumes = 0
  private(set) var storedBytes: UInt64 = 0

  /// The chunks of the volume that is being filled, and of those that were handed to the pipeline.
  private final class Filling: Sendable {
    // Of the reading thread alone.
    nonisolated(unsafe) var current: [NewChunk] = []
    private let monitor = Monitor()
    // Guarded by `monitor`.
    private nonisolated(unsafe) var sent: [Int: [NewChunk]] = [:]

    func sends(_ volume: Int) {
      monitor.locked { sent[volume] = current }
      current = []
    }

    func chunks(of volume: Int) -> [NewChunk] { monitor.locked { sent[volume] ?? [] } }
    func remove(_ volume: Int) -> [NewChunk] { monitor.locked { sent.removeValue(forKey: volume) ?? [] } }
  }

  /// - Parameter lifetime: seconds after its upload until which a volume is needed at the latest; nil where none expires
  ///   by itself.
  init(
    index: IndexFile, set: SetIndex, trust: VolumeTrust, pipeline: VolumePipeline, secrets: SecretGuard,
    journal: ArrivalJournal, volumeSize: Int, lifetime: Int64?
  ) {
    self.index = index
    self.set = set
    self.trust = trust
    self.pipeline = pipeline
    self.journal = journal
    let filling = Filling()
    pipeline.noteArrivals { arrival in
      journal.append(Self.entry(arrival, filling.chunks(of: arrival.number), lifetime))
    }
    self.filling = filling
    let assembler = VolumeAssembler(volumeSize: volumeSize, splitsMembers: false, memory: pipeline.memory) { volume in
      filling.sends(volume.number)
      try secrets.send(volume)
    }
    self.assembler = assembler
    pax = PaxWriter { try assembler.append($0) }
    self.lifetime = lifetime
  }

  private static func entry(
    _ arrival: VolumePipeline.Arrival, _ chunks: [NewChunk], _ lifetime: Int64?
  ) -> ArrivalJournal.Entry {
    ArrivalJournal.Entry(
      time: arrival.time,
      volume: StoredVolume(
        arrival.record, isEverywhere: arrival.isEverywhere, expires: lifetime.map { arrival.time + $0 }),
      chunks: chunks.map { ($0.digest, $0.length) })
  }

  /// Refers to a chunk, and sends it where storage does not hold it.
  /// - Parameters:
  ///   - content: 1 byte at least.
  ///   - given: its digest, where the caller has it.
  func put(
    _ content: UnsafeRawBufferPointer, digest given: SHA256Digest? = nil
  ) throws -> (id: ChunkID, digest: SHA256Digest) {
    let digest = given ?? SHA256.digest(content)
    if let id = underway[digest] { return (id, digest) }
    let known = try set.chunk(digest)
    if let known, trust.isTrusted(known.id) || stored.contains(known.volume) { return (known.id, digest) }
    let id = known?.id ?? set.reserveChunkID()
    underway[digest] = id
    let name = Array(ChunkReference.memberName(digest).utf8)
    try assembler.memberBegins(size: UInt64(content.count))
    try pax.begin(Entry(path: name, kind: .file, mode: 0o600, size: UInt64(content.count)))
    try pax.write(content)
    try pax.end()
    filling.current.append(NewChunk(id: id, digest: digest, length: content.count))
    try recordArrivals()
    return (id, digest)
  }

  /// Sends what is left and waits until all of it is stored, and in the index.
  func flush() throws {
    try assembler.finish()
    try pipeline.drain()
    try recordArrivals()
  }

  /// Takes the volumes that have arrived into the index.
  private func recordArrivals() throws {
    let arrivals = pipeline.takeArrivals()
    guard !arrivals.isEmpty else { return }
    for arrival in arrivals {
      let chunks = filling.remove(arrival.number)
      stored.insert(try set.add(Self.entry(arrival, chunks, lifetime), chunks: chunks))
      storedVolumes += 1
      storedBytes += UInt64(arrival.record.size)
      for chunk in chunks { underway[chunk.digest] = nil }
    }
    // What a loss of power takes is sent once more: no reason to wait for the disk at each volume.
    try index.commit(survivesPowerLoss: false)
    journal.taken(arrivals.count)
  }
}
