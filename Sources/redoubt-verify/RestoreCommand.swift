import ArgumentParser
import CommandLineOutput
import Repository
import Verify

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restore a snapshot, or some of its paths, to a folder.",
    discussion: ExitStatus.discussion(
      "Restores exactly what was stored, ownership when run by root, and reports what it could not set. Nothing is "
        + "ever written outside of the target.", also: [.partial, .damaged]))

  @Argument(help: ArgumentHelp("A snapshot's id, or 'latest'.", valueName: "snapshot"))
  var snapshot: String

  @Argument(help: ArgumentHelp("Files and folders to restore; all where none is named.", valueName: "path"))
  var paths: [String] = []

  @Option(help: ArgumentHelp("The folder to restore into; it must be empty or not exist.", valueName: "folder"))
  var target: String

  @Option(help: ArgumentHelp("The node's name, where several are watched.", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("The set's name, where the node has several.", valueName: "name"))
  var set: String?

  @Option(help: ArgumentHelp("Restore from this destination. (default: the first that has it)", valueName: "name"))
  var destination: String?

  @Flag(help: "Say what would be restored, and write nothing.")
  var dryRun = false

  @Flag(help: "Restore into a folder that is not empty, and replace files there.")
  var force = false

  @Flag(help: "Restore device nodes too.")
  var devices = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let progress = Progress(output)
      defer { progress.finish() }
      let keeper = try Keeper.open(file, output, progress)
      let selection = SnapshotSelection(
        hosts: host.map { [$0] } ?? [], sets: set.map { [$0] } ?? [], destinations: destination.map { [$0] } ?? [],
        snapshots: try .single(snapshot))
      var request = RestoreRequest(selection: selection, target: try absolutePath(target))
      request.paths = paths
      request.dryRun = dryRun
      request.force = force
      request.devices = devices
      let report = try keeper.restore(request)
      progress.finish()
      output.line(
        "\(report.reference): \(dryRun ? "would restore" : "restored") \(report.entries) entries, "
          + "\(Amount.bytes(report.bytes)) to \(request.target) in \(Amount.duration(report.seconds))")
      return CommandResult(
        ExitStatus(restored: report.findings),
        summary: [
          .init("snapshot", .string("\(report.reference)")), .init("target", .string(request.target)),
          .init("dry-run", .boolean(dryRun)), .init("entries", JSONValue(report.entries)),
          .init("bytes", JSONValue(report.bytes)), .init("seconds", JSONValue(report.seconds)),
          .init("findings", JSONValue(report.findingCount)),
        ])
    }
  }
}

extension ExitStatus {
  /// Damage weighs more than what this machine could not set (owners without root, unsupported attributes).
  init(restored findings: [Finding]) {
    let setOnly: Set<Finding.Code> = [.notRestored, .metadataMismatch, .unsupported]
    self = findings.isEmpty ? .done : findings.allSatisfy { setOnly.contains($0.code) } ? .partial : .damaged
  }
}
