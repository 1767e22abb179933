public import Repository

/// What to look at: hosts, sets, destinations (all, where empty) and which snapshots of each set.
public struct SnapshotSelection: Sendable, Equatable {
  public enum Snapshots: Sendable, Equatable {
    /// The newest finished one of each set.
    case latest
    case all
    case one(SnapshotID)

    /// - Parameter text: `latest`, `all` or an id.
    public init?(_ text: String) {
      switch text {
      case "latest": self = .latest
      case "all": self = .all
      default:
        guard let id = SnapshotID(text) else { return nil }
        self = .one(id)
      }
    }
  }
  public var hosts: [String] = []
  public var sets: [String] = []
  public var destinations: [String] = []
  public var snapshots = Snapshots.latest

  public init(
    hosts: [String] = [], sets: [String] = [], destinations: [String] = [], snapshots: Snapshots = .latest
  ) {
    self.hosts = hosts
    self.sets = sets
    self.destinations = destinations
    self.snapshots = snapshots
  }
}

/// A snapshot as a destination shows it, without opening it.
public struct ListedSnapshot: Sendable, Equatable {
  public var reference: SnapshotReference
  public var destination: String
  /// Objects and bytes below the snapshot's key.
  public var objects: Int
  public var bytes: UInt64
  /// Whether its manifest is there: without it the run never ended, and there is no snapshot.
  public var isFinished: Bool
  /// The keeper's last verification of it at this destination.
  public var lastVerification: VerificationRecord?
}

/// A verification together with when it was recorded.
public struct VerificationRecord: Sendable, Equatable {
  public var time: String
  public var level: VerificationLevel
  public var result: VerificationResult
}
