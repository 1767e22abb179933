public import Files

/// What is told about a run: neutral, so that both programs tell it alike.
public struct RunReport: Sendable, Equatable {
  /// `redoubt`, `redoubt-verify`.
  public var program: String
  public var version: String
  /// The command that ran: `backup`, `verify`.
  public var command: String
  /// Whose run it was: the node's name in storage, the keeper's machine.
  public var host: String
  public var started: Timestamp
  public var seconds = 0.0
  /// The process's exit code.
  public var exitStatus: Int32 = 0
  /// What that code says.
  public var meaning = ""
  /// Why the run ended early, and how to mend it; nil where it did not.
  public var reason: String?
  public var hint: String?
  /// Node: every configured set, whether this run was for it or not.
  public var sets: [SetReport] = []
  /// Keeper: what this run verified.
  public var verifications: [VerificationReport] = []
  /// Keeper: what is known of each set at each destination, from all runs.
  public var proofs: [ProofReport] = []
  /// Keeper: how everything stands after the run; nil where that could not be told.
  public var keeper: KeeperReport?
  /// Keeper: what was found wrong beside single snapshots, a line each.
  public var findings: [String] = []
  /// What is overdue now: names of sets, on the keeper `host/set`.
  public var overdue: [String] = []

  public init(program: String, version: String, command: String, host: String, started: Timestamp) {
    self.program = program
    self.version = version
    self.command = command
    self.host = host
    self.started = started
  }

  public var succeeded: Bool { exitStatus == 0 }
  public var ended: Timestamp { Timestamp(seconds: started.seconds + Int64(max(0, seconds).rounded())) }
}

/// A set: what this run did for it, and where it stands now.
public struct SetReport: Sendable, Equatable {
  /// What this run did.
  public struct Outcome: Sendable, Equatable {
    /// `stored`, `partial`, `unchanged`, `failed`.
    public var status: String
    public var snapshot: String
    public var seconds = 0.0
    public var amounts = Amounts()
    public var reason: String?
    public var hint: String?
    public var destinations: [Destination] = []

    public struct Destination: Sendable, Equatable {
      public var name: String
      public var stored: Bool
      public var error: String?
      public init(name: String, stored: Bool, error: String? = nil) {
        self.name = name
        self.stored = stored
        self.error = error
      }
    }

    public init(status: String, snapshot: String) {
      self.status = status
      self.snapshot = snapshot
    }
  }

  /// Of one snapshot.
  public struct Amounts: Sendable, Equatable {
    /// Files, folders and everything else that it holds.
    public var entries = 0
    /// Bytes of content that it holds, as they were read.
    public var readBytes: UInt64 = 0
    /// Bytes that its run added at each destination.
    public var storedBytes: UInt64 = 0
    /// Bytes that its run sent to all destinations together.
    public var sentBytes: UInt64 = 0
    /// What could not be backed up as it should.
    public var findings = 0
    public init() {}
  }

  /// Its last snapshot that at least one destination has.
  public struct Snapshot: Sendable, Equatable {
    public var id: String
    /// How long its run took.
    public var seconds: Double
    public var amounts: Amounts
    public init(id: String, seconds: Double, amounts: Amounts) {
      self.id = id
      self.seconds = seconds
      self.amounts = amounts
    }
  }

  public struct Place: Sendable, Equatable {
    /// The destination's name.
    public var name: String
    /// When it was last known to hold the set as it was; nil: never.
    public var lastSuccess: Timestamp?
    /// Runs since the catalog's beginning that did not reach it.
    public var failures = 0
    public init(name: String, lastSuccess: Timestamp? = nil, failures: Int = 0) {
      self.name = name
      self.lastSuccess = lastSuccess
      self.failures = failures
    }
  }

  public var name: String
  /// Its class in the frequency table.
  public var dataClass: String
  /// Nil where this run was not for it, or did not come to it.
  public var outcome: Outcome?
  public var lastSnapshot: Snapshot?
  public var places: [Place] = []
  /// When its next backup comes due, and from when on it is overdue; nil where that cannot be said.
  public var due: Timestamp?
  public var overdueFrom: Timestamp?
  public var isOverdue = false
  /// Whether the last run for it left nothing at any destination.
  public var hasFailed = false
  /// Runs since the catalog's beginning that left nothing at any destination.
  public var failures = 0
  /// Bytes that all runs since the catalog's beginning sent to all destinations together.
  public var totalSentBytes: UInt64 = 0

  public init(name: String, dataClass: String) {
    self.name = name
    self.dataClass = dataClass
  }
}

/// A verification of one snapshot at one destination.
public struct VerificationReport: Sendable, Equatable {
  public var host: String
  public var set: String
  public var snapshot: String
  public var destination: String
  /// `present`, `intact`, `readable`, `restored`.
  public var level: String
  /// `sound`, `damaged`, `unchecked`.
  public var result: String
  public var seconds = 0.0
  public var bytes: UInt64 = 0
  public var findings = 0
  public var reason: String?

  public init(host: String, set: String, snapshot: String, destination: String, level: String, result: String) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
    self.destination = destination
    self.level = level
    self.result = result
  }
}

/// What is known of a set at a destination, at one level.
public struct ProofReport: Sendable, Equatable {
  public var host: String
  public var set: String
  public var destination: String
  public var level: String
  /// When a snapshot was last proven sound at this level; nil: never.
  public var proven: Timestamp?
  /// When the newest snapshot that was proven had been made.
  public var newestProven: Timestamp?
  /// Snapshots that were found damaged, and neither found sound nor pruned since.
  public var damaged = 0
  /// Whether the last try could not check anything.
  public var isUnchecked = false
  /// How long the last verification took, and how many bytes it read.
  public var seconds = 0.0
  public var bytes: UInt64 = 0

  public init(host: String, set: String, destination: String, level: String) {
    self.host = host
    self.set = set
    self.destination = destination
    self.level = level
  }

  public var isSound: Bool { proven != nil && damaged == 0 }
}
