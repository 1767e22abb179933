import ArgumentParser
import CommandLineOutput
import Policy
import Repository
import Verify

struct CatalogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "Check and show what was recorded, by the nodes and by this keeper.",
    discussion: ExitStatus.discussion(also: [.damaged, .locked]),
    subcommands: [
      CatalogCheckCommand.self, CatalogShowCommand.self, CatalogExportCommand.self, CatalogAcknowledgeCommand.self,
      CatalogRotateCommand.self, CatalogSignCommand.self,
    ])
}

struct CatalogCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Hold this keeper's catalog, and the nodes' catalogs at every destination, to what they were.",
    discussion: ExitStatus.discussion(
      "Finds records that are gone, changed, replayed or signed by a stranger, epochs that nobody has acknowledged, "
        + "snapshots that were recorded and are gone, and snapshots that no record tells of. What was seen is pinned for "
        + "the next time.", also: [.damaged, .locked]))

  @Option(help: ArgumentHelp("A node's name; may be repeated. (default: all)", valueName: "name"))
  var host: [String] = []

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      try KeeperAlerts.tell(file, command: "catalog check", output) { try run(output, $0) }
    }
  }

  private func run(_ output: Output, _ alerts: KeeperAlerts) throws -> CommandResult {
    let keeper = try Keeper.open(file, output, Progress(output))
    let own = try keeper.checkCatalogs()
    for catalog in own { show(catalog, output, alerts) }
    let observations = try keeper.observe(hosts: host)
    for observation in observations { show(observation, output, alerts) }
    let findings = observations.reduce(0) { $0 + $1.findings.count } + own.reduce(0) { $0 + $1.findings.count }
    let unchecked = observations.reduce(0) { $0 + $1.unchecked.count }
    return CommandResult(
      findings > 0 ? .damaged : unchecked > 0 ? .failed : .done,
      summary: [
        .init("nodes", JSONValue(observations.count)), .init("findings", JSONValue(findings)),
        .init("unchecked", JSONValue(unchecked)),
      ])
  }

  private func show(_ catalog: CatalogCondition, _ output: Output, _ alerts: KeeperAlerts) {
    let archived = catalog.archived == 0 ? "" : ", \(catalog.archived) more in archives"
    output.line(
      "\(catalog.path): \(catalog.records) records\(archived)\(catalog.signature.map { ", \($0)" } ?? "")")
    for finding in catalog.findings {
      let text = "\(catalog.path): \(finding.code.rawValue): \(finding.path) \(finding.detail)"
      output.error(text)
      alerts.take(finding: text)
    }
    for warning in catalog.warnings { output.warning(warning.text, hint: warning.hint) }
    output.event(
      "catalog",
      [
        .init("path", .string(catalog.path)), .init("records", JSONValue(catalog.records)),
        .init("archived", JSONValue(catalog.archived)), .init("last", JSONValue(catalog.last?.rfc3339)),
        .init("signature", JSONValue(catalog.signature)),
        .init("warnings", JSONValue(catalog.warnings.map(\.text))),
        .init("findings", .array(catalog.findings.map { .object($0.members) })),
      ])
  }

  private func show(_ observation: NodeObservation, _ output: Output, _ alerts: KeeperAlerts) {
    let records = observation.catalog.records
    let last = records.last.map { ", the last of \($0.time.rfc3339)" } ?? ""
    output.line("\(observation.host): \(records.count) records\(last)")
    for (destination, finding) in observation.findings {
      let place = destination.isEmpty ? "" : " at \(destination)"
      let text = "\(observation.host)\(place): \(finding.code.rawValue): \(finding.path) \(finding.detail)"
      output.error(text, about: Subject(host: observation.host, destination: destination.isEmpty ? nil : destination))
      alerts.take(finding: text)
    }
    for (destination, finding, note) in observation.acknowledged {
      output.line(
        "\(observation.host) at \(destination): acknowledged by \(note.by) at \(note.time.rfc3339): "
          + "\(finding.code.rawValue): \(finding.path) \(finding.detail)")
    }
    for (destination, reason) in observation.unchecked {
      output.error("\(observation.host) at \(destination): not checked: \(reason)")
    }
    output.event(
      "node",
      [
        .init("host", .string(observation.host)), .init("records", JSONValue(records.count)),
        .init("last", JSONValue(records.last?.time.rfc3339)),
        .init(
          "findings",
          .array(
            observation.findings.map { destination, finding in
              .object([.init("destination", .string(destination))] + finding.members)
            })),
        .init(
          "acknowledged",
          .array(
            observation.acknowledged.map { destination, finding, note in
              .object(
                [.init("destination", .string(destination)), .init("by", .string(note.by))] + finding.members)
            })),
        .init(
          "unchecked",
          .array(
            observation.unchecked.map {
              .object([.init("destination", .string($0.destination)), .init("reason", .string($0.reason))])
            })),
      ])
  }
}

struct CatalogAcknowledgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge",
    abstract: "Record that you know why a node began a new epoch.",
    discussion: ExitStatus.discussion(
      "A node begins one where its state is new, was lost, or is older than what it once stored. An epoch that nobody "
        + "expected may be another machine with the node's key.", also: [.locked]))

  @Argument(help: ArgumentHelp("The node's name.", valueName: "host"))
  var host: String

  @Argument(help: ArgumentHelp("The epoch, as 'catalog check' names it.", valueName: "epoch"))
  var epoch: String

  @Option(help: ArgumentHelp("Who says so.", valueName: "name"))
  var by: String

  @Option(help: ArgumentHelp("Why it began.", valueName: "text"))
  var note: String

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func run() throws {
    try options.run { output in
      for (option, text) in [("--by", by), ("--note", note)] where text.allSatisfy(\.isWhitespace) {
        throw VerifyError(.notFound, "\(option) is empty", hint: "say it in a few words: it is kept in the catalog")
      }
      try Keeper.open(file, output, Progress(output)).acknowledge(host: host, epoch: epoch, by: by, note: note)
      output.line("\(host): epoch \(epoch) acknowledged")
      return CommandResult(summary: [.init("host", .string(host)), .init("epoch", .string(epoch))])
    }
  }
}
