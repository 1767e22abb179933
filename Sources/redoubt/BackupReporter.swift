import Backup
import CommandLineOutput
import Files
import Policy
import Repository

/// Turns the engine's events into lines, progress or JSON. Any thread may call it.
final class BackupReporter: Sendable {
  private let output: Output
  private let progress: Progress

  init(_ output: Output) {
    self.output = output
    progress = Progress(output)
  }

  func finish() { progress.finish() }

  func take(_ event: BackupEvent) {
    switch event {
    case .setStarted(let set, let snapshot):
      output.note("\(set): backing up as \(snapshot)", about: Subject(set: set, snapshot: "\(snapshot)"))
      output.event("started", [.init("set", .string(set)), .init("snapshot", .string("\(snapshot)"))])
    case .progress(let now): progress.update(bytes: now.bytesRead, total: now.expectedBytes, label: now.set)
    case .finding(let set, let finding): output.show(finding, of: set, about: Subject(set: set))
    case .volumeStored(let set, let name, let bytes, let destination):
      output.debug("\(set): stored \(name) (\(bytes) bytes) at \(destination)")
    case .destinationFailed(let set, let destination, let error):
      output.error(
        "\(set.map { "\($0): " } ?? "")destination \(destination): \(error)", hint: error.hint,
        about: Subject(set: set, destination: destination))
    case .notice(let text): output.warning(text)
    case .setFinished(let outcome): show(outcome)
    case .setWaiting(let freshness):
      output.line(
        "\(freshness.set): \(freshness.dueFrom.map { "next due \($0.rfc3339)" } ?? "done, and never due again")")
      output.event(
        "waiting",
        [.init("set", .string(freshness.set)), .init("due-from", JSONValue(freshness.dueFrom?.rfc3339))])
    }
  }

  private func show(_ outcome: SetOutcome) {
    progress.finish()
    let subject = Subject(set: outcome.set, snapshot: "\(outcome.snapshot)")
    let content = "\(outcome.entries) entries, \(Amount.bytes(outcome.bytes))"
    switch outcome.status {
    case .failed:
      output.error(
        "\(outcome.set): failed: \(outcome.reason ?? "nothing was stored")", hint: outcome.hint, about: subject)
    case .unchanged:
      output.line(
        "\(outcome.set): unchanged since \(outcome.snapshot), in \(Amount.duration(outcome.seconds))", about: subject)
    case .simulated: output.line("\(outcome.set): would store \(content)")
    case .stored, .partial:
      let places = outcome.destinations.filter { $0.skipped == nil }.map { "\($0.name)\($0.stored ? "" : " (failed)")" }
        .joined(separator: ", ")
      output.line(
        "\(outcome.set): \(outcome.status == .stored ? "stored" : "stored in part"): \(outcome.snapshot), \(content) as "
          + "\(Amount.bytes(outcome.storedBytes)), to \(places), in \(Amount.duration(outcome.seconds))", about: subject
      )
    }
    for destination in outcome.destinations where destination.skipped == DestinationOutcome.notMounted {
      output.line("\(outcome.set): \(destination.name): skipped: not mounted")
    }
    for medium in outcome.overdue {
      output.warning(
        "\(outcome.set): \(medium.name) has been away for \(Amount.duration(Double(medium.age))); "
          + "\(Amount.duration(Double(medium.allowed))) are allowed",
        hint: "connect and mount the medium, and run a backup")
    }
    output.event(
      "set",
      [
        .init("set", .string(outcome.set)), .init("snapshot", .string("\(outcome.snapshot)")),
        .init("status", .string(outcome.status.rawValue)), .init("entries", JSONValue(outcome.entries)),
        .init("files", JSONValue(outcome.files)), .init("bytes", JSONValue(outcome.bytes)),
        .init("volumes", JSONValue(outcome.volumes)), .init("stored-bytes", JSONValue(outcome.storedBytes)),
        .init("seconds", JSONValue(outcome.seconds)), .init("findings", JSONValue(outcome.findings.count)),
        .init("reason", JSONValue(outcome.reason)),
        .init("overdue", JSONValue(outcome.overdue.map(\.name))),
        .init("destinations", .array(outcome.destinations.map(Self.json))),
      ])
  }

  private static func json(_ outcome: DestinationOutcome) -> JSONValue {
    .object([
      .init("name", .string(outcome.name)), .init("stored", .boolean(outcome.stored)),
      .init("error", JSONValue(outcome.error)), .init("skipped", JSONValue(outcome.skipped)),
    ])
  }
}
