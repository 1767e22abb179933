import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct AcknowledgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge",
    abstract: "Record that you know of snapshots that are damaged or gone at a destination, and will not mend them.",
    discussion: ExitStatus.discussion(
      "From then on that damage is shown as acknowledged, and makes no exit code 4. Whatever else is found damaged there "
        + "does. What is not known to be damaged cannot be acknowledged.", also: [.locked]))

  @Argument(help: ArgumentHelp("The snapshots' ids.", valueName: "snapshot"))
  var snapshot: [String]

  @Option(help: ArgumentHelp("Where they are damaged or gone.", valueName: "name"))
  var destination: String

  @Option(help: ArgumentHelp("Who says so.", valueName: "name"))
  var by: String

  @Option(help: ArgumentHelp("What happened.", valueName: "text"))
  var note: String

  @Option(help: ArgumentHelp("The node, where several have such snapshots.", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("The set, where several have such snapshots.", valueName: "name"))
  var set: String?

  @Flag(help: "Take it back: the damage counts again.")
  var undo = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "acknowledge", output) { _ in try acknowledge(output) }
    }
  }

  private func acknowledge(_ output: Output) throws -> CommandResult {
    var snapshots: [SnapshotID] = []
    for text in snapshot {
      guard let id = SnapshotID(text) else {
        throw VerifyError(
          .notFound, "'\(text)' is no snapshot's id", hint: "an id as redoubt-verify status shows it")
      }
      if !snapshots.contains(id) { snapshots.append(id) }
    }
    let request = AcknowledgeRequest(
      snapshots: snapshots, destination: destination, host: host, set: set, by: by, note: note, isUndone: undo)
    let records = try Keeper.open(file, output, Progress(output)).acknowledge(request)
    for record in records {
      let name = "\(record.host)/\(record.set)/\(record.snapshot) at \(record.destination)"
      let count = "\(record.findingCount) finding\(record.findingCount == 1 ? "" : "s")"
      output.line("\(name): \(count) \(undo ? "no longer " : "")acknowledged")
      output.event(
        "acknowledgement",
        [
          .init("host", .string(record.host)), .init("set", .string(record.set)),
          .init("snapshot", .string(record.snapshot)), .init("destination", .string(record.destination)),
          .init("findings", .array(record.findings.map { .object($0.members) })),
          .init("finding-count", JSONValue(record.findingCount)), .init("undone", .boolean(record.undone)),
        ])
    }
    return CommandResult(summary: [.init("snapshots", JSONValue(records.count)), .init("undone", .boolean(undo))])
  }
}
