public import Files
public import Repository

/// Damage at a destination that a person has acknowledged, and that nothing new or sound came after.
public struct AcknowledgedDamage: Sendable, Equatable {
  public var snapshot: String
  /// When it was acknowledged.
  public var time: Timestamp
  public var by: String
  public var note: String
  /// What was known then; at most what a record holds.
  public var findings: [Finding]
  public var findingCount: Int

  init(_ record: DamageAcknowledgement, at time: Timestamp) {
    snapshot = record.snapshot
    self.time = time
    by = record.by
    note = record.note
    findings = record.findings
    findingCount = record.findingCount
  }
}

/// That a set is given up.
public struct RetirementNote: Sendable, Equatable {
  public var time: Timestamp
  public var by: String
  public var note: String
  /// When it was last backed up, or looked at, since; nil where it was not.
  public var resumed: Timestamp?

  init(_ record: Retirement, at time: Timestamp) {
    self.time = time
    by = record.by
    note = record.note
  }
}

/// The damage of one place that people have acknowledged, record by record.
struct DamageAcknowledgements: Sendable {
  private(set) var open: [String: (record: DamageAcknowledgement, time: Timestamp)] = [:]

  mutating func take(_ it: DamageAcknowledgement, at time: Timestamp) {
    open[it.snapshot] = it.undone ? nil : (it, time)
  }

  /// Takes what was found of a snapshot later: what is new ends the acknowledgement.
  /// - Returns: whether all of it is acknowledged.
  mutating func take(damage findings: [Finding], count: Int, of snapshot: String) -> Bool {
    guard let known = open[snapshot] else { return false }
    if known.record.covers(findings, count: count) { return true }
    open[snapshot] = nil
    return false
  }

  /// A snapshot is sound again, or is no more.
  mutating func end(_ snapshot: String) { open[snapshot] = nil }

  /// Whether it is acknowledged that a snapshot is gone.
  func isLoss(_ snapshot: String) -> Bool { open[snapshot]?.record.isOfLoss ?? false }
}

/// A set of a node, whatever its destination.
struct SetName: Hashable, Sendable {
  var host: String
  var set: String
}

/// The sets that people have retired, record by record.
struct Retirements: Sendable {
  private(set) var notes: [SetName: RetirementNote] = [:]

  mutating func take(_ it: Retirement, at time: Timestamp) {
    notes[SetName(host: it.host, set: it.set)] = it.undone ? nil : RetirementNote(it, at: time)
  }

  subscript(_ host: String, _ set: String) -> RetirementNote? { notes[SetName(host: host, set: set)] }
}
