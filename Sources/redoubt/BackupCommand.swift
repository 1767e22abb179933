import ArgumentParser
import Backup
import CommandLineOutput
import Files
import Policy
import Storage

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Back up sets to all of their destinations: all, some, or what is due.",
    discussion: ExitStatus.discussion(
      "A file that cannot be read, or that changes while it is read, becomes a finding of the snapshot and never ends "
        + "the run; neither does a destination that fails.", also: [.partial, .overdue, .locked]))

  @Argument(help: ArgumentHelp("Names of sets; all of them where none is named.", valueName: "set"))
  var sets: [String] = []

  @Flag(help: "Back up what is due by the frequency table, of the sets named or of all.")
  var due = false

  @Flag(help: "Say what would be stored, and store nothing.")
  var dryRun = false

  @Flag(help: "Read every file, whatever its size and times say; store full sets also where nothing has changed.")
  var force = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let report = NodeConfiguration.inspect(try absolutePath(file.config))
      // A dry run changes nothing, and there is nothing to tell.
      if dryRun {
        try ServiceUser.become(ownerOf: report, keeping: .reading)
        return try run(try output.use(report), output, nil)
      }
      return NodeAlerts.tell(report, command: "backup", output) { try run($0, output, $1) }
    }
  }

  private func run(_ node: NodeConfiguration, _ output: Output, _ alerts: NodeAlerts?) throws -> CommandResult {
    let access = StorageAccess(cancellation: Signals.cancellation, log: output.debugLog)
    var writers: [String: any ObjectWriter] = [:]
    for destination in node.destinations { writers[destination.name] = try access.writer(destination) }
    let report = BackupReporter(output)
    let engine = BackupEngine(
      configuration: node, writers: writers,
      environment: RunEnvironment(
        isCancelled: { Signals.cancellation.isCancelled },
        observe: { event in
          report.take(event)
          alerts?.take(event)
        }))
    defer { report.finish() }
    var waiting = 0
    let outcomes: [SetOutcome]
    if due {
      let run = dryRun ? try engine.simulateDue(sets: sets) : try engine.runDue(sets: sets, readsAll: force)
      (outcomes, waiting) = (run.outcomes, run.waiting.count)
      if outcomes.isEmpty { output.line("nothing is due") }
    } else {
      outcomes = dryRun ? try engine.simulate(sets: sets) : try engine.run(sets: sets, readsAll: force)
    }
    return CommandResult(
      ExitStatus(outcomes),
      summary: [
        .init("sets", JSONValue(outcomes.count)),
        .init("stored", JSONValue(outcomes.count { $0.status == .stored || $0.status == .partial })),
        .init("unchanged", JSONValue(outcomes.count { $0.status == .unchanged })),
        .init("findings", JSONValue(outcomes.reduce(0) { $0 + $1.findings.count })),
        .init("bytes", JSONValue(outcomes.reduce(0) { $0 + $1.bytes })),
        .init("stored-bytes", JSONValue(outcomes.reduce(0) { $0 + $1.storedBytes })),
      ] + (due ? [.init("waiting", JSONValue(waiting))] : []))
  }
}

extension ExitStatus {
  /// All stored is done, or overdue where a medium has stayed away for too long; none stored is a failure; anything between
  /// is done in part.
  init(_ outcomes: [SetOutcome]) {
    if outcomes.allSatisfy({ [.stored, .unchanged, .simulated].contains($0.status) }) {
      self = outcomes.allSatisfy(\.overdue.isEmpty) ? .done : .overdue
    } else if outcomes.allSatisfy({ $0.status == .failed }) {
      self = .failed
    } else {
      self = .partial
    }
  }
}
