import ArgumentParser
import CommandLineOutput

struct LsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List a snapshot's files, from its signed manifest.",
    discussion: ExitStatus.discussion(also: [.damaged]))

  @Argument(help: ArgumentHelp("A snapshot's id, or 'latest'.", valueName: "snapshot"))
  var snapshot: String

  @Argument(help: ArgumentHelp("A file or folder: only it and what is below it.", valueName: "path"))
  var path: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions
}
