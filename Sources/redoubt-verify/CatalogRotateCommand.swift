import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct CatalogRotateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Move records that are older than their retention from this keeper's catalogs to archives.",
    discussion: ExitStatus.discussion(
      "Says what would be moved; with --yes, moves it. No record is ever dropped, the chain holds as before, and what "
        + "later commands need stays. The catalogs of all shards are rotated too; one that another run holds is left as it "
        + "is, with exit code 75 in the end.", also: [.locked]))

  @Flag(help: "Move them.")
  var yes = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let rotations = try Keeper.open(file, output, Progress(output)).rotateCatalogs(isDryRun: !yes)
      for rotation in rotations { show(rotation, output) }
      let count = rotations.reduce(0) { $0 + $1.count }
      let failures = rotations.compactMap(\.failure)
      if count == 0, failures.isEmpty { output.line("no record is older than its retention and not needed") }
      if count > 0, !yes { output.line("to move them: redoubt-verify catalog rotate --yes") }
      let isLocked = failures.allSatisfy { $0.code == .locked }
      return CommandResult(
        failures.isEmpty ? .done : isLocked ? .locked : .failed,
        summary: [
          .init("records", JSONValue(count)), .init("archives", JSONValue(rotations.count { $0.archive != nil })),
          .init("failed", JSONValue(failures.count)),
        ])
    }
  }

  private func show(_ rotation: CatalogRotation, _ output: Output) {
    let place = rotation.catalog.isEmpty ? "" : "shard \(rotation.catalog): "
    let parts = LogCategory.allCases.compactMap { category in
      rotation.moved[category].map { "\($0) \(category.rawValue)" }
    }
    if let failure = rotation.failure {
      output.error("\(place)\(failure.reason)", hint: failure.hint)
    } else if let archive = rotation.archive {
      output.line("\(place)\(rotation.count) records moved to \(archive.archive): \(parts.joined(separator: ", "))")
    } else if rotation.count > 0 {
      output.line("\(place)\(rotation.count) records would be moved: \(parts.joined(separator: ", "))")
    }
    output.event(
      "rotation",
      [
        .init("catalog", .string(rotation.catalog)), .init("records", JSONValue(rotation.count)),
        .init("archive", JSONValue(rotation.archive?.archive)),
        .init("failure", JSONValue(rotation.failure?.reason)),
      ])
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
