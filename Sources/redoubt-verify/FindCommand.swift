import Archive
import ArgumentParser
import CommandLineOutput
import Files
import Verify

struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Find which snapshots have a file, and in which state.",
    discussion: ExitStatus.discussion(
      "Looks through the signed manifests of all chosen snapshots. Exit code 1 where a snapshot could not be looked into, "
        + "not where nothing was found."))

  @Argument(
    help: ArgumentHelp("A part of the path, or a glob ('*.dat', 'opt/**/node.toml').", valueName: "pattern"))
  var pattern: String

  @Option(help: ArgumentHelp("A snapshot's id, 'latest' (of each set), or 'all'.", valueName: "snapshot"))
  var snapshot = "all"

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      guard let snapshots = SnapshotSelection.Snapshots(snapshot) else {
        throw VerifyError(
          .notFound, "'\(snapshot)' is no snapshot's id",
          hint: "'latest', 'all', or an id as redoubt-verify list shows it")
      }
      var count = 0
      let isComplete = try Keeper.open(file, output, Progress(output)).find(
        try PathPattern(pattern), in: selection.selection(snapshots)
      ) { reference, entry in
        count += 1
        show(reference, entry, output)
      }
      if count == 0 { output.line("nothing found") }
      return CommandResult(
        isComplete ? .done : .failed,
        summary: [.init("found", JSONValue(count)), .init("complete", .boolean(isComplete))])
    }
  }

  private func show(_ reference: SnapshotReference, _ entry: Entry, _ output: Output) {
    output.row(
      "\(reference)  \(entry.size)  \(entry.modified.rfc3339)  \(entry.digest?.prefix ?? "-")  "
        + "\(entry.path.displayPath)\(entry.kind.suffix)")
    output.event(
      "entry",
      [
        .init("host", .string(reference.host)), .init("set", .string(reference.set)),
        .init("snapshot", .string("\(reference.snapshot)")),
      ] + entry.members)
  }
}
