import ArgumentParser
import CommandLineOutput
import Files
import Policy

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a starter configuration and make the keeper's key ring with its signing key.",
    discussion: ExitStatus.discussion(
      "Makes what is missing and changes nothing that exists, so it can be run again for each new node. Says how the "
        + "private key gets into the key ring."))

  @OptionGroup var file: ConfigurationOption

  @Option(help: ArgumentHelp("The folder for the keeper's catalog and its key ring.", valueName: "folder"))
  var state = "/var/lib/redoubt-verify"

  @Option(
    help: ArgumentHelp(
      "A node's public signing key, as 'redoubt init' wrote it; may be repeated.", valueName: "file"))
  var nodeKey: [String] = []

  @Flag(help: "Print the commented configuration to start from, and make nothing.")
  var print = false

  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      if print { return output.show(starter: KeeperSetup.starterConfiguration) }
      let setup = KeeperSetup(
        configuration: try absolutePath(file.config), state: state, host: machineName(), nodeKeys: nodeKey)
      let report = try setup.run()
      output.show(report.steps)
      output.show(remaining: report.remaining)
      if !report.nodeBlock.isEmpty {
        output.line()
        for line in report.nodeBlock.split(separator: "\n") { output.line("  \(line)") }
      }
      return CommandResult(
        summary: [
          .init("gnupg-home", .string(report.gnupgHome)), .init("node", .string(report.nodeBlock)),
          .init("signer", .string(report.signer)), .init("public-key-file", .string(report.publicKeyFile)),
        ])
    }
  }
}
