public import Files
public import Repository

/// What a keeper knows of all its nodes at a given time, and what of it is not as it should be.
///
/// Made of the keeper's own state and key ring alone: storage is not asked, nothing is changed. So it tells of what was
/// last seen; that nobody has looked for too long is itself a concern.
public struct KeeperOverview: Sendable, Equatable {
  public var time: Timestamp
  /// In the configuration's order.
  public var nodes: [NodeOverview]
  /// By host, in the configuration's order, and name.
  public var sets: [SetOverview]
  /// What is kept offline alone, and when people last tested recovery of it.
  public var attestations: [AttestationStatus]
  /// Whom any set's newest snapshot is encrypted to.
  public var recipients: [RecipientOverview]
  /// The keys that nodes' manifests are trusted from.
  public var signers: [SignerOverview]
  public var keyRotation: KeyRotation
  public var selfTest: SelfTestOverview
  /// The worst first.
  public var concerns: [Concern]

  /// Whether data or records are lost or changed.
  public var isDamaged: Bool { concerns.contains { $0.severity == .damage } }
  /// Whether an obligation was not met in time.
  public var isOverdue: Bool { concerns.contains { $0.severity == .overdue } }
  /// Whether there is something to be safe about, and nothing is wrong with it.
  public var isSafe: Bool { !sets.isEmpty && !isDamaged && !isOverdue }

  /// What is overdue, each once: `host/set`, a node's name, or what else it is about.
  public var overdueNames: [String] {
    var names: [String] = []
    for concern in concerns where concern.severity == .overdue {
      let name = [concern.host, concern.set].compactMap(\.self).joined(separator: "/")
      let subject = name.isEmpty ? concern.destination ?? concern.kind.rawValue : name
      if !names.contains(subject) { names.append(subject) }
    }
    return names
  }
}

/// A node of the configuration.
public struct NodeOverview: Sendable, Equatable {
  /// One of its destinations.
  public struct Place: Sendable, Equatable {
    public var destination: String
    /// When the node's catalog was last looked at here; nil for never.
    public var observed: Timestamp?
    /// Why the last try could not look; nil where it could.
    public var unchecked: String?
    /// What was found of the catalog and of the snapshots when it was last looked at, without epochs that a person has
    /// acknowledged since.
    public var findings: [Finding]
  }

  public var host: String
  public var places: [Place]
  /// When its catalog was last looked at, wherever; nil for never.
  public var observed: Timestamp?
  /// The time of its last record that the keeper has.
  public var lastRecord: Timestamp?
  public var records: Int
  /// What was found, and is at no destination alone.
  public var findings: [Finding]
}

/// Whether this keeper was shown to notice damage.
public struct SelfTestOverview: Sendable, Equatable {
  public var last: SelfTest?
  public var time: Timestamp?
  public var dueFrom: Timestamp?
  public var overdueFrom: Timestamp?
  /// A month, and a day more.
  public static let interval: Int64 = 31 * 86400
  public static let grace: Int64 = 86400
}
