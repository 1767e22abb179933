public import Files
public import Policy
public import Repository

/// A sound proof of one snapshot.
public struct SnapshotProof: Sendable, Equatable {
  public var snapshot: String
  /// What was asked for; lower levels are proven with it.
  public var level: VerificationLevel
  /// When it was made; of one that was put together from parts, when the oldest of them was.
  public var time: Timestamp
}

/// A snapshot that was found damaged, and neither found sound at that level nor pruned since.
public struct DamagedSnapshot: Sendable, Equatable {
  public var snapshot: String
  /// The level that found it.
  public var level: VerificationLevel
  /// When it was first found.
  public var since: Timestamp
  /// Of the last look; at most what a record holds.
  public var findings: [Finding]
  public var findingCount: Int
}

/// A try that could not check anything.
public struct UncheckedTry: Sendable, Equatable {
  public var time: Timestamp
  public var reason: String
}

/// Where the proofs of a copy stand against the class's interval.
public enum ProofStanding: String, Sendable, CaseIterable {
  /// Proven within the interval, and nothing newer waits for longer than that.
  case proven
  /// Never proven, and its first interval has not passed.
  case notYet = "not-yet"
  /// The interval has passed, the grace has not.
  case due
  case overdue
  /// Nothing is asked for: the keeper does not read this destination, or the set no longer uses it.
  case none
}

/// A rehearsed restore, as its record tells.
public struct DrillNote: Sendable, Equatable {
  public var time: Timestamp
  public var snapshot: String
  public var destination: String
  public var result: VerificationResult
  public var standardTools: Bool
  /// Until the tree was there.
  public var seconds: Double
  /// Seconds from the snapshot's beginning to the drill's.
  public var age: Int64
  public var failedChecks: [String]
}

/// A set's copies at one destination.
public struct PlaceOverview: Sendable, Equatable {
  public var destination: String
  /// Whether this keeper reads the destination.
  public var isWatched: Bool
  /// Whether the node's last runs still stored, or tried to store, the set here.
  public var isCurrent: Bool
  /// nil where the keeper's configuration does not have it.
  public var location: DestinationConfiguration.Location?
  /// The newest snapshot that is known to be here: as the node's catalog tells, else as it was listed or verified.
  public var newestSnapshot: String?
  /// How many snapshots there were, and the bytes of all objects, when the destination was last listed.
  public var snapshots: Int?
  public var storedBytes: UInt64?
  public var listed: Timestamp?
  /// The last sound proof at each level, of whatever snapshot; a higher level proves the lower ones.
  public var proofs: [VerificationLevel: SnapshotProof]
  /// The last proof, to level `readable` at least, of the newest snapshot that has one.
  public var newestProven: SnapshotProof?
  /// When the first snapshot was made that is newer than `newestProven`: from then on nothing is proven. Of the first
  /// snapshot of all where none ever was; nil where the newest one is proven.
  public var unprovenSince: Timestamp?
  /// When the next proof is due, and from when on it is overdue; nil where none is asked for.
  public var proofDue: Timestamp?
  public var proofOverdueFrom: Timestamp?
  public var standing: ProofStanding
  /// By snapshot.
  public var damaged: [DamagedSnapshot]
  /// By snapshot: those whose damage or loss a person has acknowledged; none of them is in `damaged`.
  public var acknowledged: [AcknowledgedDamage] = []
  /// When and why the last try could not check anything; nil where it could.
  public var lastUnchecked: UncheckedTry?
  public var lastDrill: DrillNote?
}

/// A set of a node: how fresh it is, and what was proven of it.
public struct SetOverview: Sendable, Equatable {
  public var host: String
  public var set: String
  /// As the node's last snapshot names it; one of no name that the table has is taken for the strictest.
  public var dataClass: DataClass
  /// Whether the keeper's frequency table has that class.
  public var isKnownClass: Bool
  /// `full`, `incremental`, `plain` (mirrors alone, which no keeper can prove); nil where no snapshot is known.
  public var mode: String?
  /// By the node's own catalog, as far as the keeper has seen it, at the overview's time.
  public var freshness: SetFreshness
  /// In the configuration's order, then those that the keeper does not read.
  public var places: [PlaceOverview]
  /// When the first known snapshot was made.
  public var firstSnapshot: Timestamp?
  /// The newest snapshot at any destination.
  public var newestSnapshot: String?
  /// The last drill, and the last sound one, at any destination.
  public var lastDrill: DrillNote?
  public var lastSoundDrill: DrillNote?
  /// When the next drill is due, and from when on it is overdue; nil where the class asks for none.
  public var drillDue: Timestamp?
  public var drillOverdueFrom: Timestamp?
  /// Whom its newest known snapshot is encrypted to: fingerprints of primary keys. Empty where that was never read.
  public var recipients: [String]
  /// That it was given up: nothing more is asked of it then. Nil where it was not.
  public var retired: RetirementNote?

  public var name: String { "\(host)/\(set)" }
}
