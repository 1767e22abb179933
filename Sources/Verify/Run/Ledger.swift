public import Files
public import Repository

/// When each snapshot and each stored volume was last proven, at which place and to which level: derived from the keeper's
/// catalog, in one pass over it.
///
/// A sound verification of a snapshot proves the volumes of the snapshot's own folder; those in other folders (mode
/// `incremental`) are told by the `proof` record that goes with it. What is found damaged takes earlier proofs away.
public struct Ledger: Sendable {
  /// One set at one destination.
  public struct Place: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var host: String
    public var set: String
    public var destination: String

    public init(host: String, set: String, destination: String) {
      self.host = host
      self.set = set
      self.destination = destination
    }

    public var description: String { "\(host)/\(set) at \(destination)" }

    public static func < (one: Place, other: Place) -> Bool {
      (one.host, one.set, one.destination) < (other.host, other.set, other.destination)
    }
  }

  /// Damage that nothing sound came after.
  public struct Damage: Sendable, Equatable {
    public var time: Timestamp
    public var level: VerificationLevel
    /// The first finding.
    public var finding: Finding?
    /// Whether stored volumes are damaged: reading those again tells whether they were mended.
    public var isOfVolumes: Bool
    /// Whether something contradicts itself that neither damaged volumes nor what they lack explain.
    public var isContradiction: Bool
    /// Whether a person has acknowledged all of it.
    public var isAcknowledged = false
  }

  private var places: [Place: PlaceProofs] = [:]
  /// The last self-test, and when it was.
  public private(set) var selfTest: (test: SelfTest, time: Timestamp)?
  /// When runs began, oldest first, by shard (empty for none).
  public private(set) var runs: [String: [Timestamp]] = [:]

  /// - Parameters:
  ///   - records: of the keeper's catalog, in their order.
  ///   - now: records from more than a day later were written under a wrong clock and prove nothing; nil takes them all.
  public init(_ records: [CatalogRecord], now: Timestamp? = nil) {
    let limit = now.map { $0.seconds + 86400 } ?? .max
    for (order, record) in records.enumerated() where record.time.seconds <= limit {
      take(record, order)
    }
  }

  /// Takes the next record.
  mutating func take(_ record: CatalogRecord, _ order: Int) {
    let time = record.time
    switch record.event {
    case .verification(let it):
      places[Place(host: it.host, set: it.set, destination: it.destination), default: PlaceProofs()].take(
        it, at: time, order)
    case .drill(let it):
      places[Place(host: it.host, set: it.set, destination: it.destination), default: PlaceProofs()].take(
        it, at: time, order)
    case .proof(let it):
      places[Place(host: it.host, set: it.set, destination: it.destination), default: PlaceProofs()].take(
        it, at: time, order)
    case .prune(let it):
      places[Place(host: it.host, set: it.set, destination: it.destination)]?.forget(it.snapshots)
    case .damageAcknowledgement(let it):
      places[Place(host: it.host, set: it.set, destination: it.destination), default: PlaceProofs()].take(it, at: time)
    case .selfTest(let test): selfTest = (test, time)
    case .run(let run): runs[run.shard ?? "", default: []].append(time)
    default: break
    }
  }

  /// Every place that something was tried at, in order.
  public var knownPlaces: [Place] { places.keys.sorted() }

  /// When a snapshot was last proven at a place, to this level at least; nil for never, or where damage was found since.
  public func proven(_ snapshot: String, at place: Place, level: VerificationLevel) -> Timestamp? {
    places[place]?.snapshots[snapshot]?[level]
  }

  /// When a volume was last proven at a place, to this level at least.
  /// - Parameters:
  ///   - number: of the volume in its folder, from 1.
  ///   - folder: the id of the snapshot whose run stored it.
  public func proven(
    volume number: Int, of folder: String, at place: Place, level: VerificationLevel
  ) -> Timestamp? {
    places[place]?.folders[folder]?.proven(number, level)
  }

  /// The snapshots that were found damaged at a place, and neither found sound nor pruned since.
  public func damage(at place: Place) -> [String: Damage] { places[place]?.damage ?? [:] }

  /// Whether a volume was found damaged at a place, and not found sound since.
  func isDamaged(volume number: Int, of folder: String, at place: Place) -> Bool {
    places[place]?.folders[folder]?.isDamaged(number) ?? false
  }

  /// Whether anything of a folder's volumes was ever proven at a place.
  func knows(folder: String, at place: Place) -> Bool { places[place]?.folders[folder] != nil }

  /// When a restore was last rehearsed at a place, and when that was last tried.
  public func drilled(at place: Place) -> (sound: Timestamp?, tried: Timestamp?) {
    (places[place]?.drilled, places[place]?.drillTried)
  }
}

/// When something was last proven, by level; a level includes those before it.
struct LevelTimes: Sendable {
  private var times = SIMD4<Int64>(repeating: .min)

  subscript(level: VerificationLevel) -> Timestamp? {
    let seconds = times[Self.number(level)]
    return seconds == .min ? nil : Timestamp(seconds: seconds)
  }

  mutating func set(_ time: Timestamp, upTo level: VerificationLevel) {
    for number in 0...Self.number(level) { times[number] = time.seconds }
  }

  static func number(_ level: VerificationLevel) -> Int {
    switch level {
    case .present: 0
    case .intact: 1
    case .readable: 2
    case .restored: 3
    }
  }
}

/// Proofs of a folder's volumes.
struct FolderProofs: Sendable {
  private struct Entry: Sendable {
    var range: ClosedRange<Int>
    var level: VerificationLevel
    var time: Timestamp
    var order: Int
  }
  private var entries: [Entry] = []
  /// By number: the place in the catalog of the last record that found it damaged.
  private var damaged: [Int: Int] = [:]
  private var allDamaged = -1

  static let whole = 1...Int.max

  mutating func prove(_ range: ClosedRange<Int>, _ level: VerificationLevel, _ time: Timestamp, _ order: Int) {
    // What the new one says better is not kept.
    entries.removeAll {
      range.contains($0.range.lowerBound) && range.contains($0.range.upperBound) && $0.level <= level
    }
    entries.append(Entry(range: range, level: level, time: time, order: order))
  }

  mutating func damage(_ number: Int, _ order: Int) { damaged[number] = order }
  mutating func damageAll(_ order: Int) { allDamaged = order }

  func isDamaged(_ number: Int) -> Bool {
    guard let order = damaged[number] else { return false }
    return !entries.contains { $0.range.contains(number) && $0.order > order }
  }

  func proven(_ number: Int, _ level: VerificationLevel) -> Timestamp? {
    let since = max(damaged[number] ?? -1, allDamaged)
    return entries.last { $0.range.contains(number) && $0.level >= level && $0.order > since }?.time
  }
}

/// What is known of one place.
struct PlaceProofs: Sendable {
  var snapshots: [String: LevelTimes] = [:]
  var folders: [String: FolderProofs] = [:]
  var damage: [String: Ledger.Damage] = [:]
  var drilled: Timestamp?
  var drillTried: Timestamp?
  private var acknowledgements = DamageAcknowledgements()

  mutating func take(_ it: Verification, at time: Timestamp, _ order: Int) {
    switch it.result {
    case .unchecked: break
    case .sound:
      sound(it.snapshot, it.level, time)
      if it.since == nil {
        folders[it.snapshot, default: FolderProofs()].prove(FolderProofs.whole, it.level, time, order)
      }
    case .damaged: damaged(it.snapshot, it.level, it.findings, it.findingCount, time, order)
    }
  }

  mutating func take(_ it: Drill, at time: Timestamp, _ order: Int) {
    drillTried = time
    switch it.result {
    case .unchecked: break
    case .sound:
      drilled = time
      sound(it.snapshot, .restored, time)
      folders[it.snapshot, default: FolderProofs()].prove(FolderProofs.whole, .restored, time, order)
    case .damaged: damaged(it.snapshot, .restored, it.findings, it.findingCount, time, order)
    }
  }

  mutating func take(_ it: Proof, at time: Timestamp, _ order: Int) {
    for (folder, ranges) in it.volumes.folders {
      for range in ranges { folders[folder, default: FolderProofs()].prove(range, it.level, time, order) }
    }
    lose(it.findings, it.findingCount, order)
  }

  /// The volumes of a snapshot's folder may be needed by later ones: what is known of them stays.
  mutating func forget(_ pruned: [String]) {
    for snapshot in pruned {
      snapshots[snapshot] = nil
      damage[snapshot] = nil
      acknowledgements.end(snapshot)
    }
  }

  mutating func take(_ it: DamageAcknowledgement, at time: Timestamp) {
    acknowledgements.take(it, at: time)
    damage[it.snapshot]?.isAcknowledged = !it.undone
  }

  private mutating func sound(_ snapshot: String, _ level: VerificationLevel, _ time: Timestamp) {
    snapshots[snapshot, default: LevelTimes()].set(time, upTo: level)
    if let known = damage[snapshot], known.level > level { return }
    damage[snapshot] = nil
    acknowledgements.end(snapshot)
  }

  private mutating func damaged(
    _ snapshot: String, _ level: VerificationLevel, _ findings: [Finding], _ count: Int, _ time: Timestamp, _ order: Int
  ) {
    snapshots[snapshot] = nil
    lose(findings, count, order)
    damage[snapshot] = Ledger.Damage(
      time: time, level: level, finding: findings.first, isOfVolumes: findings.contains(where: \.isOfStoredVolume),
      isContradiction: findings.contains { !$0.isOfStoredVolume && $0.code != .entryMissing },
      isAcknowledged: acknowledgements.take(damage: findings, count: count, of: snapshot))
  }

  /// Takes the proofs of damaged volumes away; all of them, where the record could not name all that is damaged.
  private mutating func lose(_ findings: [Finding], _ count: Int, _ order: Int) {
    if count > findings.count {
      for folder in folders.keys { folders[folder]?.damageAll(order) }
    }
    for finding in findings {
      guard let (folder, number) = VolumeList.parse(finding.path) else { continue }
      folders[folder, default: FolderProofs()].damage(number, order)
    }
  }
}

extension Finding {
  /// Whether it is about the bytes of a stored volume, and no contradiction within what a node has signed.
  var isOfStoredVolume: Bool {
    switch code {
    case .missing, .wrongSize, .wrongDigest, .undecryptable: VolumeList.parse(path) != nil
    default: false
    }
  }
}
