import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct DrillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill",
    abstract: "Rehearse a restore: restore to scratch space, compare, run your own checks, and record it.",
    discussion: ExitStatus.discussion(
      "The [[check]] tables of the configuration name programs that must succeed in the restored tree; they run without "
        + "network, as another user, within limits. The record holds the time to restore, the age of the data and what "
        + "the checks said.", also: [.damaged, .locked]))

  @Option(help: ArgumentHelp("A snapshot's id, or 'latest' (of each set).", valueName: "snapshot"))
  var snapshot = "latest"

  @Flag(help: "Restore with recover-1.sh and standard tools alone, as if there were no Redoubt.")
  var standardTools = false

  @Flag(help: "Leave the restored tree where it is, and say where.")
  var keep = false

  @Option(
    help: ArgumentHelp(
      "The folder to restore to. (default: [drill] scratch; without it /var/tmp for root, below the state folder for "
        + "others)", valueName: "folder"))
  var scratch: String?

  @Option(help: ArgumentHelp("Who drills, for the record.", valueName: "name"))
  var by: String?

  @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
  var note: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "drill", output) { try run(output, $0) }
    }
  }

  private func run(_ output: Output, _ alerts: KeeperAlerts) throws -> CommandResult {
    let progress = Progress(output)
    defer { progress.finish() }
    let keeper = try Keeper.open(file, output, progress)
    var request = DrillRequest(selection: selection.selection(try .single(snapshot)))
    request.scratch = try scratch.map { try absolutePath($0) }
    request.standardTools = standardTools
    request.keepsTree = keep
    request.by = by
    request.note = note
    let (outcomes, isComplete) = try keeper.drill(request)
    progress.finish()
    alerts.take(outcomes.map(\.drill))
    for outcome in outcomes { DrillReport(outcome).show(output) }
    let damaged = outcomes.count { $0.drill.result == .damaged }
    let unchecked = outcomes.count { $0.drill.result == .unchecked }
    let status: ExitStatus =
      damaged > 0 ? .damaged : unchecked > 0 || !isComplete || outcomes.isEmpty ? .failed : .done
    return CommandResult(
      status,
      summary: [
        .init("drills", JSONValue(outcomes.count)), .init("damaged", JSONValue(damaged)),
        .init("unchecked", JSONValue(unchecked)), .init("complete", .boolean(isComplete)),
      ])
  }
}

/// One drill for people and for programs.
struct DrillReport {
  private let outcome: DrillOutcome
  private var drill: Drill { outcome.drill }

  init(_ outcome: DrillOutcome) { self.outcome = outcome }

  func show(_ output: Output) {
    let seconds = drill.seconds
    output.line(
      "\(drill.host)/\(drill.set)/\(drill.snapshot) at \(drill.destination): drill: \(drill.result.rawValue)"
        + (drill.reason.map { ": \($0)" } ?? ""))
    if seconds.restore > 0 {
      output.line(
        "  restored in \(Amount.duration(seconds.restore)): \(drill.entries) entries, \(Amount.bytes(drill.bytes))"
          + (drill.standardTools ? ", with standard tools alone" : "") + trend)
      output.line(
        "  busy: download \(Amount.duration(seconds.download)), decrypt \(Amount.duration(seconds.decrypt)), "
          + "extract \(Amount.duration(seconds.extract)); then compare \(Amount.duration(seconds.compare)), "
          + "checks \(Amount.duration(seconds.check))")
      output.line("  the data was \(Amount.duration(Double(max(0, drill.age)))) old")
    }
    for check in drill.checks {
      output.line("  check \(check.name): \(check.passed ? "passed" : "failed"): \(check.ending)")
      if !check.passed { for line in check.output.split(separator: "\n").suffix(20) { output.line("    \(line)") } }
    }
    if let folder = outcome.folder { output.line("  the tree is in \(folder)") }
    output.event(
      "drill",
      [
        .init("host", .string(drill.host)), .init("set", .string(drill.set)),
        .init("snapshot", .string(drill.snapshot)), .init("destination", .string(drill.destination)),
        .init("result", .string(drill.result.rawValue)), .init("reason", JSONValue(drill.reason)),
        .init("standard-tools", .boolean(drill.standardTools)), .init("entries", JSONValue(drill.entries)),
        .init("bytes", JSONValue(drill.bytes)), .init("fetched", JSONValue(drill.fetched)),
        .init("age", JSONValue(drill.age)), .init("seconds", times),
        .init("checks", .array(drill.checks.map(Self.json))),
        .init("findings", .array(drill.findings.map { .object($0.members) })),
        .init("finding-count", JSONValue(drill.findingCount)), .init("folder", JSONValue(outcome.folder)),
      ])
  }

  private var times: JSONValue {
    .object([
      .init("download", JSONValue(drill.seconds.download)), .init("decrypt", JSONValue(drill.seconds.decrypt)),
      .init("extract", JSONValue(drill.seconds.extract)), .init("restore", JSONValue(drill.seconds.restore)),
      .init("compare", JSONValue(drill.seconds.compare)), .init("check", JSONValue(drill.seconds.check)),
    ])
  }

  /// Beside the median of the earlier drills of this set.
  private var trend: String {
    guard !outcome.earlier.isEmpty else { return "" }
    let sorted = outcome.earlier.sorted()
    return "; \(sorted.count) earlier: \(Amount.duration(sorted[sorted.count / 2]))"
  }

  private static func json(_ check: Drill.Check) -> JSONValue {
    .object([
      .init("name", .string(check.name)), .init("passed", .boolean(check.passed)),
      .init("ending", .string(check.ending)), .init("seconds", JSONValue(check.seconds)),
      .init("output", .string(check.output)),
    ])
  }
}
