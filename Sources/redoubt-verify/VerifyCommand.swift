import ArgumentParser
import CommandLineOutput

/// How much a verification proves; each level includes those before it.
enum LevelArgument: String, ExpressibleByArgument, CaseIterable {
  case present, intact, readable, restored
}

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that snapshots are what was stored, and record the result.",
    discussion: ExitStatus.discussion(
      "Levels: present (every object is there, with its size), intact (every stored byte has its recorded hash), "
        + "readable (the signature is a trusted node's, everything decrypts and unpacks, every file has its hash), "
        + "restored (restored to a scratch folder and compared).", also: [.partial, .damaged, .locked]))

  @Option(help: ArgumentHelp("How much is proven.", valueName: "level"))
  var level = LevelArgument.readable

  @Option(help: ArgumentHelp("A snapshot's id, 'latest' (of each set), or 'all'.", valueName: "snapshot"))
  var snapshot = "latest"

  @Option(
    help: ArgumentHelp(
      "The folder that level restored restores into, and cleans up. (default: below the state folder)",
      valueName: "folder"))
  var scratch: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions
}
