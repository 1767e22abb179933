public import Files
public import Repository

/// Why the keeper could not do or could not check something. Damage is a finding, and an error only where it leaves
/// nothing to work on.
public struct VerifyError: Error, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    case locked
    /// Host, set, destination or snapshot that is not there, or a choice that is not clear.
    case notFound
    /// The keeper's state or catalog could not be used.
    case state
    /// The keyring, the agent or the private key.
    case keys
    case storage
    /// No destination has a sound manifest, and at least one has a damaged one.
    case damaged
    /// The target or scratch folder.
    case target
    case cancelled
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

/// What the keeper tells while it works.
public enum VerifyEvent: Sendable {
  case started(SnapshotReference, destination: String, volumes: Int, bytes: UInt64)
  /// Stored bytes and volumes done so far.
  case progress(volumes: Int, bytes: UInt64)
  case finding(Finding)
  case notice(String)
}

/// What the keeper takes from outside, so that tests can choose it.
public struct KeeperEnvironment: Sendable {
  public var clock: @Sendable () -> Timestamp
  public var isCancelled: @Sendable () -> Bool
  /// Called from several threads.
  public var observe: @Sendable (VerifyEvent) -> Void
  /// How many chunks of a snapshot are sorted in memory (64 bytes each); more are sorted on disk.
  public var chunksInMemory = 1 << 19

  public init(
    clock: @escaping @Sendable () -> Timestamp = { .now() },
    isCancelled: @escaping @Sendable () -> Bool = { false },
    observe: @escaping @Sendable (VerifyEvent) -> Void = { _ in }
  ) {
    self.clock = clock
    self.isCancelled = isCancelled
    self.observe = observe
  }
}

/// Which snapshot of which set of which host.
public struct SnapshotReference: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var host: String
  public var set: String
  public var snapshot: SnapshotID

  public init(host: String, set: String, snapshot: SnapshotID) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
  }

  public var description: String { "\(host)/\(set)/\(snapshot)" }

  public static func < (one: Self, other: Self) -> Bool {
    (one.host, one.set, one.snapshot) < (other.host, other.set, other.snapshot)
  }
}
