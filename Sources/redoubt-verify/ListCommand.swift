import ArgumentParser
import CommandLineOutput

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List snapshots: id, host, set, time, size and where they are.",
    discussion: ExitStatus.discussion())

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions
}
