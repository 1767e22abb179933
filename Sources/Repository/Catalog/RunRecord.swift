/// A run of the keeper that proved what was due: what it planned, what came of it, and what it left over.
public struct KeeperRun: Sendable, Equatable, Codable {
  /// Volumes, and manifests of snapshots, with their stored bytes.
  public struct Amount: Sendable, Equatable, Codable {
    public var objects: Int
    public var bytes: UInt64
    public init(objects: Int = 0, bytes: UInt64 = 0) {
      self.objects = objects
      self.bytes = bytes
    }
  }

  public var level: VerificationLevel
  /// `3/16`; nil where one keeper does all.
  public var shard: String?
  /// Bytes that the run was allowed to fetch; nil for any.
  public var budget: UInt64?
  /// What was due, what of it was proven, and what is still due.
  public var due: Amount
  public var proven: Amount
  public var left: Amount
  /// Bytes that were fetched in all, catalogs and the self-test's copy among them.
  public var fetched: UInt64
  public var drills: Int
  /// Verifications, proofs and drills that found damage, and places that could not be checked.
  public var damaged: Int
  public var unchecked: Int
  /// Whether the self-test passed; nil where none was needed.
  public var selfTest: Bool?
  /// Why it ended before its time.
  public var reason: String?
  public var seconds: Double

  public init(level: VerificationLevel, shard: String? = nil, budget: UInt64? = nil) {
    self.level = level
    self.shard = shard
    self.budget = budget
    due = Amount()
    proven = Amount()
    left = Amount()
    fetched = 0
    drills = 0
    damaged = 0
    unchecked = 0
    seconds = 0
  }

  enum CodingKeys: String, CodingKey {
    case level, shard, budget, due, proven, left, fetched, drills, damaged, unchecked, reason, seconds
    case selfTest = "self-test"
  }
}
