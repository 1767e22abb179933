import ArgumentParser
import CommandLineOutput

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show each set's last snapshot and its age, for each destination.",
    discussion: ExitStatus.discussion("Reads this node's own records; storage is not asked."))

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions
}
