import ArgumentParser
import CommandLineOutput

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write down what was proven, for others to read.",
    discussion: ExitStatus.discussion(
      "A statement tells a client what was restored of one set, when, from which snapshot, with which digests, and what "
        + "was not proven. It is signed with the keeper's key: gpg --verify checks it. Storage is not asked."))

  @Option(help: ArgumentHelp("Make the signed statement of this set.", valueName: "set"))
  var statement: String

  @Option(help: ArgumentHelp("The node that has the set, where several have one of that name.", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("The file for the statement. (default: standard output)", valueName: "file"))
  var output: String?

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      try StatementOutput(set: statement, host: host, file: self.output).run(file, output)
    }
  }
}
