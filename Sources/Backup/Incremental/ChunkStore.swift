internal import Archive
internal import Channels
internal import Digests
internal import Files
internal import Index
internal import Repository

/// Where a run's chunks go: those that storage holds are referred to, the others become members of new volumes.
///
/// A volume is recorded in the index, durably, as soon as its destinations have acknowledged it: a run that dies leaves
/// its volumes to the next one. Belongs to the thread that reads the sources.
final class ChunkStore {
  private let index: IndexFile
  private let set: SetIndex
  private let trust: VolumeTrust
  private let pipeline: VolumePipeline
  /// Seconds after its upload until which a volume is needed at the latest; nil where none expires by itself.
  private let lifetime: Int64?
  private let assembler: VolumeAssembler
  private let pax: PaxWriter
  private let filling: Filling
  /// Chunks on their way to storage, by digest; those that have arrived are found in the index.
  private var underway: [SHA256Digest: ChunkID] = [:]
  /// Volumes that this run has stored: referred to whatever their age.
  private var stored: Set<VolumeID> = []
  private(set) var storedVolumes = 0
  private(set) var storedBytes: UInt64 = 0

  /// The chunks of the volume that is being filled, and of those that were handed to the pipeline.
  private final class Filling {
    var current: [NewChunk] = []
    var sent: [Int: [NewChunk]] = [:]
  }

  init(
    index: IndexFile, set: SetIndex, trust: VolumeTrust, pipeline: VolumePipeline, volumeSize: Int,
    lifetime: Int64?
  ) {
    self.index = index
    self.set = set
    self.trust = trust
    self.pipeline = pipeline
    self.lifetime = lifetime
    let filling = Filling()
    self.filling = filling
    let assembler = VolumeAssembler(volumeSize: volumeSize, splitsMembers: false, memory: pipeline.memory) { volume in
      filling.sent[volume.number] = filling.current
      filling.current = []
      try pipeline.send(volume)
    }
    self.assembler = assembler
    pax = PaxWriter { try assembler.append($0) }
  }

  /// Refers to a chunk, and sends it where storage does not hold it.
  /// - Parameter content: 1 byte at least.
  func put(_ content: UnsafeRawBufferPointer) throws -> (id: ChunkID, digest: SHA256Digest) {
    let digest = SHA256.digest(content)
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

  /// Sends what is left and waits until all of it is stored.
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
      let chunks = filling.sent.removeValue(forKey: arrival.number) ?? []
      let volume = try set.addVolume(
        arrival.record.name, uploaded: arrival.time, storedBytes: arrival.record.size, record: [], chunks: chunks)
      var record = arrival.record
      record.id = Int(volume.number)
      let stored = StoredVolume(
        record, isEverywhere: arrival.isEverywhere, expires: lifetime.map { arrival.time + $0 })
      try set.setRecord(of: volume, stored.encoded)
      self.stored.insert(volume)
      storedVolumes += 1
      storedBytes += UInt64(record.size)
      for chunk in chunks { underway[chunk.digest] = nil }
    }
    // What a loss of power takes is sent once more: no reason to wait for the disk at each volume.
    try index.commit(survivesPowerLoss: false)
  }
}
