import ArgumentParser
import CommandLineOutput

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
}
