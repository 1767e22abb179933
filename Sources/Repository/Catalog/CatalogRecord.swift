public import Digests
public import Files

/// What a catalog record says, by type. One case a `type`; fields as redoubt-catalog(5) lists them.
///
/// The large ones are indirect, so that they don't make every record of a long catalog as large as they are.
public enum CatalogEvent: Sendable, Equatable {
  // Written by nodes.
  case started(RunStarted)
  indirect case snapshot(SnapshotStored)
  case unchanged(NothingChanged)
  case failure(RunFailed)
  // Written by keepers.
  case verification(Verification)
  case prune(Pruned)
  case observation(Observation)
  case attestation(Attestation)
  case acknowledgement(Acknowledgement)
  indirect case drill(Drill)
  indirect case selfTest(SelfTest)
  case proof(Proof)
  indirect case run(KeeperRun)
  case retirement(Retirement)
  indirect case damageAcknowledgement(DamageAcknowledgement)
  // About the catalog itself.
  case archived(ArchivedRun)
  case rotation(Rotation)
  case signer(SignerNamed)
  /// A type that this version does not know: kept and passed on, never interpreted.
  case unknown(type: String)
}

/// One line of a catalog.
public struct CatalogRecord: Sendable, Equatable {
  /// From 1, without gaps.
  public var sequence: Int
  /// SHA-256 of the line before, without its newline; zero for the first.
  public var previous: SHA256Digest
  public var time: Timestamp
  public var event: CatalogEvent
}

/// A run over one set began; written and stored before its first volume.
public struct RunStarted: Sendable, Equatable, Codable {
  public var epoch: String
  public var set: String
  public var snapshot: String
  public init(epoch: Epoch, set: String, snapshot: SnapshotID) {
    self.epoch = epoch.description
    self.set = set
    self.snapshot = snapshot.description
  }
}

/// What became of a snapshot at one destination.
public struct DestinationOutcome: Sendable, Equatable, Codable {
  public var name: String
  /// Whether volumes and manifest are all there.
  public var stored: Bool
  /// Why not.
  public var error: String?
  /// Why it was passed over, which is no failure: `notMounted`. Nil where storing was tried.
  public var skipped: String?
  public init(name: String, stored: Bool, error: String? = nil, skipped: String? = nil) {
    self.name = name
    self.stored = stored
    self.error = error
    self.skipped = skipped
  }

  /// The removable medium was not there.
  public static let notMounted = "not-mounted"
}

/// A finished snapshot: at least one destination has all of it.
public struct SnapshotStored: Sendable, Equatable, Codable {
  public var set: String
  public var `class`: String
  public var mode: String
  public var snapshot: String
  /// SHA-256 of the stored manifest.
  public var manifest: String
  public var entries: Int
  /// Bytes of content of all files.
  public var bytes: UInt64
  /// Volumes and bytes that this run stored at each destination, the manifest among them.
  public var volumes: Int
  public var storedBytes: UInt64
  /// How many findings the manifest lists.
  public var findings: Int
  public var seconds: Double
  public var destinations: [DestinationOutcome]
  public init(
    set: String, class: String, mode: String, snapshot: SnapshotID, manifest: SHA256Digest, entries: Int, bytes: UInt64,
    volumes: Int, storedBytes: UInt64, findings: Int, seconds: Double, destinations: [DestinationOutcome]
  ) {
    self.set = set
    self.class = `class`
    self.mode = mode
    self.snapshot = snapshot.description
    self.manifest = manifest.hex
    self.entries = entries
    self.bytes = bytes
    self.volumes = volumes
    self.storedBytes = storedBytes
    self.findings = findings
    self.seconds = seconds
    self.destinations = destinations
  }
  enum CodingKeys: String, CodingKey {
    case set, `class`, mode, snapshot, manifest, entries, bytes, volumes, findings, seconds, destinations
    case storedBytes = "stored-bytes"
  }
}

/// The node looked and found the set as the last snapshot has it: a heartbeat.
public struct NothingChanged: Sendable, Equatable, Codable {
  public var set: String
  /// The snapshot that still holds.
  public var snapshot: String
  public init(set: String, snapshot: SnapshotID) {
    self.set = set
    self.snapshot = snapshot.description
  }
}

/// A run over one set that left no snapshot at any destination.
public struct RunFailed: Sendable, Equatable, Codable {
  public var set: String
  public var snapshot: String
  public var reason: String
  public var destinations: [DestinationOutcome]
  public init(set: String, snapshot: SnapshotID, reason: String, destinations: [DestinationOutcome]) {
    self.set = set
    self.snapshot = snapshot.description
    self.reason = reason
    self.destinations = destinations
  }
}

/// What was deleted of one set at one destination.
public struct Pruned: Sendable, Equatable, Codable {
  public var host: String
  public var set: String
  public var destination: String
  /// Ids of the snapshots that are no more.
  public var snapshots: [String]
  /// Objects that were deleted, manifests among them, and their bytes.
  public var objects: Int
  public var bytes: UInt64
  /// Whether everything that was planned is gone.
  public var complete: Bool

  public init(
    host: String, set: String, destination: String, snapshots: [SnapshotID], objects: Int, bytes: UInt64, complete: Bool
  ) {
    self.host = host
    self.set = set
    self.destination = destination
    self.snapshots = snapshots.map(\.description)
    self.objects = objects
    self.bytes = bytes
    self.complete = complete
  }
}

/// How far a verification goes; each level includes those before it.
public enum VerificationLevel: String, Sendable, Codable, CaseIterable, Comparable {
  /// Every object exists with its recorded size.
  case present
  /// Every stored byte has its recorded digest.
  case intact
  /// Every volume decrypts and unpacks, every file's digest matches.
  case readable
  /// The tree is restored to a scratch directory and compared.
  case restored

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }
}

/// What a verification came to.
public enum VerificationResult: String, Sendable, Codable {
  case sound
  /// Something is not what it should be; the findings say what.
  case damaged
  /// It could not be checked (no key, no connection): nothing is known.
  case unchecked
}

/// A verification of one snapshot at one destination.
public struct Verification: Sendable, Equatable, Codable {
  public var host: String
  public var set: String
  public var snapshot: String
  public var destination: String
  public var level: VerificationLevel
  public var result: VerificationResult
  /// Objects and bytes that were fetched or looked at.
  public var objects: Int
  public var bytes: UInt64
  public var seconds: Double
  /// Why nothing is known, where the result is `unchecked`.
  public var reason: String?
  /// At most `findingLimit` of them; `findingCount` counts all.
  public var findings: [Finding]
  public var findingCount: Int
  /// When the oldest of the proofs was made that it stands on (RFC 3339), where volumes had been proven before and were not
  /// read again; nil where everything was read.
  public var since: String?
  // Of the snapshot's manifest; nil in older records, and where it could not be opened.
  /// The class that the node gave the set.
  public var `class`: String?
  /// Whom the snapshot is encrypted to: fingerprints of primary keys.
  public var recipients: [String]?
  /// SHA-256 of the stored manifest.
  public var manifest: String?
  /// The private key that decrypted it: its primary key's fingerprint; nil also where gpg does not tell.
  public var key: String?
  /// Level `restored`, where it was sound: one digest of all files' names and contents; redoubt-catalog(5) tells which.
  public var content: String?
  /// How many findings a record lists at most.
  public static let findingLimit = 100

  public init(
    host: String, set: String, snapshot: String, destination: String, level: VerificationLevel,
    result: VerificationResult, objects: Int, bytes: UInt64, seconds: Double, reason: String? = nil,
    findings: [Finding] = [], findingCount: Int
  ) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
    self.destination = destination
    self.level = level
    self.result = result
    self.objects = objects
    self.bytes = bytes
    self.seconds = seconds
    self.reason = reason
    self.findings = Array(findings.prefix(Self.findingLimit))
    self.findingCount = findingCount
  }
  enum CodingKeys: String, CodingKey {
    case host, set, snapshot, destination, level, result, objects, bytes, seconds, reason, findings
    case since, `class`, recipients, manifest, key, content
    case findingCount = "finding-count"
  }
}
