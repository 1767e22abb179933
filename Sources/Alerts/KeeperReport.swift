public import Files

/// How everything stands that a keeper watches.
public struct KeeperReport: Sendable, Equatable {
  public struct KeyState: Sendable, Equatable {
    /// Of the primary key.
    public var fingerprint: String
    /// `recipient`, `signer`.
    public var use: String
    /// nil for never, and where the key is not known.
    public var expires: Timestamp?
    /// Neither expired nor revoked.
    public var isUsable: Bool
    /// Of a recipient: when its private key last opened something here.
    public var decrypted: Timestamp?

    public init(
      fingerprint: String, use: String, expires: Timestamp?, isUsable: Bool, decrypted: Timestamp? = nil
    ) {
      self.fingerprint = fingerprint
      self.use = use
      self.expires = expires
      self.isUsable = isUsable
      self.decrypted = decrypted
    }
  }

  /// From when on something is overdue unless it is done.
  public struct Deadline: Sendable, Equatable {
    public var host: String
    public var set: String
    /// nil where it is about all of them.
    public var destination: String?
    public var overdueFrom: Timestamp

    public init(host: String, set: String, destination: String? = nil, overdueFrom: Timestamp) {
      self.host = host
      self.set = set
      self.destination = destination
      self.overdueFrom = overdueFrom
    }
  }

  /// How many concerns there are, by severity.
  public var concerns: [String: Int] = [:]
  /// The last self-test, and whether it passed; nil where there was none.
  public var selfTest: Timestamp?
  public var selfTestPassed: Bool?
  /// When each node's catalog was last looked at; nil for never.
  public var observed: [String: Timestamp?] = [:]
  public var keys: [KeyState] = []
  public var proofs: [Deadline] = []
  public var drills: [Deadline] = []

  public init() {}
}

extension KeeperReport {
  /// - Parameter host: the keeper's machine.
  func add(to text: inout MetricsText, host: String) {
    for (severity, count) in concerns.sorted(by: { $0.key < $1.key }) {
      text.add(.concerns, [("host", host), ("severity", severity)], count)
    }
    text.add(.selfTest, [("host", host)], selfTest)
    text.add(.selfTestPassed, [("host", host)], selfTestPassed ?? false)
    for (node, time) in observed.sorted(by: { $0.key < $1.key }) { text.add(.observed, [("host", node)], time) }
    for key in keys {
      let labels = [("key", key.fingerprint), ("use", key.use)]
      if let expires = key.expires { text.add(.keyExpires, labels, expires) }
      text.add(.keyUsable, labels, key.isUsable)
      if key.use == "recipient" { text.add(.keyDecrypted, labels, key.decrypted) }
    }
    for proof in proofs {
      text.add(
        .proofOverdueFrom,
        [("host", proof.host), ("set", proof.set), ("destination", proof.destination ?? "")], proof.overdueFrom)
    }
    for drill in drills { text.add(.drillOverdueFrom, [("host", drill.host), ("set", drill.set)], drill.overdueFrom) }
  }
}
