import ArgumentParser
import CommandLineOutput
import Files
import Policy

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say what is wrong with the configuration, the keys and the destinations, all of it at once.",
    discussion: ExitStatus.discussion("Warnings alone leave the exit code at 0."))

  @OptionGroup var file: ConfigurationOption

  @Flag(
    help: ArgumentHelp(
      "Store a small object at each destination.",
      discussion: "Its key is <host>/probe/<time>-<random>.txt. It stays there: a node cannot delete."))
  var online = false

  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let access = StorageAccess(cancellation: Signals.cancellation, log: output.debugLog)
      let path = try absolutePath(file.config)
      // What this user can do is of no interest, but what the one who backs up can.
      try ServiceUser.become(ownerOf: NodeConfiguration.inspect(path), keeping: .reading)
      let report = NodeCheck(path, isOnline: online, access: access).run()
      return output.show(report)
    }
  }
}
