import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Verify

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say whether everything is backed up, proven and rehearsed as its class asks.",
    discussion: ExitStatus.discussion(
      "Reads this keeper's own records and key ring; storage is not asked unless --look asks for it. The first line is the "
        + "answer; what is of concern follows, the worst first.", also: [.damaged, .overdue, .locked]))

  @Flag(help: "Look at the nodes' catalogs first, as 'catalog check' does; whoever [alerts] names is told.")
  var look = false

  @Option(help: ArgumentHelp("A node's name; may be repeated. (default: all)", valueName: "name"))
  var host: [String] = []

  @Option(help: ArgumentHelp("A set's name; may be repeated. (default: all)", valueName: "name"))
  var set: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write what the node's own 'redoubt status' shows of this keeper's findings; with one --host where there are "
        + "several nodes.", valueName: "file"))
  var writeNotes: String?

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      // Without a look it is no run: a ping would say that one had been made.
      guard look else { return try show(output, nil) }
      return try KeeperAlerts.tell(file, command: "status", output) { alerts in
        for observation in try Keeper.open(file, output, Progress(output)).observe(hosts: host) {
          for (destination, reason) in observation.unchecked {
            output.error("\(observation.host) at \(destination): not looked at: \(reason)")
          }
        }
        return try show(output, alerts)
      }
    }
  }

  private func show(_ output: Output, _ alerts: KeeperAlerts?) throws -> CommandResult {
    let report = KeeperConfiguration.inspect(try absolutePath(file.config))
    try ServiceUser.become(ownerOf: report, keeping: .everything)
    let configuration = look ? try report.get() : try output.use(report)
    let overview = KeeperOverview(try KeeperKnowledge.read(configuration), now: .now())
    alerts?.take(overview)
    if let writeNotes { try write(overview, configuration, to: try absolutePath(writeNotes), output) }
    let part = try overview.only(hosts: host, sets: set)
    let screen = OverviewScreen(part, configuration.frequencies)
    screen.show(on: output)
    screen.report(on: output)
    return part.result
  }

  private func write(
    _ overview: KeeperOverview, _ configuration: KeeperConfiguration, to path: String, _ output: Output
  ) throws {
    let hosts = host.isEmpty ? configuration.nodes.map(\.host) : host
    guard hosts.count == 1, let host = hosts.first else {
      throw VerifyError(
        .notFound, "notes are for one node, and \(hosts.count) are meant",
        hint: "choose it with --host: \(configuration.nodes.map(\.host).joined(separator: ", "))")
    }
    // The node's program, which may run as another user, reads it; it holds no secret.
    try FileContent.write(Array((overview.notes(for: host).text + "\n").utf8), to: path, mode: 0o644)
    output.note("wrote what \(host) is to know to \(path)")
  }
}

extension KeeperOverview {
  /// How a command ends that shows it.
  var result: CommandResult {
    CommandResult(
      isDamaged ? .damaged : isSafe ? .done : .overdue,
      summary: [
        .init("safe", .boolean(isSafe)), .init("sets", JSONValue(sets.count)),
        .init("copies", JSONValue(sets.reduce(0) { $0 + $1.freshness.destinations.count })),
        .init("damage", JSONValue(concerns.count { $0.severity == .damage })),
        .init("overdue", JSONValue(concerns.count { $0.severity == .overdue })),
        .init("notices", JSONValue(concerns.count { $0.severity == .notice })),
      ])
  }
}
