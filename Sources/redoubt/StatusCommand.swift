import ArgumentParser
import Backup
import CommandLineOutput
import Files
import Policy

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show each set's last snapshot and its age, for each destination.",
    discussion: ExitStatus.discussion("Reads this node's own records; storage is not asked."))

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      let node = try output.use(NodeConfiguration.inspect(try absolutePath(file.config)))
      let statuses = try setStatuses(node)
      let now = Timestamp.now()
      for status in statuses { show(status, now, output) }
      return CommandResult(summary: [.init("sets", JSONValue(statuses.count))])
    }
  }

  private func show(_ status: SetStatus, _ now: Timestamp, _ output: Output) {
    output.line("\(status.set) (\(status.dataClass))")
    for destination in status.destinations {
      let age = destination.time.map { Amount.duration(Double(max(0, now.seconds(since: $0)))) }
      output.line(
        "  \(destination.name): "
          + (destination.snapshot.map { "\($0), \(age ?? "?") ago" } ?? "no snapshot"))
    }
    if let failure = status.lastFailure, let time = status.lastFailureTime {
      output.line("  failed since, at \(time.rfc3339): \(failure.reason)")
    }
    output.event(
      "set",
      [
        .init("set", .string(status.set)), .init("class", .string(status.dataClass)),
        .init("snapshot", JSONValue(status.lastSnapshot?.snapshot)),
        .init("last-success", JSONValue(status.lastSuccess?.rfc3339)),
        .init("last-failure", JSONValue(status.lastFailure?.reason)),
        .init("last-failure-time", JSONValue(status.lastFailureTime?.rfc3339)),
        .init(
          "destinations",
          .array(
            status.destinations.map { destination in
              .object([
                .init("name", .string(destination.name)), .init("snapshot", JSONValue(destination.snapshot)),
                .init("time", JSONValue(destination.time?.rfc3339)),
                .init("age", destination.time.map { JSONValue(now.seconds(since: $0)) } ?? .null),
              ])
            })),
      ])
  }
}
