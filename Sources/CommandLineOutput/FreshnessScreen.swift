public import Files
public import Policy
internal import Repository

/// How fresh all sets are, on one screen; the first line answers "am I safe?".
public struct FreshnessScreen: Sendable {
  public var frequencies: FrequencyTable
  public var sets: [SetFreshness]
  /// What the keeper told; nil where it did not.
  public var verifications: VerificationNotes?
  public var now: Timestamp

  public init(_ frequencies: FrequencyTable, _ sets: [SetFreshness], _ notes: VerificationNotes?, now: Timestamp) {
    self.frequencies = frequencies
    self.sets = sets
    verifications = notes
    self.now = now
  }

  /// A set's copy at one destination that is not as it should be.
  struct Trouble: Equatable {
    var text: String
    var since: Timestamp?
  }

  public var isSafe: Bool { !sets.isEmpty && troubles.isEmpty }
  public var copies: Int { sets.reduce(0) { $0 + $1.destinations.count } }
  public var overdue: Int { sets.flatMap(\.destinations).count { $0.timeliness.isOverdue } }

  var troubles: [Trouble] {
    sets.flatMap { set in
      set.destinations.flatMap { place -> [Trouble] in
        var troubles: [Trouble] = []
        let name = "\(set.set) at \(place.name)"
        switch place.timeliness {
        case .overdue: troubles.append(Trouble(text: "\(name) is overdue", since: place.overdueFrom))
        case .never: troubles.append(Trouble(text: "\(name) was never backed up"))
        case .inTime, .due, .late: break
        }
        if let note = note(set, place), note.isOverdue(set.dataClass, now: now) {
          troubles.append(
            note.result == .damaged
              ? Trouble(text: "\(name) is damaged, as the keeper found", since: note.time)
              : Trouble(text: "\(name) was not verified for \(age(note.time))"))
        }
        return troubles
      }
    }
  }

  private var answer: String {
    if sets.isEmpty { return "not safe: there is no set" }
    let troubles = troubles
    guard let first = troubles.first else {
      return copies == 1 ? "safe: the one copy is in time" : "safe: all \(copies) copies are in time"
    }
    let more = troubles.count > 1 ? ", and \(troubles.count - 1) more" : ""
    return "not safe: \(first.text)\(first.since.map { " since \($0.rfc3339)" } ?? "")\(more)"
  }

  // MARK: Text

  public func show(on output: Output) {
    output.line(output.paint(answer, isSafe ? .good : .bad))
    for dataClass in frequencies.classes {
      let members = sets.filter { $0.dataClass.name == dataClass.name }
      output.line()
      output.line("\(padded(dataClass.name, 20))  \(note(on: dataClass, members))")
      for set in members { show(set, output) }
    }
  }

  private func note(on dataClass: DataClass, _ members: [SetFreshness]) -> String {
    if dataClass.isOffline { return "offline; attested at the keeper" }
    let words = dataClass.frequency.rawValue.replacing("-", with: " ")
    return members.isEmpty ? "\(words); no set" : words
  }

  private func show(_ set: SetFreshness, _ output: Output) {
    var heading = "  \(set.set)"
    if let due = set.dueFrom {
      heading += set.isDue ? ": due since \(due.rfc3339)" : ": next due \(due.rfc3339)"
    }
    output.line(heading)
    let width = set.destinations.map(\.name.count).max() ?? 0
    for place in set.destinations {
      let state = output.paint(padded(place.timeliness.words, 13), place.timeliness.style)
      output.line("    \(padded(place.name, width))  \(state)  \(copy(set, place))")
      if let note = note(set, place) {
        output.line(
          "      verified \(note.level.rawValue): \(note.result.rawValue), \(age(note.time)) ago of "
            + "\(Amount.duration(Double(set.dataClass.verificationInterval)))")
      }
      if let error = place.lastError { output.line("      last run: \(error)") }
    }
    if let failure = set.lastFailure, let time = set.lastFailureTime {
      output.line("    " + output.paint("failed at \(time.rfc3339)", .bad) + ": \(failure.reason)")
    }
    if let future = set.futureRecord {
      output.line("    " + output.paint("its last record is dated \(future.rfc3339), later than now", .bad))
    }
  }

  private func copy(_ set: SetFreshness, _ place: DestinationFreshness) -> String {
    guard let last = place.lastSuccess else { return place.snapshot ?? "no snapshot" }
    var text = "\(place.snapshot ?? "?"), \(age(last)) ago"
    if let allowed = set.dataClass.allowance { text += " of \(Amount.duration(Double(allowed)))" }
    if place.timeliness == .overdue, let since = place.overdueFrom { text += ", since \(since.rfc3339)" }
    return text
  }

  private func note(_ set: SetFreshness, _ place: DestinationFreshness) -> VerificationNotes.Note? {
    verifications?.last(of: set.set, at: place.name)
  }

  private func age(_ time: Timestamp) -> String { Amount.duration(Double(max(0, now.seconds(since: time)))) }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  // MARK: JSON

  public func report(on output: Output) {
    for dataClass in frequencies.classes {
      output.event(
        "class",
        [
          .init("class", .string(dataClass.name)), .init("back-up", .string(dataClass.frequency.rawValue)),
          .init("offline", .boolean(dataClass.isOffline)),
          .init("sets", JSONValue(sets.filter { $0.dataClass.name == dataClass.name }.map(\.set))),
        ])
    }
    for set in sets { output.event("set", members(set)) }
  }

  private func members(_ set: SetFreshness) -> [JSONValue.Member] {
    [
      .init("set", .string(set.set)), .init("class", .string(set.dataClass.name)),
      .init("timeliness", .string(set.timeliness.rawValue)), .init("due", .boolean(set.isDue)),
      .init("due-from", JSONValue(set.dueFrom?.rfc3339)),
      .init("snapshot", JSONValue(set.lastSnapshot?.snapshot)),
      .init("last-success", JSONValue(set.lastSuccess?.rfc3339)),
      .init("last-attempt", JSONValue(set.lastAttempt?.rfc3339)),
      .init("last-failure", JSONValue(set.lastFailure?.reason)),
      .init("last-failure-time", JSONValue(set.lastFailureTime?.rfc3339)),
      .init("future-record", JSONValue(set.futureRecord?.rfc3339)),
      .init("destinations", .array(set.destinations.map { .object(members(set, $0)) })),
    ]
  }

  private func members(_ set: SetFreshness, _ place: DestinationFreshness) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("name", .string(place.name)), .init("timeliness", .string(place.timeliness.rawValue)),
      .init("snapshot", JSONValue(place.snapshot)), .init("last-success", JSONValue(place.lastSuccess?.rfc3339)),
      .init("age", place.lastSuccess.map { JSONValue(now.seconds(since: $0)) } ?? .null),
      .init("allowed-age", set.dataClass.allowance.map { JSONValue($0) } ?? .null),
      .init("due-from", JSONValue(place.dueFrom?.rfc3339)),
      .init("overdue-from", JSONValue(place.overdueFrom?.rfc3339)),
      .init("last-error", JSONValue(place.lastError)),
    ]
    if let note = note(set, place) {
      members.append(
        .init(
          "verification",
          .object([
            .init("snapshot", .string(note.snapshot)), .init("level", .string(note.level.rawValue)),
            .init("result", .string(note.result.rawValue)), .init("time", .string(note.time.rfc3339)),
            .init("overdue", .boolean(note.isOverdue(set.dataClass, now: now))),
          ])))
    }
    return members
  }
}

extension DataClass {
  /// Seconds that a copy may be old: the interval and the grace; nil for what is backed up once.
  var allowance: Int64? { frequency.interval.map { $0 + grace } }
}

extension Timeliness {
  var words: String {
    switch self {
    case .inTime: "in time"
    case .due: "due"
    case .late: "late"
    case .overdue: "overdue"
    case .never: "not backed up"
    }
  }

  var style: Style {
    switch self {
    case .inTime: .good
    case .due, .late: .doubtful
    case .overdue, .never: .bad
    }
  }
}
