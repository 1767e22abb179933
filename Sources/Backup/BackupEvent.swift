public import Policy
public import Repository
public import Storage

/// What the engine tells while it works; the executables make text, progress or JSON of it.
public enum BackupEvent: Sendable {
  case setStarted(set: String, snapshot: SnapshotID)
  case progress(BackupProgress)
  case finding(set: String, Finding)
  case volumeStored(set: String, name: String, bytes: Int, destination: String)
  /// The destination gets nothing more of this set in this run.
  case destinationFailed(set: String?, destination: String, StorageError)
  /// Something an operator should know that is no failure (a torn catalog line set aside, a new epoch).
  case notice(String)
  /// A dry run: this would be run, and was not.
  case wouldRun(set: String, String)
  case setFinished(SetOutcome)
  /// A run of what is due passed over a set that is not.
  case setWaiting(SetFreshness)
}

/// Running totals of one set.
public struct BackupProgress: Sendable, Equatable {
  public var set: String
  public var entries = 0
  /// Bytes of content read so far.
  public var bytesRead: UInt64 = 0
  /// Bytes acknowledged by the slowest destination that is still in use.
  public var bytesStored: UInt64 = 0
  /// What the set's last snapshot held: an estimate of where this one ends; nil for the first.
  public var expectedBytes: UInt64?
}

/// What became of one set in one run.
public struct SetOutcome: Sendable, Equatable {
  public enum Status: String, Sendable {
    /// Every destination has a snapshot of everything that could be found.
    case stored
    /// At least one destination has a snapshot, but a source could not be read or a destination failed.
    case partial
    /// No destination has a new snapshot.
    case failed
    /// The last snapshot still says it all: a heartbeat was recorded, nothing else stored.
    case unchanged
    /// A dry run: nothing was stored.
    case simulated
  }
  public var set: String
  public var snapshot: SnapshotID
  public var status: Status
  public var entries = 0
  public var files = 0
  public var bytes: UInt64 = 0
  public var volumes = 0
  /// Bytes stored at each destination, the manifest among them.
  public var storedBytes: UInt64 = 0
  public var seconds = 0.0
  public var findings: [Finding] = []
  public var destinations: [DestinationOutcome] = []
  /// Removable destinations of the set that were not there and have been away for longer than they may.
  public var overdue: [OverdueMedium] = []
  /// Whether it is about one destination alone, which missed an earlier snapshot.
  public var isCatchingUp = false
  /// Why it failed, and how to mend it where that is known.
  public var reason: String?
  public var hint: String?

  init(set: String, snapshot: SnapshotID, status: Status) {
    self.set = set
    self.snapshot = snapshot
    self.status = status
  }
}

extension SetOutcome {
  /// Whether every destination that is there took all it was sent.
  var reachedAllThatAreThere: Bool { destinations.allSatisfy { $0.stored || $0.skipped != nil } }
}

/// A removable destination that stays away.
public struct OverdueMedium: Sendable, Equatable {
  public var name: String
  /// Seconds since it last was as fresh as the set's sources, or since the set's first run.
  public var age: Int64
  /// Seconds that are allowed.
  public var allowed: Int64
}

/// Why a run could not be done at all.
public struct BackupError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// Another run holds the state's lock.
    case locked
    /// The configuration names something that is not there (a set, a key).
    case configuration
    /// The state folder, its catalog or the keys could not be used.
    case state
    /// A signal asked to stop.
    case cancelled
    /// Sources could not be packed or nothing could be stored.
    case failed
  }
  public var code: Code
  public var reason: String
  public var hint: String?

  public init(_ code: Code, _ reason: String, hint: String? = nil) {
    self.code = code
    self.reason = reason
    self.hint = hint
  }

  public var description: String { reason }
}
