import ArgumentParser
import Backup
import CommandLineOutput
import Files
import Policy

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say whether every set is backed up as its class asks, for each destination.",
    discussion: ExitStatus.discussion(
      "Reads this node's own records; storage is not asked. The first line is the answer.", also: [.overdue]))

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let report = NodeConfiguration.inspect(try absolutePath(file.config))
      try ServiceUser.become(ownerOf: report, keeping: .reading)
      let node = try output.use(report)
      let now = Timestamp.now()
      var notes: VerificationNotes?
      do throws(SetupError) { notes = try .read(state: node.state) } catch {
        // The keeper's word is not needed to tell how old the backups are.
        output.warning(error.description, hint: error.hint)
      }
      let screen = FreshnessScreen(node.frequencies, try setStatuses(node, now: now), notes, now: now)
      screen.show(on: output)
      screen.report(on: output)
      return CommandResult(
        screen.isSafe ? .done : .overdue,
        summary: [
          .init("safe", .boolean(screen.isSafe)), .init("sets", JSONValue(screen.sets.count)),
          .init("copies", JSONValue(screen.copies)), .init("overdue", JSONValue(screen.overdue)),
          .init("due", JSONValue(screen.sets.count { $0.isDue })),
        ])
    }
  }
}
