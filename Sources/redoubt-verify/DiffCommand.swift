import Archive
import ArgumentParser
import CommandLineOutput
import Files
import Verify

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell what changed between two snapshots, from their signed manifests.",
    discussion: ExitStatus.discussion(
      "Each line begins with + (added), - (removed), M (content changed) or m (only mode, owner, time, attributes or "
        + "links changed). Differences are no failure.", also: [.damaged]))

  @Argument(help: ArgumentHelp("The older snapshot's id.", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("The newer snapshot's id, or 'latest'.", valueName: "new"))
  var new: String

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let keeper = try Keeper.open(file, output, Progress(output))
      let (oldReference, oldManifest) = try keeper.open(selection.selection(.single(old)))
      let (newReference, newManifest) = try keeper.open(selection.selection(.single(new)))
      var counts: [SnapshotDifference.Kind: Int] = [:]
      try SnapshotDifference.compare(oldManifest, newManifest) { difference in
        counts[difference.kind, default: 0] += 1
        show(difference, output)
      }
      let count = { (kind: SnapshotDifference.Kind) in counts[kind, default: 0] }
      output.line(
        "\(count(.added)) added, \(count(.removed)) removed, \(count(.content)) with other content, "
          + "\(count(.metadata)) with other metadata alone")
      return CommandResult(
        summary: [
          .init("old", .string("\(oldReference)")), .init("new", .string("\(newReference)")),
          .init("added", JSONValue(count(.added))), .init("removed", JSONValue(count(.removed))),
          .init("content", JSONValue(count(.content))), .init("metadata", JSONValue(count(.metadata))),
        ])
    }
  }

  private func show(_ difference: SnapshotDifference, _ output: Output) {
    guard let entry = difference.new ?? difference.old else { return }
    output.row("\(difference.kind.mark) \(entry.path.displayPath)\(entry.kind.suffix)")
    output.event(
      "difference",
      [
        .init("path", .string(entry.path.displayPath)), .init("change", .string(difference.kind.rawValue)),
        .init("old", difference.old.map { .object($0.members) } ?? .null),
        .init("new", difference.new.map { .object($0.members) } ?? .null),
      ])
  }
}

extension SnapshotDifference.Kind {
  fileprivate var mark: String {
    switch self {
    case .added: "+"
    case .removed: "-"
    case .content: "M"
    case .metadata: "m"
    }
  }
}
