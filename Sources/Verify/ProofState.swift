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
  /// Snapshots that were found damaged, and neither found sound nor pruned since.
  public var damaged: Set<String> = []
  /// Whether the last try could not check anything.
  public var isUnchecked = false
  /// Of the last verification.
  public var seconds = 0.0
  public var bytes: UInt64 = 0

  /// Every place and level that a verification was tried at, in order.
  ///
  /// Each level includes those before it: who is found sound at a level is proven at the lower ones too. Damage counts at
  /// the level that found it alone, because a lower one may not be concerned.
  public static func all(_ records: [CatalogRecord]) -> [ProofState] {
    var states: [Place: ProofState] = [:]
    func add(_ attempt: Attempt) {
      for level in VerificationLevel.allCases where level <= attempt.place.level {
        // A level that was never asked for by itself has nothing to say where this one did not come to its end.
        guard level == attempt.place.level || attempt.result == .sound else { continue }
        var place = attempt.place
        place.level = level
        states[place, default: ProofState(place: place)].take(attempt)
      }
    }
    for record in records {
      switch record.event {
      case .verification(let it):
        add(
          Attempt(
            place: Place(host: it.host, set: it.set, destination: it.destination, level: it.level),
            snapshot: it.snapshot, result: it.result, seconds: it.seconds, bytes: it.bytes, time: record.time))
      case .drill(let it):
        // A whole restore, compared: level restored and more.
        add(
          Attempt(
            place: Place(host: it.host, set: it.set, destination: it.destination, level: .restored),
            snapshot: it.snapshot, result: it.result, seconds: it.seconds.restore, bytes: it.fetched,
            time: record.time))
      case .prune(let pruned):
        for level in VerificationLevel.allCases {
          let place = Place(host: pruned.host, set: pruned.set, destination: pruned.destination, level: level)
          states[place]?.damaged.subtract(pruned.snapshots)
        }
      default: break
      }
    }
    return states.values.sorted { $0.place < $1.place }
  }

  /// One try to prove a snapshot.
  private struct Attempt {
    var place: Place
    var snapshot: String
    var result: VerificationResult
    var seconds: Double
    var bytes: UInt64
    var time: Timestamp
  }

  private mutating func take(_ attempt: Attempt) {
    isUnchecked = attempt.result == .unchecked
    seconds = attempt.seconds
    bytes = attempt.bytes
    switch attempt.result {
    case .sound:
      damaged.remove(attempt.snapshot)
      proven = attempt.time
      if let made = SnapshotID(attempt.snapshot)?.started { newestProven = max(newestProven ?? made, made) }
    case .damaged: damaged.insert(attempt.snapshot)
    case .unchecked: break
    }
  }
}

/// Every place and level that the keeper with this state folder has tried to verify; changes nothing, takes no lock.
/// - Throws: `.state` where the catalog cannot be read.
public func proofStates(ofKeeper state: String) throws(VerifyError) -> [ProofState] {
  ProofState.all(try KeeperState.records(in: state))
}
