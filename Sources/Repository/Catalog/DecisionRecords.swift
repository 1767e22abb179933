// What a person has decided, and the keeper holds no more against anybody: until it is taken back, or something new comes.

/// A set is given up: nothing more is asked of it. What is stored of it stays.
public struct Retirement: Sendable, Equatable, Codable {
  public var host: String
  public var set: String
  public var by: String
  public var note: String
  /// Whether this takes an earlier one back.
  public var undone: Bool

  public init(host: String, set: String, by: String, note: String, undone: Bool = false) {
    self.host = host
    self.set = set
    self.by = by
    self.note = note
    self.undone = undone
  }
}

/// What is damaged of a snapshot at a destination, or that it is gone, is known to a person who will not mend it.
public struct DamageAcknowledgement: Sendable, Equatable, Codable {
  public var host: String
  public var set: String
  public var snapshot: String
  public var destination: String
  public var by: String
  public var note: String
  /// What was known then, and is acknowledged; at most `Verification.findingLimit` of them, `findingCount` counts all.
  public var findings: [Finding]
  public var findingCount: Int
  /// Whether this takes an earlier one back.
  public var undone: Bool

  public init(
    host: String, set: String, snapshot: String, destination: String, by: String, note: String, findings: [Finding],
    findingCount: Int, undone: Bool = false
  ) {
    self.host = host
    self.set = set
    self.snapshot = snapshot
    self.destination = destination
    self.by = by
    self.note = note
    self.findings = Array(findings.prefix(Verification.findingLimit))
    self.findingCount = findingCount
    self.undone = undone
  }

  enum CodingKeys: String, CodingKey {
    case host, set, snapshot, destination, by, note, findings, undone
    case findingCount = "finding-count"
  }

  /// Whether the snapshot is gone: it, or its manifest, without which there is none.
  public var isOfLoss: Bool {
    let name = "\(set)/\(snapshot)"
    return findings.contains {
      $0.code == .missing && ($0.path == name || $0.path == "\(name)/manifest.tar.zst.gpg")
    }
  }

  /// Whether what was found is no more than what is acknowledged: no object that was not among it is damaged, none in
  /// another way. That files are not what they were is nothing new where an object with parts of them is known to be lost.
  /// - Parameters:
  ///   - found: as a record lists them.
  ///   - count: how many there are in all.
  public func covers(_ found: [Finding], count: Int) -> Bool {
    let isOfObjects = findings.contains(where: \.isOfStoredObject)
    let isLoss = isOfLoss
    // Where not all of them are listed, their number has to say it.
    if count > found.count, count > findingCount { return false }
    return found.allSatisfy { finding in
      if findings.contains(where: { $0.code == finding.code && $0.path == finding.path }) { return true }
      if isLoss, finding.code == .missing { return true }
      return !finding.isOfStoredObject && isOfObjects
    }
  }
}

extension Finding {
  /// Whether it is about an object as it is stored, and not about what is in it.
  fileprivate var isOfStoredObject: Bool {
    switch code {
    case .contentMismatch, .entryMissing, .entryUnexpected, .metadataMismatch, .notRestored, .checkFailed: false
    default: true
    }
  }
}
