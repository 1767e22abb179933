import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Verify

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "List whom backups are encrypted to and who signs them, and whether those keys were shown to work.",
    discussion: ExitStatus.discussion(
      "For each recipient: when a private key of theirs last opened something here, and when it expires. A private key "
        + "that is on a card or with another keeper is proven there. Storage is not asked.", also: [.overdue]))

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let report = KeeperConfiguration.inspect(try absolutePath(file.config))
      try ServiceUser.become(ownerOf: report, keeping: .readingItself)
      let configuration = try output.use(report)
      let overview = KeeperOverview(try KeeperKnowledge.read(configuration), now: .now())
      let screen = KeyScreen(overview)
      screen.show(on: output)
      screen.report(on: output)
      let concerns = overview.concerns.filter { $0.kind == .recipient }
      for concern in concerns {
        if concern.severity == .notice {
          output.warning(concern.text, hint: concern.hint)
        } else {
          output.error(concern.text, hint: concern.hint, about: Subject(host: concern.host, set: concern.set))
        }
      }
      let overdue = concerns.count { $0.severity > .notice }
      return CommandResult(
        overdue == 0 ? .done : .overdue,
        summary: [
          .init("recipients", JSONValue(overview.recipients.count)),
          .init("signers", JSONValue(overview.signers.count)),
          .init("overdue", JSONValue(overdue)), .init("notices", JSONValue(concerns.count - overdue)),
        ])
    }
  }
}
