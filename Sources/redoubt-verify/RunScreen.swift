import CommandLineOutput
import Files
import JSON
import Policy
import Repository
import Verify

/// A run for people and for programs.
struct RunScreen {
  private let report: RunReport
  /// What the keeper knows after the run, of what the run was about.
  private let overview: KeeperOverview?
  private let now: Timestamp

  init(_ report: RunReport, now: Timestamp) {
    self.report = report
    overview = report.overview
    self.now = now
  }

  // MARK: Before

  func showPlan(_ output: Output) {
    showCatalogs(output)
    let due = report.plan.reduce(into: KeeperRun.Amount()) { sum, place in
      sum.objects += place.due.objects
      sum.bytes += place.due.bytes
    }
    if report.plan.isEmpty {
      output.line("nothing is due to be proven")
    } else {
      output.line(
        "due: \(due.objects) volumes and manifests, \(Amount.bytes(due.bytes)), of \(count(report.plan.count, "set")) "
          + "at their destinations")
    }
    for place in report.plan {
      output.line(
        "  \(place.place): \(Amount.bytes(place.due.bytes)), \(count(place.snapshots, "snapshot")), "
          + "unproven since \(place.oldest?.rfc3339 ?? "ever")")
      output.event("due", members(place))
    }
    for drill in report.drillPlan {
      output.line("due: a drill of \(drill.place), the last \(drill.last.map { "on \($0.rfc3339)" } ?? "never")")
      output.event("due-drill", members(drill))
    }
    showPace(output)
  }

  private func showCatalogs(_ output: Output) {
    for observation in report.observations {
      for (destination, finding) in observation.findings {
        output.error(
          text(observation.host, destination, finding),
          about: Subject(host: observation.host, destination: destination.isEmpty ? nil : destination))
      }
    }
    for (place, reason) in report.unchecked { output.error("\(place): not checked: \(reason)") }
  }

  /// What is wrong with nodes' catalogs, as lines.
  var catalogFindings: [String] {
    report.observations.flatMap { observation in
      observation.findings.map { text(observation.host, $0.destination, $0.finding) }
    }
  }

  private func text(_ host: String, _ destination: String, _ finding: Finding) -> String {
    "\(host)\(destination.isEmpty ? "" : " at \(destination)"): \(finding.code.rawValue): \(finding.path) \(finding.detail)"
  }

  private func showPace(_ output: Output) {
    guard let pace = report.pace else { return }
    let interval = Quantity.text(pace.interval)
    let sum =
      "\(Amount.bytes(pace.needed)) are due every \(interval), and the budget gives \(Amount.bytes(pace.given)) "
      + "(\(Amount.bytes(pace.budget)) a run, a run every \(Amount.duration(Double(pace.cadence))))"
    if !pace.keepsUp {
      let reason =
        pace.short > 0 ? "\(Amount.bytes(pace.short)) short" : "the largest volume takes \(Amount.bytes(pace.largest))"
      output.warning(
        "the budget does not keep up: \(sum): \(reason)",
        hint: "a budget of \(Amount.bytes(pace.sufficient)) a run would keep up")
    } else {
      output.line("the budget keeps up: \(sum)")
    }
    output.event(
      "pace",
      [
        .init("interval", JSONValue(pace.interval)), .init("needed", JSONValue(pace.needed)),
        .init("given", JSONValue(pace.given)), .init("short", JSONValue(pace.short)),
        .init("sufficient", JSONValue(pace.sufficient)), .init("largest", JSONValue(pace.largest)),
        .init("cadence", JSONValue(pace.cadence)),
      ])
  }

  // MARK: After

  func showResults(_ output: Output) {
    showSelfTest(output)
    for drill in report.drills { DrillReport(drill).show(output) }
    let drilled = Set(
      report.drills.map { "\($0.drill.host)/\($0.drill.set)/\($0.drill.snapshot)/\($0.drill.destination)" })
    for it in report.verifications {
      let isOfDrill = it.level == .restored && drilled.contains("\(it.host)/\(it.set)/\(it.snapshot)/\(it.destination)")
      if !isOfDrill { output.show(it, isAcknowledged: isAcknowledged(it)) }
    }
    for proof in report.proofs { show(proof, output) }
    for (place, snapshot, damage) in openDamage {
      output.error(
        "\(place.host)/\(place.set)/\(snapshot) at \(place.destination) is damaged, as was found on "
          + damage.time.rfc3339 + (damage.finding.map { ": \($0.code.rawValue): \($0.path): \($0.detail)" } ?? ""),
        about: Subject(host: place.host, set: place.set, snapshot: snapshot, destination: place.destination))
    }
    let run = report.run
    output.line(
      "proven \(run.proven.objects) volumes and manifests, \(Amount.bytes(run.proven.bytes)); fetched "
        + "\(Amount.bytes(run.fetched)) in \(Amount.duration(run.seconds))")
    showLeft(output)
    if let reason = run.reason { output.error("the run ended early: \(reason)") }
  }

  private func showSelfTest(_ output: Output) {
    switch report.selfTest {
    case .notNeeded: break
    case .passed(let test): output.line("self-test passed: \(test.cases.count) kinds of damage were planted and found")
    case .failed(let test):
      for each in test.cases where !each.found {
        output.error("self-test: \(each.name) was not found: \(each.detail)")
      }
      output.error(
        "nothing was verified: this keeper would not notice damage",
        hint: "redoubt-verify self-test shows more; do not rely on its results until all is found")
    case .impossible(let reason):
      output.error(
        "nothing was verified, because no self-test could be done: \(reason)",
        hint: "redoubt-verify self-test --host and --set choose another snapshot")
    }
  }

  private func show(_ proof: Proof, _ output: Output) {
    output.line(
      "\(proof.host)/\(proof.set) at \(proof.destination): \(proof.level.rawValue): "
        + "\(count(proof.volumes.count, "volume")) proven (\(Amount.bytes(proof.bytes)))",
      about: Subject(host: proof.host, set: proof.set, destination: proof.destination))
    output.event(
      "proof",
      [
        .init("host", .string(proof.host)), .init("set", .string(proof.set)),
        .init("destination", .string(proof.destination)), .init("level", .string(proof.level.rawValue)),
        .init("volumes", .array(proof.volumes.texts.map { .string($0) })), .init("objects", JSONValue(proof.objects)),
        .init("bytes", JSONValue(proof.bytes)),
      ])
  }

  private func showLeft(_ output: Output) {
    for drill in report.drillsLeft {
      output.line("left over: a drill of \(drill.place), the last \(drill.last.map { "on \($0.rfc3339)" } ?? "never")")
    }
    guard let oldest = report.left.min(by: { ($0.oldest ?? now) < ($1.oldest ?? now) }) else {
      if report.drillsLeft.isEmpty { output.line("nothing is left over") }
      return
    }
    let age = oldest.oldest.map { Amount.duration(Double(max(0, now.seconds(since: $0)))) } ?? "?"
    output.line(
      "left over: \(report.run.left.objects) volumes and manifests, \(Amount.bytes(report.run.left.bytes)), of "
        + "\(count(report.left.count, "set")) at their destinations; the oldest proof is \(age) old (\(oldest.place))")
    for place in report.left { output.event("left", members(place)) }
  }

  /// "Verified an old backup" must never read as safe: what is stale, missing or unproven is told beside what was proven.
  func showConcerns(_ output: Output) {
    for concern in overview?.concerns ?? [] { output.event("concern", concern.members) }
    for group in overview?.concerns.grouped ?? [] {
      let concern = group.first
      let alike = group.alike.isEmpty ? "" : "; and \(group.alike.count) alike: \(group.places)"
      let text = (concern.place.isEmpty ? "" : "\(concern.place): ") + concern.text + alike
      let subject = Subject(host: concern.host, set: concern.set, destination: concern.destination)
      switch concern.severity {
      case .damage: output.error(text, hint: concern.hint, about: subject)
      case .overdue: output.error(text, hint: concern.hint, about: subject)
      case .notice: output.warning(text, hint: concern.hint, about: subject)
      }
    }
  }

  // MARK: Together

  /// Damage weighs more than what is stale, and that more than what could not be done; but where this keeper might not
  /// notice damage, nothing else that it says counts.
  var status: ExitStatus {
    let isDamaged =
      !openDamage.isEmpty || report.drills.contains { $0.drill.result == .damaged }
      || report.verifications.contains { $0.result == .damaged && !isAcknowledged($0) }
    if isDamaged || overview?.isDamaged == true || catalogStatus == .damaged { return .damaged }
    if !isTested { return .failed }
    if overview?.isOverdue == true { return .overdue }
    return report.unchecked.isEmpty && report.run.reason == nil ? .done : .failed
  }

  /// What nobody has acknowledged.
  private var openDamage: [(place: Ledger.Place, snapshot: String, damage: Ledger.Damage)] {
    report.damage.filter { !$0.damage.isAcknowledged }
  }

  private func isAcknowledged(_ it: Verification) -> Bool {
    let place = Ledger.Place(host: it.host, set: it.set, destination: it.destination)
    return it.result == .damaged
      && report.damage.contains { $0.place == place && $0.snapshot == it.snapshot && $0.damage.isAcknowledged }
  }

  /// What the nodes' catalogs alone say.
  var catalogStatus: ExitStatus {
    !catalogFindings.isEmpty ? .damaged : report.unchecked.isEmpty ? .done : .failed
  }

  private var isTested: Bool {
    switch report.selfTest {
    case .failed, .impossible: false
    case .passed, .notNeeded: true
    }
  }

  var summary: [JSONValue.Member] {
    let run = report.run
    return [
      .init("due", members(run.due)), .init("proven", members(run.proven)), .init("left", members(run.left)),
      .init("fetched", JSONValue(run.fetched)), .init("drills", JSONValue(report.drills.count)),
      .init("drills-left", JSONValue(report.drillsLeft.count)), .init("damaged", JSONValue(openDamage.count)),
      .init("concerns", JSONValue(overview?.concerns.count ?? 0)),
      .init("catalog-findings", JSONValue(catalogFindings.count)),
      .init("unchecked", JSONValue(report.unchecked.count)),
      .init("self-test", selfTest), .init("seconds", JSONValue(run.seconds)), .init("reason", JSONValue(run.reason)),
    ]
  }

  private var selfTest: JSONValue {
    switch report.selfTest {
    case .notNeeded: "not-needed"
    case .passed: "passed"
    case .failed: "failed"
    case .impossible: "impossible"
    }
  }

  private func members(_ amount: KeeperRun.Amount) -> JSONValue {
    .object([.init("objects", JSONValue(amount.objects)), .init("bytes", JSONValue(amount.bytes))])
  }

  private func members(_ place: DuePlace) -> [JSONValue.Member] {
    [
      .init("host", .string(place.place.host)), .init("set", .string(place.place.set)),
      .init("destination", .string(place.place.destination)), .init("objects", JSONValue(place.due.objects)),
      .init("bytes", JSONValue(place.due.bytes)), .init("snapshots", JSONValue(place.snapshots)),
      .init("oldest", JSONValue(place.oldest?.rfc3339)),
    ]
  }

  private func members(_ drill: DueDrill) -> [JSONValue.Member] {
    [
      .init("host", .string(drill.place.host)), .init("set", .string(drill.place.set)),
      .init("destination", .string(drill.place.destination)), .init("last", JSONValue(drill.last?.rfc3339)),
    ]
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
