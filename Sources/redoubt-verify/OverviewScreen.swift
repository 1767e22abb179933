import CommandLineOutput
import Files
import Policy
import Repository
import Verify

/// What a keeper knows, on one screen; the first line answers "am I safe?".
struct OverviewScreen {
  let overview: KeeperOverview
  let frequencies: FrequencyTable

  init(_ overview: KeeperOverview, _ frequencies: FrequencyTable) {
    self.overview = overview
    self.frequencies = frequencies
  }

  private var lines: FreshnessLines { FreshnessLines(now: overview.time) }
  private func age(_ time: Timestamp) -> String { lines.age(time) }

  private var answer: String {
    let wrong = overview.concerns.filter { $0.severity > .notice }
    if let first = wrong.first {
      let place = first.place.isEmpty ? "" : "\(first.place): "
      let since = first.since.map { ", since \($0.rfc3339)" } ?? ""
      return "not safe: \(place)\(first.text)\(since)" + (wrong.count > 1 ? "; and \(wrong.count - 1) more" : "")
    }
    if overview.sets.isEmpty { return "not safe: no set of any node was ever seen" }
    let sets = overview.sets.filter { $0.retired == nil }
    if sets.isEmpty { return "nothing is asked for: every set is retired" }
    let places = sets.flatMap(\.places).filter(\.isCurrent)
    let unproven = places.count { $0.standing == .notYet }
    let copies = places.count == 1 ? "the one copy is in time" : "all \(places.count) copies are in time"
    switch unproven {
    case 0: return "safe: \(copies), and proven as often as asked for"
    case places.count: return "safe so far: \(copies), and not proven yet"
    default: return "safe so far: \(copies), and \(unproven) of them not proven yet"
    }
  }

  func show(on output: Output) {
    output.line(output.paint(answer, overview.isSafe ? .good : .bad))
    showConcerns(output)
    for dataClass in frequencies.classes {
      let members = overview.sets.filter { $0.isKnownClass && $0.dataClass.name == dataClass.name }
      output.line()
      output.line("\(lines.padded(dataClass.name, 20))  \(note(on: dataClass, members))")
      for status in overview.attestations where status.dataClass == dataClass.name { show(status, output) }
      for set in members { show(set, output) }
    }
    let others = overview.sets.filter { !$0.isKnownClass }
    if !others.isEmpty {
      output.line()
      output.line("of classes that the keeper's table does not have")
      for set in others { show(set, output) }
    }
    output.line()
    for node in overview.nodes { show(node, output) }
    KeyScreen(overview).showRecipients(output)
    showSelfTest(output)
  }

  private func showConcerns(_ output: Output) {
    for group in overview.concerns.grouped {
      let concern = group.first
      let style: Style = concern.severity == .notice ? .doubtful : .bad
      let place = concern.place.isEmpty ? "" : "\(concern.place): "
      let since = concern.since.map { ", since \($0.rfc3339)" } ?? ""
      output.line(
        "  \(output.paint(lines.padded(concern.kind.rawValue, 11), style)) \(place)\(concern.text)\(since)",
        about: Subject(host: concern.host, set: concern.set, destination: concern.destination))
      if let hint = concern.hint { output.line("              hint: \(hint)") }
      if !group.alike.isEmpty { output.line("              and \(group.alike.count) alike: \(group.places)") }
    }
  }

  private func note(on dataClass: DataClass, _ members: [SetOverview]) -> String {
    let proof = Quantity.text(dataClass.verificationInterval)
    if dataClass.isOffline { return "offline; tested by a person each \(proof)" }
    let words = dataClass.frequency.rawValue.replacing("-", with: " ")
    let drill = dataClass.drillInterval.map { ", a drill each \(Quantity.text($0))" } ?? ""
    return "\(words), a proof each \(proof)\(drill)" + (members.isEmpty ? "; no set" : "")
  }

  private func show(_ status: AttestationStatus, _ output: Output) {
    let host = status.host.map { "\($0): " } ?? ""
    guard let time = status.time, let last = status.last, let due = status.dueFrom else {
      output.line("  \(host)\(output.paint("never tested", .bad))")
      return
    }
    let state = status.isOverdue ? output.paint("overdue", .bad) + ", " : ""
    output.line("  \(host)\(state)tested \(age(time)) ago by \(last.by), next due \(due.rfc3339)")
  }

  private func show(_ set: SetOverview, _ output: Output) {
    if let retired = set.retired {
      output.line("  \(set.name): retired at \(retired.time.rfc3339) by \(retired.by): \(retired.note)")
    } else {
      output.line("  \(lines.heading(set.name, set.freshness))")
    }
    for place in set.places {
      if set.retired != nil {
        output.line("    \(place.destination)  \(place.newestSnapshot ?? "no snapshot")")
      } else if let fresh = set.freshness.destinations.first(where: { $0.name == place.destination }) {
        output.line("    \(lines.line(fresh, of: set.freshness, output))")
      } else {
        let use = place.isCurrent ? "as it was listed or verified" : "no longer used"
        output.line("    \(place.destination)  \(place.newestSnapshot ?? "no snapshot") (\(use))")
      }
      output.line("      " + proof(place, set, output))
      if let count = place.snapshots, let bytes = place.storedBytes, let time = place.listed {
        output.line("      \(count) snapshots, \(Amount.bytes(bytes)), as listed \(age(time)) ago")
      }
    }
    if set.retired == nil { lines.showTrouble(of: set.freshness, output) }
    if let drill = set.lastDrill {
      let style: Style = drill.result == .sound ? .good : .bad
      let next = set.drillDue.map { ", next due \($0.rfc3339)" } ?? ""
      output.line(
        "    drill at \(drill.destination) \(age(drill.time)) ago: \(output.paint(drill.result.rawValue, style))"
          + ", restored in \(Amount.duration(drill.seconds))\(next)")
    } else if let due = set.drillDue {
      output.line("    never drilled; due \(due.rfc3339)")
    }
  }

  private func proof(_ place: PlaceOverview, _ set: SetOverview, _ output: Output) -> String {
    if let damaged = place.damaged.last {
      let count = place.damaged.count
      return output.paint(count == 1 ? "damaged" : "\(count) damaged", .bad)
        + ": \(damaged.snapshot), found at level \(damaged.level.rawValue)"
    }
    if !place.isWatched { return "not read by this keeper" }
    if place.standing == .none {
      return place.newestProven.map { "proven \($0.level.rawValue) \(age($0.time)) ago, of \($0.snapshot)" }
        ?? "no proof is asked for"
    }
    guard let proof = place.newestProven else {
      let style: Style = place.standing == .notYet ? .doubtful : .bad
      return output.paint("not proven yet", style)
    }
    let interval = Amount.duration(Double(set.dataClass.verificationInterval))
    let state: String =
      switch place.standing {
      case .due: output.paint("due again", .doubtful) + ": "
      case .overdue: output.paint("overdue", .bad) + ": "
      default: ""
      }
    let newer = place.unprovenSince.map { "; newer ones since \(age($0))" } ?? ""
    return "\(state)proven \(proof.level.rawValue) \(age(proof.time)) ago of \(interval), of \(proof.snapshot)\(newer)"
  }

  private func show(_ node: NodeOverview, _ output: Output) {
    let look = node.observed.map { "catalogs looked at \(age($0)) ago" } ?? "catalogs never looked at"
    let last = node.lastRecord.map { ", \(node.records) records, the last \(age($0)) ago" } ?? ""
    output.line("\(node.host): \(look)\(last)")
  }

  private func showSelfTest(_ output: Output) {
    guard let test = overview.selfTest.last, let time = overview.selfTest.time else {
      output.line("self-test: never run")
      return
    }
    let state = test.passed ? output.paint("passed", .good) : output.paint("FAILED", .bad)
    output.line("self-test: \(state) \(age(time)) ago, \(test.cases.count) kinds of damage")
  }
}
