import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct AttestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attest",
    abstract: "Record that a person tested recovery of what is kept offline, such as a seed phrase on paper.",
    discussion: ExitStatus.discussion(
      "The note says what was tested. Never write the seed phrase itself; what looks like one is refused.",
      also: [.overdue, .locked]))

  @Argument(
    help: ArgumentHelp(
      "A class that is kept offline, such as wallet-seed-phrases; or key-rotation, the yearly review of all keys.",
      valueName: "class"))
  var dataClass: String?

  @Option(help: ArgumentHelp("What was tested, and how it went.", valueName: "text"))
  var note: String?

  @Option(help: ArgumentHelp("Who tested it.", valueName: "name"))
  var by: String?

  @Option(help: ArgumentHelp("The node that it is about.", valueName: "name"))
  var host: String?

  @Flag(help: "Show when each such class was last attested; exit with 5 where one is overdue.")
  var list = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    if list {
      if dataClass != nil || note != nil || by != nil || host != nil {
        throw ValidationError("--list goes with no other option")
      }
    } else if dataClass == nil || note == nil || by == nil {
      throw ValidationError("a class, --note and --by are needed, or --list")
    }
  }

  func run() throws {
    try options.run { output in
      // A list changes nothing, and nobody needs to be told of it.
      if list { return try showAll(output) }
      return try KeeperAlerts.tell(file, command: "attest", output) { _ in try attest(output) }
    }
  }

  private func attest(_ output: Output) throws -> CommandResult {
    guard let dataClass, let note, let by else { return CommandResult(.usage) }
    let (keeper, configuration) = try Keeper.session(file, output, Progress(output))
    try keeper.attest(dataClass, host: host, note: note, by: by, table: configuration.frequencies)
    output.line("\(dataClass)\(host.map { " of \($0)" } ?? ""): attested by \(by)")
    return CommandResult(summary: [.init("class", .string(dataClass)), .init("host", JSONValue(host))])
  }

  private func showAll(_ output: Output) throws -> CommandResult {
    let (keeper, configuration) = try Keeper.session(file, output, Progress(output))
    let statuses = try keeper.attestations(configuration.frequencies) + [try keeper.overview().keyRotation.status]
    for status in statuses { show(status, output) }
    let overdue = statuses.count(where: \.isOverdue)
    return CommandResult(
      overdue == 0 ? .done : .overdue,
      summary: [.init("attestations", JSONValue(statuses.count)), .init("overdue", JSONValue(overdue))])
  }

  private func show(_ status: AttestationStatus, _ output: Output) {
    let subject = "\(status.dataClass)\(status.host.map { " of \($0)" } ?? "")"
    if let last = status.last, let time = status.time, let due = status.dueFrom {
      output.line(
        "\(subject): \(status.isOverdue ? "overdue: " : "")attested at \(time.rfc3339) by \(last.by): \(last.note); "
          + "due again at \(due.rfc3339)")
    } else if let time = status.time, let last = status.last {
      output.line("\(subject): attested at \(time.rfc3339) by \(last.by): \(last.note)")
    } else if status.isOverdue {
      output.line("\(subject): overdue: never attested")
    } else {
      output.line("\(subject): never attested\(status.dueFrom.map { "; due at \($0.rfc3339)" } ?? "")")
    }
    output.event("attestation", status.members)
  }
}
