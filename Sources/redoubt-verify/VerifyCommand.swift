import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Repository
import Verify

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that snapshots are what was stored, and record the result.",
    discussion: ExitStatus.discussion(
      "Levels: present (every object is there, with its size), intact (every stored byte has its recorded hash), "
        + "readable (the signature is a trusted node's, everything decrypts and unpacks, every file has its hash), "
        + "restored (restored to a scratch folder and compared).", also: [.damaged, .locked]))

  @Option(help: ArgumentHelp("How much is proven.", valueName: "level"))
  var level = VerificationLevel.readable

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

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "verify", output) { try run(output, $0) }
    }
  }

  private func run(_ output: Output, _ alerts: KeeperAlerts) throws -> CommandResult {
    let progress = Progress(output)
    defer { progress.finish() }
    let (keeper, configuration) = try Keeper.session(file, output, progress)
    guard let snapshots = SnapshotSelection.Snapshots(snapshot) else {
      throw VerifyError(
        .notFound, "'\(snapshot)' is no snapshot's id",
        hint: "'latest', 'all', or an id as redoubt-verify list shows it")
    }
    let folder = try scratch.map { try absolutePath($0) } ?? "\(configuration.state)/scratch"
    if scratch == nil, level == .restored { try Paths.makeFolders(folder) }
    let (verifications, isComplete) = try keeper.verify(
      selection.selection(snapshots), level: level, scratch: folder)
    progress.finish()
    alerts.take(verifications)
    let known = try keeper.acknowledged(verifications)
    for (index, verification) in verifications.enumerated() {
      output.show(verification, isAcknowledged: known.contains(index))
    }
    let damaged = verifications.count { $0.result == .damaged } - known.count
    let unchecked = verifications.count { $0.result == .unchecked }
    // Damage weighs more than what could not be checked, and nothing checked is never success.
    let status: ExitStatus =
      damaged > 0 ? .damaged : unchecked > 0 || !isComplete || verifications.isEmpty ? .failed : .done
    return CommandResult(
      status,
      summary: [
        .init("verified", JSONValue(verifications.count)), .init("damaged", JSONValue(damaged)),
        .init("acknowledged", JSONValue(known.count)),
        .init("unchecked", JSONValue(unchecked)), .init("complete", .boolean(isComplete)),
      ])
  }
}
