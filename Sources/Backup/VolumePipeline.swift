internal import Channels
internal import Compression
internal import Digests
internal import Files
internal import OpenPGP
internal import Repository
internal import Storage

/// Compresses, encrypts and uploads volumes in parallel while the sources are still being read.
///
/// Workers compress and encrypt; each destination has its own upload threads, so that a slow one doesn't idle the
/// processor and each volume is made once. What is in flight is bounded by a number of volumes, and that by their size.
final class VolumePipeline: Sendable {
  private struct Sealed: Sendable {
    let record: VolumeRecord
    let number: Int
    let upload: Upload
    let time: Int64
  }

  /// Where volumes, frames and messages are made, one after the other in the same memory.
  let memory = MemoryFilePool()
  private let input = Channel<PlainVolume>(limit: 1)
  private let permits: Permits
  private let lanes: [DestinationLane]
  private let laneInputs: [Channel<Sealed>]
  private let encryptor: Encryptor
  private let level: Int
  private let name: @Sendable (Int) -> String
  private let root: String
  private let clock: @Sendable () -> Timestamp
  private let observe: @Sendable (DestinationLane, Result<VolumeRecord, StorageError>) -> Void
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var records: [Int: VolumeRecord] = [:]
  private nonisolated(unsafe) var remaining: [Int: Int] = [:]
  private nonisolated(unsafe) var misses: [Int: Int] = [:]
  private nonisolated(unsafe) var arrivals: [Arrival] = []
  private nonisolated(unsafe) var gathered: [Int: [DestinationLane]] = [:]
  private nonisolated(unsafe) var held: [Held] = []
  private nonisolated(unsafe) var note: (@Sendable (Arrival) -> Void)?
  private nonisolated(unsafe) var underway = 0
  private nonisolated(unsafe) var failure: (any Error)?
  // Written by `init` and read by `finish`, both on the owner's thread.
  private nonisolated(unsafe) var workers: [DedicatedThread] = []
  private nonisolated(unsafe) var uploaders: [DedicatedThread] = []

  /// Upload threads for each destination: enough to hide a round trip, few enough to bound the memory.
  private static let uploadersPerLane = 2

  /// Bytes of volumes in flight. Beside them there are the one that is being filled and, for each worker, what it is just
  /// making, so that it comes to about twice this.
  private static let inFlight = 112 << 20

  /// How many volumes may be in flight: what keeps everybody busy, fewer where that would be too large, two at least.
  static func volumesInFlight(workers: Int, volumeSize: Int) -> Int {
    max(2, min(workers + uploadersPerLane, inFlight / max(1, volumeSize)))
  }

  /// - Parameters:
  ///   - volumeSize: bytes of tar in a volume.
  ///   - root: what a volume's name is relative to, in keys.
  ///   - name: a volume's name by its number.
  ///   - observe: called on the pipeline's threads for each volume stored and for each destination's first failure.
  init(
    workers: Int, volumeSize: Int, encryptor: Encryptor, compressionLevel: Int, lanes: [DestinationLane], root: String,
    clock: @escaping @Sendable () -> Timestamp, name: @escaping @Sendable (Int) -> String,
    observe: @escaping @Sendable (DestinationLane, Result<VolumeRecord, StorageError>) -> Void
  ) {
    self.encryptor = encryptor
    self.lanes = lanes
    self.root = root
    self.clock = clock
    self.name = name
    self.observe = observe
    level = compressionLevel
    let volumes = Self.volumesInFlight(workers: workers, volumeSize: volumeSize)
    permits = Permits(volumes)
    laneInputs = lanes.map { _ in Channel<Sealed>(limit: .max) }
    self.workers = (0..<min(workers, volumes)).map { _ in DedicatedThread { [self] in work() } }
    uploaders = zip(lanes, laneInputs).flatMap { lane, channel in
      (0..<Self.uploadersPerLane).map { _ in DedicatedThread { [self] in upload(lane, channel) } }
    }
  }

  /// A volume that no destination is still to answer for.
  struct Arrival: Sendable {
    let number: Int
    let record: VolumeRecord
    /// When it was sealed, before it was sent anywhere: seconds since 1970.
    let time: Int64
    /// Whether every destination has it.
    let isEverywhere: Bool
  }

  /// A volume that every destination has answered for, and that some have only gathered.
  private struct Held: Sendable {
    let arrival: Arrival
    /// How many destinations failed to take it.
    let misses: Int
    let lanes: [DestinationLane]
  }

  /// Has `note` called for each arrival before anybody else learns of it, on the thread that sent the volume. To be
  /// called before the first `send`.
  func noteArrivals(_ note: @escaping @Sendable (Arrival) -> Void) { monitor.locked { self.note = note } }

  /// The volumes that have arrived since the last call; none that every destination failed to take.
  func takeArrivals() -> [Arrival] {
    monitor.locked {
      defer { arrivals = [] }
      return arrivals
    }
  }

  /// Waits until nothing is underway, and has what destinations gathered stored; more may be sent afterwards.
  /// - Throws: as `send`.
  func drain() throws {
    try monitor.locked {
      while underway > 0, failure == nil { monitor.wait() }
      if let failure { throw failure }
    }
    storeGathered()
    guard lanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
  }

  /// Takes a volume; waits while too many are in flight.
  /// - Throws: what stopped the pipeline: an error of compression or encryption, or that no destination is left.
  func send(_ volume: PlainVolume) throws {
    guard lanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    permits.acquire(1)
    monitor.locked { underway += 1 }
    try input.send(volume)
  }

  /// Waits until every volume is stored or given up.
  /// - Returns: the volumes in order.
  func finish() throws -> [VolumeRecord] {
    input.finish()
    join()
    // A worker's failure is kept in the channel.
    _ = try input.receive()
    guard lanes.contains(where: \.isUsable) else {
      throw BackupError(.failed, "no destination could store the snapshot")
    }
    return monitor.locked { records.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// Gives up: nothing that is queued is stored.
  func abandon(_ error: any Error) {
    input.fail(error)
    for channel in laneInputs { channel.fail(error) }
    join()
  }

  private func join() {
    for worker in workers { worker.join() }
    for channel in laneInputs { channel.finish() }
    for uploader in uploaders { uploader.join() }
  }

  private func work() {
    do {
      let compressor = try Compressor(level: level)
      while var volume = try input.receive() {
        do { try dispatch(seal(&volume, compressor)) } catch {
          permits.release(1)
          throw error
        }
      }
    } catch {
      // Ends both sides: the reader of sources gets this error at its next volume.
      input.fail(error)
      permits.lift()
      monitor.locked {
        failure = failure ?? error
        monitor.wakeAll()
      }
    }
  }

  /// Leaves the volume without its content, whose memory the message can take.
  private func seal(_ volume: inout PlainVolume, _ compressor: Compressor) throws -> Sealed {
    let (frame, tarSize) = try compress(&volume, compressor)
    let message = try MemoryFile(from: memory)
    try encryptor.encrypt(frame, into: message)
    let record = VolumeRecord(
      name: name(volume.number), size: message.count, digest: SHA256.digest(message.bytes), plainSize: frame.count,
      plainDigest: SHA256.digest(frame.bytes), tarSize: tarSize, firstEntry: volume.firstEntry,
      startsInside: volume.startsInside, id: volume.number)
    return Sealed(
      record: record, number: volume.number,
      upload: Upload(key: root + record.name, content: Bytes(message), digest: record.digest),
      time: clock().seconds)
  }

  private func compress(_ volume: inout PlainVolume, _ compressor: Compressor) throws -> (MemoryFile, tarSize: Int) {
    let frame = try MemoryFile(from: memory)
    guard let content = volume.content else { return (frame, 0) }
    volume.content = nil
    try frame.reserve(Compressor.bound(content.count))
    try frame.fill { try compressor.compress(content.bytes, into: $0) }
    return (frame, content.count)
  }

  private func dispatch(_ sealed: Sealed) throws {
    monitor.locked {
      records[sealed.number] = sealed.record
      remaining[sealed.number] = lanes.count
    }
    for channel in laneInputs { try channel.send(sealed) }
  }

  private func upload(_ lane: DestinationLane, _ channel: Channel<Sealed>) {
    // An error here is the one given to `abandon`, which tells the caller itself.
    while let sealed = try? channel.receive() {
      let isStored = lane.put(sealed.upload, sealedAt: sealed.time) { observe(lane, .failure($0)) }
      let (isLast, arrival, note) = monitor.locked { answer(for: sealed, lane, isStored: isStored) }
      if isLast {
        if let arrival { note?(arrival) }
        monitor.locked {
          if let arrival { arrivals.append(arrival) }
          underway -= 1
          monitor.wakeAll()
        }
        permits.release(1)
      }
      if isStored { observe(lane, .success(sealed.record)) }
    }
  }

  /// Notes a destination's answer. Inside `monitor`.
  /// - Returns: whether it was the last one for this volume, and what has arrived with it.
  private func answer(
    for sealed: Sealed, _ lane: DestinationLane, isStored: Bool
  ) -> (isLast: Bool, arrival: Arrival?, note: (@Sendable (Arrival) -> Void)?) {
    let number = sealed.number
    let left = remaining[number, default: 1] - 1
    remaining[number] = left
    if !isStored { misses[number, default: 0] += 1 }
    if isStored, lane.isBatching { gathered[number, default: []].append(lane) }
    guard left == 0 else { return (false, nil, nil) }
    let missed = misses[number, default: 0]
    remaining[number] = nil
    misses[number] = nil
    let arrival = Arrival(number: number, record: sealed.record, time: sealed.time, isEverywhere: missed == 0)
    if let lanes = gathered.removeValue(forKey: number) {
      held.append(Held(arrival: arrival, misses: missed, lanes: lanes))
      return (true, nil, nil)
    }
    return missed < lanes.count ? (true, arrival, note) : (true, nil, nil)
  }

  /// Has the destinations that gather store what they have, which then has arrived.
  private func storeGathered() {
    let (held, note) = monitor.locked {
      defer { self.held = [] }
      return (self.held, self.note)
    }
    guard !held.isEmpty else { return }
    for lane in lanes { lane.flush("volumes of") { observe(lane, .failure($0)) } }
    for volume in held {
      let missed = volume.misses + volume.lanes.count { !$0.isUsable }
      guard missed < lanes.count else { continue }
      let arrival = Arrival(
        number: volume.arrival.number, record: volume.arrival.record, time: volume.arrival.time,
        isEverywhere: missed == 0)
      note?(arrival)
      monitor.locked { arrivals.append(arrival) }
    }
  }
}
