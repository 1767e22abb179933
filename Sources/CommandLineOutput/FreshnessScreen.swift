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
              : Trouble(text: "\(name) was not verified for \(lines.age(note.time))"))
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
      output.line("\(lines.padded(dataClass.name, 20))  \(note(on: dataClass, members))")
      for set in members { show(set, output) }
    }
  }

  private func note(on dataClass: DataClass, _ members: [SetFreshness]) -> String {
    if dataClass.isOffline { return "offline; attested at the keeper" }
    let words = dataClass.frequency.rawValue.replacing("-", with: " ")
    return members.isEmpty ? "\(words); no set" : words
  }

  private func show(_ set: SetFreshness, _ output: Output) {
    output.line("  \(lines.heading(set.set, set))")
    for place in set.destinations {
      output.line("    \(lines.line(place, of: set, output))")
      if let note = note(set, place) {
        output.line(
          "      verified \(note.level.rawValue): \(note.result.rawValue), \(lines.age(note.time)) ago of "
            + "\(Amount.duration(Double(set.dataClass.verificationInterval)))")
      }
      if let error = place.lastError { output.line("      last run: \(error)") }
    }
    lines.showTrouble(of: set, output)
  }

  private var lines: FreshnessLines { FreshnessLines(now: now) }

  private func note(_ set: SetFreshness, _ place: DestinationFreshness) -> VerificationNotes.Note? {
    verifications?.last(of: set.set, at: place.name)
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
    lines.members(set) { place in
      guard let note = note(set, place) else { return [] }
      return [
        .init(
          "verification",
          .object([
            .init("snapshot", .string(note.snapshot)), .init("level", .string(note.level.rawValue)),
            .init("result", .string(note.result.rawValue)), .init("time", .string(note.time.rfc3339)),
            .init("overdue", .boolean(note.isOverdue(set.dataClass, now: now))),
          ]))
      ]
    }
  }
}
