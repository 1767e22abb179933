internal import Files
public import JSON

/// Which of the three is told.
public enum RunEvent: String, Sendable, CaseIterable { case success, failure, overdue }

extension RunReport {
  /// The version of the document; raised where a reader of the old one would misread a new one. Members may be added at
  /// any time.
  public static let documentVersion = 1

  /// How many findings the document lists at most.
  static let findingLimit = 100

  /// The document that commands get on standard input and webhooks by POST, as redoubt.toml(5) describes it.
  public func document(_ event: RunEvent) -> JSONValue {
    .object([
      .init("v", JSONValue(RunReport.documentVersion)), .init("type", "run"), .init("event", .string(event.rawValue)),
      .init("program", .string(program)), .init("version", .string(version)), .init("command", .string(command)),
      .init("host", .string(host)), .init("started", .string(started.rfc3339)),
      .init("finished", .string(ended.rfc3339)), .init("seconds", JSONValue(seconds)),
      .init("exit", JSONValue(exitStatus)), .init("meaning", .string(meaning)), .init("reason", JSONValue(reason)),
      .init("hint", JSONValue(hint)), .init("overdue", JSONValue(overdue)),
      .init("sets", .array(sets.map(\.json))), .init("verifications", .array(verifications.map(\.json))),
      .init("findings", JSONValue(Array(findings.prefix(RunReport.findingLimit)))),
    ])
  }

  /// A few lines for a person, for the body of a ping. At most 10,000 bytes: healthchecks.io keeps the first 100,000.
  var summary: String {
    var lines = ["\(program) \(command) on \(host): \(meaning) (exit \(exitStatus)) after \(Int(seconds.rounded())) s"]
    if let reason { lines.append(reason) }
    if let hint { lines.append("hint: \(hint)") }
    for set in sets {
      guard let outcome = set.outcome else { continue }
      var line = "\(set.name): \(outcome.status)"
      if outcome.status == "failed" {
        line += ": \(outcome.reason ?? "nothing was stored")"
      } else {
        line += " \(outcome.snapshot), \(outcome.amounts.readBytes) bytes read, \(outcome.amounts.sentBytes) bytes sent"
        if outcome.amounts.findings > 0 { line += ", \(outcome.amounts.findings) findings" }
        for place in outcome.destinations where !place.stored {
          line += "; \(place.name): \(place.error ?? "not stored")"
        }
      }
      lines.append(line)
    }
    for check in verifications {
      lines.append(
        "\(check.host)/\(check.set)/\(check.snapshot) at \(check.destination): \(check.level): \(check.result)"
          + (check.findings > 0 ? ", \(check.findings) findings" : "") + (check.reason.map { ": \($0)" } ?? ""))
    }
    lines += findings.prefix(Self.findingLimit)
    if !overdue.isEmpty { lines.append("overdue: \(overdue.joined(separator: ", "))") }
    return String(decoding: lines.joined(separator: "\n").utf8.prefix(10_000), as: UTF8.self)
  }
}

extension SetReport {
  fileprivate var json: JSONValue {
    .object([
      .init("set", .string(name)), .init("class", .string(dataClass)), .init("outcome", outcome?.json ?? .null),
      .init("last-snapshot", JSONValue(lastSnapshot?.id)), .init("failed", .boolean(hasFailed)),
      .init("failures", JSONValue(failures)), .init("due", JSONValue(due?.rfc3339)),
      .init("overdue-from", JSONValue(overdueFrom?.rfc3339)), .init("overdue", .boolean(isOverdue)),
      .init(
        "destinations",
        .array(
          places.map {
            .object([.init("name", .string($0.name)), .init("last-success", JSONValue($0.lastSuccess?.rfc3339))])
          })),
    ])
  }
}

extension SetReport.Outcome {
  fileprivate var json: JSONValue {
    .object([
      .init("status", .string(status)), .init("snapshot", .string(snapshot)), .init("seconds", JSONValue(seconds)),
      .init("entries", JSONValue(amounts.entries)), .init("read-bytes", JSONValue(amounts.readBytes)),
      .init("stored-bytes", JSONValue(amounts.storedBytes)), .init("sent-bytes", JSONValue(amounts.sentBytes)),
      .init("findings", JSONValue(amounts.findings)), .init("reason", JSONValue(reason)),
      .init("hint", JSONValue(hint)),
      .init(
        "destinations",
        .array(
          destinations.map {
            .object([
              .init("name", .string($0.name)), .init("stored", .boolean($0.stored)),
              .init("error", JSONValue($0.error)),
            ])
          })),
    ])
  }
}

extension VerificationReport {
  fileprivate var json: JSONValue {
    .object([
      .init("host", .string(host)), .init("set", .string(set)), .init("snapshot", .string(snapshot)),
      .init("destination", .string(destination)), .init("level", .string(level)), .init("result", .string(result)),
      .init("seconds", JSONValue(seconds)), .init("bytes", JSONValue(bytes)), .init("findings", JSONValue(findings)),
      .init("reason", JSONValue(reason)),
    ])
  }
}
