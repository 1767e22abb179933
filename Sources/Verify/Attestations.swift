public import Files
public import Policy
public import Repository

/// Where a class of data that only people can test stands.
public struct AttestationStatus: Sendable, Equatable {
  public var dataClass: String
  /// The node that it is about; nil where that was not said.
  public var host: String?
  /// The last time; nil for never.
  public var last: Attestation?
  public var time: Timestamp?
  /// When the next one is due; nil where there was none.
  public var dueFrom: Timestamp?
  /// When it is overdue: the class's grace after that.
  public var overdueFrom: Timestamp?
  /// Never attested, or longer ago than interval and grace; also where its date is later than now.
  public var isOverdue: Bool
}

extension Keeper {
  /// Records that a person has tested recovery of something that is never stored digitally.
  /// - Parameters:
  ///   - dataClass: a class that the table keeps offline, or `DataClass.keyRotation`: all keys were reviewed.
  ///   - host: the node that it is about; nil for all.
  ///   - note: what was tested. Never a seed phrase: what looks like one is refused.
  ///   - by: who did it.
  /// - Throws: `.notFound` for a class or a host that is none, and for words that cannot be taken.
  public func attest(
    _ dataClass: String, host: String?, note: String, by: String, table: FrequencyTable
  ) throws(VerifyError) {
    guard dataClass == DataClass.keyRotation || table[dataClass]?.isOffline == true else {
      let offline = table.classes.filter(\.isOffline).map(\.name).joined(separator: ", ")
      throw VerifyError(
        .notFound,
        table[dataClass] == nil
          ? "there is no class named \(dataClass)"
          : "class \(dataClass) is backed up: its copies are verified, not attested",
        hint: "what is kept offline alone is attested: \(offline); and \(DataClass.keyRotation), the review of all keys"
      )
    }
    if host != nil, dataClass == DataClass.keyRotation {
      throw VerifyError(.notFound, "the review of keys is about all of them, and not one node's")
    }
    if let host { _ = try places(SnapshotSelection(hosts: [host])) }
    try AttestationText.check(note: note, by: by)
    let state = try openState()
    try state.append(
      .attestation(Attestation(class: dataClass, host: host, by: by, note: note)), at: environment.clock())
  }

  /// How long ago each offline class was attested: for each node that was named, and for those that were not.
  public func attestations(_ table: FrequencyTable) throws(VerifyError) -> [AttestationStatus] {
    let now = environment.clock()
    let history = KeeperHistory(try KeeperState.records(in: configuration.state), now: now)
    return AttestationStatus.all(table, history.attestations, now: now)
  }
}

extension AttestationStatus {
  /// - Parameter attested: the last ones, by class and host.
  static func all(
    _ table: FrequencyTable, _ attested: [String: [String?: (Attestation, Timestamp)]], now: Timestamp
  ) -> [AttestationStatus] {
    var statuses: [AttestationStatus] = []
    for dataClass in table.classes where dataClass.isOffline {
      let last = attested[dataClass.name] ?? [:]
      if last.isEmpty { statuses.append(AttestationStatus(dataClass, nil, nil, now)) }
      for (host, known) in last.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
        statuses.append(AttestationStatus(dataClass, host, known, now))
      }
    }
    return statuses
  }
}

extension AttestationStatus {
  /// A record from later than this many seconds ahead was written under a wrong clock.
  static let clockTolerance: Int64 = 86400

  fileprivate init(_ dataClass: DataClass, _ host: String?, _ known: (Attestation, Timestamp)?, _ now: Timestamp) {
    self.dataClass = dataClass.name
    self.host = host
    last = known?.0
    time = known?.1
    guard let time = known?.1 else {
      isOverdue = true
      return
    }
    let due = Timestamp(seconds: time.seconds + dataClass.verificationInterval)
    let overdue = Timestamp(seconds: due.seconds + dataClass.grace)
    (dueFrom, overdueFrom) = (due, overdue)
    isOverdue = now > overdue || time.seconds(since: now) > Self.clockTolerance
  }
}

extension KeyRotation {
  /// As a class that people attest: when it was last reviewed, and whether that is due again.
  public var status: AttestationStatus {
    AttestationStatus(
      dataClass: DataClass.keyRotation, last: last, time: time, dueFrom: dueFrom, overdueFrom: dueFrom,
      isOverdue: isDue)
  }
}

/// What people write into a catalog that is kept for ever.
enum AttestationText {
  /// The words of the shortest seed phrase (BIP-39).
  private static let phraseLength = 12

  /// - Throws: `.notFound` for words that cannot be taken.
  static func check(note: String, by: String) throws(VerifyError) {
    for (name, text) in [("the note", note), ("the name", by)] {
      if let problem = problem(text) { throw VerifyError(.notFound, "\(name) \(problem.reason)", hint: problem.hint) }
    }
  }

  /// Why a text cannot be taken; nil where it can.
  static func problem(_ text: String) -> (reason: String, hint: String)? {
    if text.allSatisfy(\.isWhitespace) { return ("is empty", "say it in a few words: it is kept in the catalog") }
    if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      return ("has control characters in it", "write it on one line")
    }
    if looksLikeSeedPhrase(text) {
      return (
        "looks like a seed phrase, which must never be stored digitally",
        "say what was tested and how it went, in fewer plain words; never the phrase itself"
      )
    }
    return nil
  }

  /// Whether twelve words in a row are such as BIP-39's: three to eight letters of a to z, whatever stands between them
  /// and whatever their case.
  private static func looksLikeSeedPhrase(_ text: String) -> Bool {
    var run = 0
    for word in text.lowercased().split(whereSeparator: { !$0.isLetter }) {
      let isCandidate = (3...8).contains(word.utf8.count) && word.utf8.allSatisfy { $0 >= 97 && $0 <= 122 }
      run = isCandidate ? run + 1 : 0
      if run >= phraseLength { return true }
    }
    return false
  }
}
