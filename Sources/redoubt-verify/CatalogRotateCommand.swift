import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct CatalogRotateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Move records that are older than their retention from this keeper's catalog to an archive.",
    discussion: ExitStatus.discussion(
      "Says what would be moved; with --yes, moves it. No record is ever dropped, the chain holds as before, and what "
        + "later commands need stays.", also: [.locked]))

  @Flag(help: "Move them.")
  var yes = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let keeper = try Keeper.open(file, output, Progress(output))
      let (moved, archive) = try keeper.rotateCatalog(isDryRun: !yes)
      let count = moved.values.reduce(0, +)
      let parts = LogCategory.allCases.compactMap { category in moved[category].map { "\($0) \(category.rawValue)" } }
      if let archive {
        output.line("\(count) records moved to \(archive.archive): \(parts.joined(separator: ", "))")
      } else if count == 0 {
        output.line("no record is older than its retention and not needed")
      } else {
        output.line("\(count) records would be moved: \(parts.joined(separator: ", "))")
        output.line("to move them: redoubt-verify catalog rotate --yes")
      }
      return CommandResult(
        summary: [.init("records", JSONValue(count)), .init("archive", JSONValue(archive?.archive))])
    }
  }
}

struct CatalogSignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign this keeper's catalog as it is.",
    discussion: ExitStatus.discussion(
      "Every command that records something does that by itself, unless the signature that is there does not hold. "
        + "With this, you say that you have looked, and that the catalog is what it should be.", also: [.locked]))

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let signer = try Keeper.open(file, output, Progress(output)).signCatalog()
      output.line("signed by \(signer)")
      return CommandResult(summary: [.init("signer", .string(signer))])
    }
  }
}
