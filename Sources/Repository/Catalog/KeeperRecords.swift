// What a keeper's catalog records beside verifications and deletions.

/// How far a node's catalog went at one destination when the keeper last looked: the pin that a later look is held to.
public struct Observation: Sendable, Equatable, Codable {
  public var host: String
  public var destination: String
  public var epoch: String
  /// Segments that were read and hold, from the first on without a gap.
  public var segments: Int
  /// Records in them; `head` is the SHA-256 of the last one's line (zeros where there is none).
  public var records: Int
  public var head: String
  /// SHA-256 of the last segment as it is stored; empty where there is none.
  public var segmentDigest: String
  public var findings: [Finding]

  public init(
    host: String, destination: String, epoch: String, segments: Int, records: Int, head: String, segmentDigest: String,
    findings: [Finding]
  ) {
    self.host = host
    self.destination = destination
    self.epoch = epoch
    self.segments = segments
    self.records = records
    self.head = head
    self.segmentDigest = segmentDigest
    self.findings = findings
  }

  enum CodingKeys: String, CodingKey {
    case host, destination, epoch, segments, records, head, findings
    case segmentDigest = "segment-digest"
  }
}

/// A person knows why a node began an epoch (a new disk, a restored image), and says so.
public struct Acknowledgement: Sendable, Equatable, Codable {
  public var host: String
  public var epoch: String
  public var by: String
  public var note: String

  public init(host: String, epoch: String, by: String, note: String) {
    self.host = host
    self.epoch = epoch
    self.by = by
    self.note = note
  }
}

/// A person has tested recovery of something that is kept offline, from paper or metal.
public struct Attestation: Sendable, Equatable, Codable {
  /// A class of the frequency table that is kept offline alone.
  public var `class`: String
  /// The node that it is about; left out where it is about all.
  public var host: String?
  public var by: String
  /// What was tested; never the secret itself.
  public var note: String

  public init(class: String, host: String?, by: String, note: String) {
    self.class = `class`
    self.host = host
    self.by = by
    self.note = note
  }
}

/// A restore drill: a snapshot was restored to scratch space, compared with its manifest, and checked by the operator's own
/// programs.
public struct Drill: Sendable, Equatable, Codable {
  /// Busy seconds of each phase. Downloading, decrypting and extracting run side by side on several threads, so that they
  /// add up to more than `restore`, the time that the tree took to be there.
  public struct Seconds: Sendable, Equatable, Codable {
    public var download = 0.0
    public var decrypt = 0.0
    public var extract = 0.0
    public var restore = 0.0
    public var compare = 0.0
    public var check = 0.0
    public init() {}
  }

  /// One program of the operator's.
  public struct Check: Sendable, Equatable, Codable {
    public var name: String
    public var passed: Bool
    /// How it ended, and what was wrong.
    public var ending: String
    public var seconds: Double
    /// The beginning of standard output and the end of standard error, as text.
    public var output: String
    public init(name: String, passed: Bool, ending: String, seconds: Double, output: String) {
      self.name = name
      self.passed = passed
      self.ending = ending
      self.seconds = seconds
      self.output = output
    }
  }

  public var host: String
  public var set: String
  public var snapshot: String
  public var destination: String
  public var result: VerificationResult
  /// Why nothing is known, where the result is `unchecked`.
  public var reason: String?
  /// Restored with `recover-1.sh` and standard tools alone.
  public var standardTools: Bool
  public var entries: Int
  /// Bytes of content of all files.
  public var bytes: UInt64
  /// Bytes that were fetched.
  public var fetched: UInt64
  /// Seconds from the snapshot's beginning to the drill's: what would have been lost (the recovery point).
  public var age: Int64
  public var seconds: Seconds
  public var checks: [Check]
  /// Who drilled and why, where a person did.
  public var by: String?
  public var note: String?
  public var findings: [Finding]
  public var findingCount: Int

  public init(_ verification: Verification, standardTools: Bool, by: String?, note: String?) {
    host = verification.host
    set = verification.set
    snapshot = verification.snapshot
    destination = verification.destination
    result = verification.result
    reason = verification.reason
    fetched = verification.bytes
    findings = verification.findings
    findingCount = verification.findingCount
    self.standardTools = standardTools
    self.by = by
    self.note = note
    entries = 0
    bytes = 0
    age = 0
    seconds = Seconds()
    checks = []
  }

  enum CodingKeys: String, CodingKey {
    case host, set, snapshot, destination, result, reason, entries, bytes, fetched, age, seconds, checks, by, note
    case findings
    case standardTools = "standard-tools"
    case findingCount = "finding-count"
  }
}

/// Whether this keeper notices damage: every kind was planted in a copy of a real snapshot.
public struct SelfTest: Sendable, Equatable, Codable {
  public struct Case: Sendable, Equatable, Codable {
    public var name: String
    /// The level of verification that promises to find it, or `catalog` or `freshness`.
    public var level: String
    public var found: Bool
    /// What was found.
    public var detail: String
    public init(name: String, level: String, found: Bool, detail: String) {
      self.name = name
      self.level = level
      self.found = found
      self.detail = detail
    }
  }
  public var host: String
  public var set: String
  public var snapshot: String
  public var destination: String
  public var cases: [Case]
  /// Whether everything was found.
  public var passed: Bool

  public init(host: String, set: String, snapshot: String, destination: String, cases: [Case]) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
    self.destination = destination
    self.cases = cases
    passed = !cases.isEmpty && cases.allSatisfy(\.found)
  }
}
