import Archive
import ArgumentParser
import CommandLineOutput
import Files
import Verify

struct LsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List a snapshot's files, from its signed manifest.",
    discussion: ExitStatus.discussion(also: [.damaged]))

  @Argument(help: ArgumentHelp("A snapshot's id, or 'latest'.", valueName: "snapshot"))
  var snapshot: String

  @Argument(help: ArgumentHelp("A file or folder: only it and what is below it.", valueName: "path"))
  var path: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let keeper = try Keeper.open(file, output, Progress(output))
      let (reference, manifest) = try keeper.open(selection.selection(.single(snapshot)))
      let top = try path.map { try EntryPath.find($0, in: manifest) } ?? [UInt8(ascii: ".")]
      var count = 0
      try manifest.forEachEntry { entry in
        guard top == [UInt8(ascii: ".")] || entry.path == top || entry.path.starts(with: top + [UInt8(ascii: "/")])
        else { return }
        count += 1
        show(entry, output)
      }
      if count == 0, let path { throw VerifyError(.notFound, "\(reference) has no \(path)") }
      return CommandResult(
        summary: [.init("snapshot", .string("\(reference)")), .init("entries", JSONValue(count))])
    }
  }

  private func show(_ entry: Entry, _ output: Output) {
    let owner = "\(entry.ownerName.isEmpty ? "\(entry.owner)" : entry.ownerName)"
    let group = "\(entry.groupName.isEmpty ? "\(entry.group)" : entry.groupName)"
    let mode = String(entry.mode, radix: 8)
    output.row(
      "\(String(repeating: "0", count: max(0, 4 - mode.count)))\(mode) \(owner):\(group) \(entry.size) "
        + "\(entry.modified.rfc3339) \(entry.path.displayPath)\(entry.kind.suffix)")
    output.event("entry", entry.members)
  }
}
