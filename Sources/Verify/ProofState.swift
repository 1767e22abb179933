public import Files
public import Repository

/// What a keeper's catalog says of one set at one destination, at one level.
public struct ProofState: Sendable, Equatable {
  public struct Place: Hashable, Sendable, Comparable {
    public var host: String
    public var set: String
    public var destination: String
    public var level: VerificationLevel

    public static func < (one: Place, other: Place) -> Bool {
      (one.host, one.set, one.destination, one.level) < (other.host, other.set, other.destination, other.level)
    }
  }

  public var place: Place
  /// When a snapshot was last proven sound.
  public var proven: Timestamp?
  /// When the newest snapshot that was proven had been begun.
  public var newestProven: Timestamp?
  /// Snapshots that were found damaged, and neither found sound nor pruned nor acknowledged since.
  public var damaged: Set<String> = []
  /// Those that would be, were they not acknowledged.
  private var settled: Set<String> = []
  /// Whether the last try could not check anything.
  public var isUnchecked = false
  /// Of the last verification.
  public var seconds = 0.0
  public var bytes: UInt64 = 0

  /// Every place and level that a verification was tried at, in order.
  ///
  /// Each level includes those before it: who is found sound at a level is proven at the lower ones too. Damage counts at
  /// the level that found it alone, because a lower one may not be concerned.
  ///
  /// Of sets that were retired there is none: nothing is asked of them.
  public static func all(_ records: [CatalogRecord]) -> [ProofState] {
    var states: [Place: ProofState] = [:]
    var acknowledgements: [SetPlace: DamageAcknowledgements] = [:]
    var retirements = Retirements()
    func isAcknowledged(_ attempt: Attempt) -> Bool {
      let place = SetPlace(attempt.place)
      guard acknowledgements[place]?.open[attempt.snapshot] != nil else { return false }
      let levels = VerificationLevel.allCases.map { Place(attempt.place, $0) }
      switch attempt.result {
      case .unchecked: return false
      case .damaged:
        if acknowledgements[place]?.take(damage: attempt.findings, count: attempt.findingCount, of: attempt.snapshot)
          == true
        {
          return true
        }
        for level in levels { states[level]?.reopen(attempt.snapshot) }
        return false
      case .sound:
        // What a lower level finds sound may still be what a higher one found damaged.
        let isBelow = levels.contains { level in
          level.level > attempt.place.level && states[level]?.settled.contains(attempt.snapshot) == true
        }
        if !isBelow { acknowledgements[place]?.end(attempt.snapshot) }
        return false
      }
    }
    func add(_ attempt: Attempt) {
      let isKnown = isAcknowledged(attempt)
      for level in VerificationLevel.allCases where level <= attempt.place.level {
        // A level that was never asked for by itself has nothing to say where this one did not come to its end.
        guard level == attempt.place.level || attempt.result == .sound else { continue }
        var place = attempt.place
        place.level = level
        states[place, default: ProofState(place: place)].take(attempt, isKnown: isKnown)
      }
    }
    for record in records {
      switch record.event {
      case .verification(let it):
        add(
          Attempt(
            place: Place(host: it.host, set: it.set, destination: it.destination, level: it.level),
            snapshot: it.snapshot, result: it.result, seconds: it.seconds, bytes: it.bytes, time: record.time,
            findings: it.findings, findingCount: it.findingCount))
      case .drill(let it):
        // A whole restore, compared: level restored and more.
        add(
          Attempt(
            place: Place(host: it.host, set: it.set, destination: it.destination, level: .restored),
            snapshot: it.snapshot, result: it.result, seconds: it.seconds.restore, bytes: it.fetched,
            time: record.time, findings: it.findings, findingCount: it.findingCount))
      case .retirement(let it): retirements.take(it, at: record.time)
      case .damageAcknowledgement(let it):
        let place = SetPlace(host: it.host, set: it.set, destination: it.destination)
        acknowledgements[place, default: DamageAcknowledgements()].take(it, at: record.time)
        for level in VerificationLevel.allCases {
          states[Place(host: it.host, set: it.set, destination: it.destination, level: level)]?.take(it)
        }
      case .prune(let pruned):
        for level in VerificationLevel.allCases {
          let place = Place(host: pruned.host, set: pruned.set, destination: pruned.destination, level: level)
          states[place]?.damaged.subtract(pruned.snapshots)
          states[place]?.settled.subtract(pruned.snapshots)
        }
        let place = SetPlace(host: pruned.host, set: pruned.set, destination: pruned.destination)
        for snapshot in pruned.snapshots { acknowledgements[place]?.end(snapshot) }
      default: break
      }
    }
    return states.values.filter { retirements[$0.place.host, $0.place.set] == nil }.sorted { $0.place < $1.place }
  }

  /// One try to prove a snapshot.
  private struct Attempt {
    var place: Place
    var snapshot: String
    var result: VerificationResult
    var seconds: Double
    var bytes: UInt64
    var time: Timestamp
    var findings: [Finding]
    var findingCount: Int
  }

  private init(place: Place) {
    self.place = place
  }

  private mutating func reopen(_ snapshot: String) {
    if settled.remove(snapshot) != nil { damaged.insert(snapshot) }
  }

  private mutating func take(_ it: DamageAcknowledgement) {
    guard damaged.remove(it.snapshot) != nil || settled.remove(it.snapshot) != nil else { return }
    if it.undone { damaged.insert(it.snapshot) } else { settled.insert(it.snapshot) }
  }

  /// - Parameter isKnown: whether the damage is acknowledged.
  private mutating func take(_ attempt: Attempt, isKnown: Bool) {
    isUnchecked = attempt.result == .unchecked
    seconds = attempt.seconds
    bytes = attempt.bytes
    switch attempt.result {
    case .sound:
      damaged.remove(attempt.snapshot)
      settled.remove(attempt.snapshot)
      proven = attempt.time
      if let made = SnapshotID(attempt.snapshot)?.started { newestProven = max(newestProven ?? made, made) }
    case .damaged:
      if isKnown {
        settled.insert(attempt.snapshot)
      } else {
        damaged.insert(attempt.snapshot)
        settled.remove(attempt.snapshot)
      }
    case .unchecked: break
    }
  }
}

extension ProofState.Place {
  fileprivate init(_ place: Self, _ level: VerificationLevel) {
    self = place
    self.level = level
  }
}

extension SetPlace {
  fileprivate init(_ place: ProofState.Place) {
    self.init(host: place.host, set: place.set, destination: place.destination)
  }
}

/// Every place and level that the keeper with this state folder has tried to verify; changes nothing, takes no lock.
/// - Throws: `.state` where the catalog cannot be read.
public func proofStates(ofKeeper state: String) throws(VerifyError) -> [ProofState] {
  ProofState.all(try KeeperState.records(in: state))
}
