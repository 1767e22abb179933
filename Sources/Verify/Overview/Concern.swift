public import Files

/// Something that is not as it should be, or that nobody knows for too long.
public struct Concern: Sendable, Equatable {
  /// What it is about, the worst first.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    /// A stored snapshot is not what was stored, or a drill's check did not accept it.
    case damage
    /// A snapshot is gone, or the class asks for a copy at a kind of place that has none.
    case missing
    /// A node's catalog was cut, changed or not looked at, or nothing was ever seen of it.
    case catalog
    /// A backup is older than its class allows.
    case overdue
    /// A copy was never proven, not for too long, or only older ones were.
    case unproven
    /// No restore was rehearsed for too long, or the last rehearsal failed.
    case drill
    /// A set that was given up is backed up again.
    case retired
    /// A key has expired, was revoked, or nobody can show that it opens anything.
    case recipient
    /// Whether this keeper would notice damage was not shown for too long, or it would not.
    case selfTest = "self-test"
    /// Nobody has tested recovery of what is kept offline.
    case attestation

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }
  }

  /// How much it weighs.
  public enum Severity: String, Sendable, CaseIterable, Comparable {
    /// To be known; nothing is wrong because of it alone.
    case notice
    /// An obligation was not met in time, or nothing is known.
    case overdue
    /// Data or records were lost or changed.
    case damage

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    public static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }
  }

  public var kind: Kind
  public var severity: Severity
  /// Nil where it is about no node, set or destination alone.
  public var host: String?
  public var set: String?
  public var destination: String?
  /// The fingerprint of the primary key that it is about.
  public var key: String?
  /// Lowercase, without a full stop and without the place.
  public var text: String
  /// Since when it is so, as far as that is known.
  public var since: Timestamp?
  /// How to mend it, where that can be said.
  public var hint: String?

  public init(
    _ kind: Kind, _ severity: Severity, host: String? = nil, set: String? = nil, destination: String? = nil,
    key: String? = nil, _ text: String, since: Timestamp? = nil, hint: String? = nil
  ) {
    self.kind = kind
    self.severity = severity
    self.host = host
    self.set = set
    self.destination = destination
    self.key = key
    self.text = text
    self.since = since
    self.hint = hint
  }

  /// `peer-1/data at offsite`; empty where it is about no place.
  public var place: String {
    let name = [host, set].compactMap(\.self).joined(separator: "/")
    guard let destination else { return name }
    return name.isEmpty ? destination : "\(name) at \(destination)"
  }
}

extension [Concern] {
  /// The worst first; of equals the oldest.
  func sortedByWeight() -> [Concern] {
    sorted { one, other in
      if one.severity != other.severity { return one.severity > other.severity }
      if one.kind != other.kind { return one.kind < other.kind }
      if one.since != other.since { return (one.since?.seconds ?? .min) < (other.since?.seconds ?? .min) }
      return (one.place, one.text) < (other.place, other.text)
    }
  }
}
