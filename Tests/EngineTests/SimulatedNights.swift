import Backup
import Channels
import Digests
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Nights in a row under an injected clock: every night some files change, in some nights a run dies, and storage is freed
/// in one of both ways. After every night it holds what is there against what was promised, by the manifests themselves.
final class SimulatedNights {
  static let day: Int64 = 86400
  static let refresh = 12 * day
  static let retention = 10 * day
  static let files = 300
  static let changes = 12
  /// Bytes of a file: one chunk, and four or five to a volume.
  static let size = 16_000

  /// A small generator with a fixed seed, so that a failure can be seen again.
  struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  struct StoredChunk: Hashable {
    var volume: String
    var digest: SHA256Digest
  }

  /// What a snapshot needs and holds, by its manifest.
  struct Promise {
    var snapshot: SnapshotID
    /// Until when a lifecycle destination must keep it: seconds since 1970.
    var until: Int64
    /// What is stored, by key, as it was in the night that the snapshot was made.
    var objects: [String: SHA256Digest]
    /// The content's chunks as they are stored, each with its length: a chunk that was renewed since is another one.
    var chunks: [StoredChunk: Int]
    /// By path: content and volume.
    var files: [[UInt8]: (digest: SHA256Digest, volume: String)]
  }

  let house: Household
  let expiry: DestinationConfiguration.Expiry
  private var dice = Dice(state: 20_261_121)
  private let start = Timestamp.now().seconds
  private(set) var night = 0
  private var hours: Int64 = 0
  private var promises: [Promise] = []
  /// When each object was stored.
  private var times: [String: Int64] = [:]
  private(set) var crashes = 0
  /// Bytes sent again although they had not changed, night by night.
  private(set) var renewals: [Int] = []
  /// What is stored: where it is pruned, times the living data and history; where it expires, times the living data.
  private(set) var largest = 0.0

  init(_ expiry: DestinationConfiguration.Expiry) throws {
    self.expiry = expiry
    house = try Household(mode: .incremental)
    house.keeper.keep.last = 3
    house.keeper.keep.weekly = 3
    house.node.destinations[0].expiry = expiry
    house.node.sets[0].refresh = Self.refresh
    house.node.sets[0].volumeSize = 96 << 10
    if expiry == .lifecycle { house.node.sets[0].retention = Self.retention }
    for file in 0..<Self.files { try change(file) }
  }

  private var now: Int64 { start + Int64(night) * Self.day + hours * 3600 }

  private func change(_ file: Int) throws {
    try house.write("file-\(file)", Household.noise(Self.size, seed: dice.next()))
  }

  private func setClock() {
    let now = now
    house.clock = { Timestamp(seconds: now) }
  }

  // MARK: A night

  func next() throws {
    night += 1
    hours = 0
    for _ in 0..<Self.changes { try change(Int.random(in: 0..<Self.files, using: &dice)) }
    setClock()
    while Int.random(in: 0..<4, using: &dice) == 0, hours < 3 { try crash() }
    let status = try #require(try house.backup().first?.status)
    #expect(status == .stored || status == .unchanged, "night \(night)")
    try noteTimes()
    try promise()
    try restore()
    try expire()
    try verify()
    try measure()
  }

  /// A run that dies: after some object storage takes nothing any more, or it took the last one and its answer was lost.
  private func crash() throws {
    let last = Int.random(in: 1...24, using: &dice)
    let losesAnswer = Bool.random(using: &dice)
    let error = StorageError(.unreachable, "disk", "connection reset")
    house.stores["disk"] = FaultyStore(house.store("disk")) { call in
      if call.number < last { return nil }
      return call.number == last && losesAnswer ? .loseAnswer(error) : .fail(error)
    }
    if try house.backup().first?.status != .stored { crashes += 1 }
    house.stores = [:]
    try noteTimes()
    hours += 1
    setClock()
  }

  private func noteTimes() throws { for key in try house.objects() where times[key] == nil { times[key] = now } }

  /// Notes what the night's snapshot needs, and counts what of it was sent again.
  private func promise() throws {
    let (reference, manifest) = try house.makeKeeper().open(SnapshotSelection())
    let names = Dictionary(uniqueKeysWithValues: manifest.volumes.map { ($0.id, "peer-1/\($0.name)") })
    var promise = Promise(
      snapshot: reference.snapshot, until: start + Int64(night) * Self.day + Self.retention, objects: [:], chunks: [:],
      files: [:])
    for volume in manifest.volumes { promise.objects["peer-1/\(volume.name)"] = volume.digest }
    let key = "peer-1/data/\(reference.snapshot)/manifest.tar.zst.gpg"
    promise.objects[key] = try stored(key)
    try manifest.forEachEntry { entry, chunks in
      guard let chunk = chunks.first, let name = names[chunk.volume] else { return }
      promise.chunks[StoredChunk(volume: name, digest: chunk.digest)] = chunk.length
      promise.files[entry.path] = (chunk.digest, name)
    }
    #expect(promise.files.count == Self.files)
    if let last = promises.last {
      renewals.append(
        promise.files.reduce(0) { sum, file in
          guard let old = last.files[file.key], old.digest == file.value.digest else { return sum }
          return sum + (old.volume == file.value.volume ? 0 : Self.size)
        })
    }
    if promises.last?.snapshot == promise.snapshot { promises.removeLast() }
    promises.append(promise)
  }

  private func expire() throws {
    switch expiry {
    case .lifecycle:
      let days = (Self.refresh + Self.retention + Self.day - 1) / Self.day
      for (key, time) in times where key.hasPrefix("peer-1/data/") && time + days * Self.day <= now {
        try house.store("disk").remove(key)
        times[key] = nil
      }
      let newest = promises.last?.snapshot
      promises.removeAll { $0.until <= now && $0.snapshot != newest }
    case .prune:
      guard night % 3 == 0 else { return }
      let keeper = house.makeKeeper()
      let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
      #expect(plans.allSatisfy { $0.refusals.isEmpty }, "night \(night): \(plans.flatMap(\.refusals))")
      _ = try keeper.prune(plans, removers: ["disk": house.store("disk")])
      let kept = Set(plans.flatMap { $0.kept.map(\.snapshot) })
      promises.removeAll { !kept.contains($0.snapshot) }
      #expect(kept.count >= min(night, house.keeper.keep.last))
    }
  }

  /// Restores the night's snapshot, and compares the tree.
  private func restore() throws {
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound], "night \(night): \(verified.flatMap(\.findings))")
  }

  // MARK: What holds

  /// Every snapshot that should be restorable was restored in its own night, and every byte that it needs is as it was then.
  private func verify() throws {
    var present: [String: SHA256Digest] = [:]
    for promise in promises {
      for (key, digest) in promise.objects {
        if present[key] == nil { present[key] = try stored(key) }
        #expect(present[key] == digest, "night \(night): \(promise.snapshot) needs \(key)")
      }
    }
  }

  private func stored(_ key: String) throws -> SHA256Digest {
    SHA256.digest(try DirectoryStore("\(house.folder.path)/disk").get(key, maximumLength: 1 << 24))
  }

  /// The living data is what the newest snapshot refers to; history is what kept ones refer to beside: content that has
  /// changed since, and older copies of what was renewed.
  private func measure() throws {
    guard expiry == .lifecycle || night % 3 == 0 else { return }
    let stored = try DirectoryStore("\(house.folder.path)/disk").list(prefix: "peer-1/data/").reduce(0) { $0 + $1.size }
    let counted = expiry == .lifecycle ? promises.suffix(1) : promises[...]
    let chunks = counted.reduce(into: [StoredChunk: Int]()) { $0.merge($1.chunks) { one, _ in one } }
    largest = max(largest, Double(stored) / Double(chunks.values.reduce(0, +)))
  }

  /// Every byte of what must be there is as it was promised; the oldest snapshot reads, the newest restores.
  func finish() throws {
    let promised = Set(promises.map { "\($0.snapshot)" })
    let all = try house.verify(.intact, SnapshotSelection(snapshots: .all)).filter { promised.contains($0.snapshot) }
    #expect(all.count == promises.count && all.allSatisfy { $0.result == .sound }, "\(all.flatMap(\.findings))")
    for (promise, level) in [(promises.first, .readable), (promises.last, .restored)] as [(Promise?, VerificationLevel)]
    {
      let snapshot = try #require(promise).snapshot
      let verified = try house.verify(level, SnapshotSelection(snapshots: .one(snapshot)))
      #expect(verified.map(\.result) == [.sound], "\(verified.flatMap(\.findings))")
    }
  }
}
