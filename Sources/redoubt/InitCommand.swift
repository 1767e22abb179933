import ArgumentParser
import CommandLineOutput
import Files
import Policy

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a starter configuration and make this node's signing key.",
    discussion: ExitStatus.discussion(
      "Makes what is missing and changes nothing that exists, so it can be run again at any time. Prints what to copy "
        + "to the keeper."))

  @OptionGroup var file: ConfigurationOption

  @Option(help: ArgumentHelp("This node's name in storage. (default: the machine's name)", valueName: "name"))
  var host: String?

  @Option(help: ArgumentHelp("The folder for the catalog, the lock and the key ring.", valueName: "folder"))
  var state = "/var/lib/redoubt"

  @Option(
    help: ArgumentHelp("A file with a recipient's public key, for the key ring; may be repeated.", valueName: "file"))
  var recipientKey: [String] = []

  @Option(
    help: ArgumentHelp(
      "Prepare the medium of a removable destination, which must be mounted, and nothing else.", valueName: "name"))
  var destination: String?

  @Flag(help: "Print the commented configuration to start from, and make nothing.")
  var print = false

  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      if print { return output.show(starter: NodeSetup.starterConfiguration) }
      if let destination {
        let setup = MediumSetup(configuration: try absolutePath(file.config), destination: destination)
        output.show(try setup.run().steps)
        return CommandResult()
      }
      let setup = NodeSetup(
        configuration: try absolutePath(file.config), host: host ?? machineName(), state: state,
        recipientKeys: recipientKey)
      let report = try setup.run()
      output.show(report.steps)
      output.line()
      output.line("On the keeper: copy this file there, and name it to 'redoubt-verify init --node-key FILE':")
      output.line("  \(report.publicKeyFile)")
      output.line("or add this to its configuration:")
      output.line()
      for line in report.nodeBlock.split(separator: "\n") { output.line("  \(line)") }
      output.show(remaining: report.remaining)
      return CommandResult(
        summary: [
          .init("signer", .string(report.signer)), .init("public-key-file", .string(report.publicKeyFile)),
          .init("gnupg-home", .string(report.gnupgHome)), .init("node", .string(report.nodeBlock)),
        ])
    }
  }
}
