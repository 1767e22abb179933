import ArgumentParser
import CommandLineOutput
import Policy
import Verify

struct RetireCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Record that a set is given up: no backups, proofs or drills of it are asked for any more.",
    discussion: ExitStatus.discussion(
      "A node that only stops backing a set up is overdue; this says that it is meant. What is stored stays, and can be "
        + "verified and restored. Where backups of it come again, that is told.", also: [.locked]))

  @Argument(help: ArgumentHelp("The set, as status names it: peer-1/data.", valueName: "host/set"))
  var name: String

  @Option(help: ArgumentHelp("Who says so.", valueName: "name"))
  var by: String

  @Option(help: ArgumentHelp("Why it is given up.", valueName: "text"))
  var note: String

  @Flag(help: "Take it back: the set is asked for again.")
  var undo = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    if name.split(separator: "/", omittingEmptySubsequences: false).count != 2 {
      throw ValidationError("'\(name)' is no set of a node: peer-1/data")
    }
  }

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "retire", output) { _ in
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        try Keeper.open(file, output, Progress(output)).retire(
          host: parts[0], set: parts[1], by: by, note: note, isUndone: undo)
        output.line(
          undo
            ? "\(name): no longer retired; what its class asks for is asked of it again"
            : "\(name): retired by \(by); what is stored of it stays")
        return CommandResult(
          summary: [
            .init("host", .string(parts[0])), .init("set", .string(parts[1])), .init("retired", .boolean(!undo)),
          ])
      }
    }
  }
}
