import ArgumentParser
import CommandLineOutput

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Back up sets to all of their destinations.",
    discussion: ExitStatus.discussion(
      "A file that cannot be read, or that changes while it is read, becomes a finding of the snapshot and never ends "
        + "the run; neither does a destination that fails.", also: [.partial, .locked]))

  @Argument(help: ArgumentHelp("Names of sets; all of them where none is named.", valueName: "set"))
  var sets: [String] = []

  @Flag(help: "Say what would be stored, and store nothing.")
  var dryRun = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions
}
