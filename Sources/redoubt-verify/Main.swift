import ArgumentParser
import CommandLineOutput
import Repository

@main
struct RedoubtVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redoubt-verify",
    abstract: "Prove that backups can be restored, and restore them.",
    discussion: ExitStatus.discussion(
      "For a trusted machine that holds the private key, never for the nodes themselves.", also: ExitStatus.allCases),
    version: redoubtVersion,
    subcommands: [
      InitCommand.self, ListCommand.self, LsCommand.self, FindCommand.self, DiffCommand.self, VerifyCommand.self,
      RunCommand.self,
      RestoreCommand.self, DrillCommand.self, PruneCommand.self, AttestCommand.self,
      CatalogCommand.self, SelfTestCommand.self,
    ])
}
