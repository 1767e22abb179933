public import Repository

/// What happened to a set on one day.
public struct DayReport: Sendable, Equatable {
  /// From the least to the most that can be said.
  public enum Backup: Int, Sendable, Comparable, CaseIterable {
    /// Before the set's first record, or in the future.
    case outside
    /// No run, and none was overdue.
    case none
    /// A run looked, and nothing had changed.
    case unchanged
    /// A run stored a snapshot at every destination.
    case made
    /// A run stored a snapshot, but not everywhere.
    case partial
    /// No run, or none that stored or looked, and the last success was older than interval and grace allow.
    case missed
    /// A run left nothing anywhere.
    case failed

    public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
  }

  public var backup = Backup.outside
  /// Bytes that the day's runs stored at each destination.
  public var stored: UInt64 = 0
  /// The highest level that a verification proved on this day.
  public var proven: VerificationLevel?
  /// Where it was proven, at whatever level.
  public var provenAt: Set<String> = []
  /// How many volumes runs of the keeper proved one by one.
  public var volumes = 0
  /// A verification found damage on this day.
  public var foundDamage = false
  /// Whether a restore was drilled: true where all drills of the day were sound.
  public var drill: Bool?

  public init() {}
}
