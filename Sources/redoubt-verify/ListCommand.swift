import ArgumentParser
import CommandLineOutput
import Verify

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List snapshots: where they are, their size and their last verification.",
    discussion: ExitStatus.discussion())

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let listed = try Keeper.open(file, output, Progress(output)).list(selection.selection(.all))
      for snapshot in listed { show(snapshot, output) }
      if listed.isEmpty { output.line("no snapshots") }
      return CommandResult(summary: [.init("snapshots", JSONValue(listed.count))])
    }
  }

  private func show(_ snapshot: ListedSnapshot, _ output: Output) {
    let verification = snapshot.lastVerification
    let proof = verification.map { "\($0.level.rawValue): \($0.result.rawValue) at \($0.time)" } ?? "not verified"
    output.row(
      "\(snapshot.reference)  \(snapshot.destination)  \(Amount.bytes(snapshot.bytes))  "
        + (snapshot.isFinished ? proof : "unfinished"))
    output.event(
      "snapshot",
      [
        .init("host", .string(snapshot.reference.host)), .init("set", .string(snapshot.reference.set)),
        .init("snapshot", .string("\(snapshot.reference.snapshot)")),
        .init("destination", .string(snapshot.destination)), .init("objects", JSONValue(snapshot.objects)),
        .init("bytes", JSONValue(snapshot.bytes)), .init("finished", .boolean(snapshot.isFinished)),
        .init("verified", JSONValue(verification?.time)), .init("level", JSONValue(verification?.level.rawValue)),
        .init("result", JSONValue(verification?.result.rawValue)),
      ])
  }
}
