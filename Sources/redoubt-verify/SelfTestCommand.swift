import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Repository
import Verify

struct SelfTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "self-test",
    abstract: "Show that this keeper would notice: plant every kind of damage in a copy, and look whether it is found.",
    discussion: ExitStatus.discussion(
      "Copies the smallest of the chosen sets' newest snapshots, with its node's catalog, to scratch space. Nothing in "
        + "storage is touched. A kind of damage that is not found is exit code 1: then no result of this keeper counts.",
      also: [.damaged, .locked]))

  @Option(
    help: ArgumentHelp("The folder that the copy is made in. (default: below the state folder)", valueName: "folder"))
  var scratch: String?

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "self-test", output) { try run(output, $0) }
    }
  }

  private func run(_ output: Output, _ alerts: KeeperAlerts) throws -> CommandResult {
    let progress = Progress(output)
    defer { progress.finish() }
    let (keeper, configuration) = try Keeper.session(file, output, progress)
    let folder = try scratch.map { try absolutePath($0) } ?? "\(configuration.state)/scratch"
    if scratch == nil { try Paths.makeFolders(folder) }
    let test = try keeper.selfTest(selection.selection(.latest), scratch: folder)
    progress.finish()
    output.line("self-test with \(test.host)/\(test.set)/\(test.snapshot) of \(test.destination):")
    for each in test.cases {
      show(each, output)
      if !each.found { alerts.take(finding: "self-test: \(each.name) was not found: \(each.detail)") }
    }
    let missed = test.cases.count { !$0.found }
    output.line(missed == 0 ? "all found" : "\(missed) of \(test.cases.count) kinds of damage were not found")
    return CommandResult(
      test.passed ? .done : .failed,
      summary: [
        .init("cases", JSONValue(test.cases.count)), .init("missed", JSONValue(missed)),
        .init("passed", .boolean(test.passed)),
      ])
  }

  private func show(_ each: SelfTest.Case, _ output: Output) {
    output.line("  \(each.found ? "found" : "NOT FOUND") (\(each.level)): \(each.name)")
    if !each.found { output.error("self-test: \(each.name) was not found: \(each.detail)") }
    output.event(
      "case",
      [
        .init("name", .string(each.name)), .init("level", .string(each.level)), .init("found", .boolean(each.found)),
        .init("detail", .string(each.detail)),
      ])
  }
}
