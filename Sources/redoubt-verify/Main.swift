import ArgumentParser
import CommandLineOutput
import Compression
import Digests
import HTTP
import OpenPGP

@main
struct RedoubtVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redoubt-verify",
    abstract: "Prove that backups can be restored, and restore them.",
    discussion: ExitStatus.discussion(
      "For a trusted machine that holds the private key, never for the nodes themselves.", also: ExitStatus.allCases),
    version: VersionText.text("redoubt-verify") {
      [
        .init("gpgme", OpenPGPVersions.gpgme), .init("gpg", OpenPGPVersions.gpg()), .init("libcurl", HTTPVersions.curl),
        .init("OpenSSL", DigestVersions.openSSL), .init("zstd", CompressionVersions.zstd),
      ]
    },
    subcommands: [
      InitCommand.self, ListCommand.self, LsCommand.self, FindCommand.self, DiffCommand.self, VerifyCommand.self,
      RunCommand.self,
      RestoreCommand.self, DrillCommand.self, PruneCommand.self, AttestCommand.self, RetireCommand.self,
      AcknowledgeCommand.self,
      CatalogCommand.self, SelfTestCommand.self, StatusCommand.self, KeysCommand.self,
      ReportCommand.self,
    ])
}
