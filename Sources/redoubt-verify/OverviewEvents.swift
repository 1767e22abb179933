import CommandLineOutput
import Policy
import Repository
import Verify

// What a keeper knows, as JSON.
extension OverviewScreen {
  func report(on output: Output) {
    for concern in overview.concerns { output.event("concern", concern.members) }
    for node in overview.nodes { output.event("node", node.members) }
    for set in overview.sets { output.event("set", members(set)) }
    for status in overview.attestations { output.event("attestation", status.members) }
    KeyScreen(overview).report(on: output)
    let test = overview.selfTest
    output.event(
      "self-test",
      [
        .init("time", JSONValue(test.time?.rfc3339)), .init("passed", test.last.map { .boolean($0.passed) } ?? .null),
        .init("cases", test.last.map { JSONValue($0.cases.count) } ?? .null),
        .init("due-from", JSONValue(test.dueFrom?.rfc3339)),
      ])
  }

  private func members(_ set: SetOverview) -> [JSONValue.Member] {
    var members = FreshnessLines(now: overview.time).members(set.freshness) { _ in [] }
    members.insert(.init("host", .string(set.host)), at: 0)
    members += [
      .init("mode", JSONValue(set.mode)), .init("known-class", .boolean(set.isKnownClass)),
      .init("newest-snapshot", JSONValue(set.newestSnapshot)),
      .init("first-snapshot-time", JSONValue(set.firstSnapshot?.rfc3339)),
      .init(
        "retired",
        set.retired.map { retired in
          .object([
            .init("time", .string(retired.time.rfc3339)), .init("by", .string(retired.by)),
            .init("note", .string(retired.note)), .init("resumed", JSONValue(retired.resumed?.rfc3339)),
          ])
        } ?? .null),
      .init("recipients", JSONValue(set.recipients)), .init("last-drill", set.lastDrill?.json ?? .null),
      .init("last-sound-drill", set.lastSoundDrill?.json ?? .null),
      .init("drill-due", JSONValue(set.drillDue?.rfc3339)),
      .init("drill-overdue-from", JSONValue(set.drillOverdueFrom?.rfc3339)),
      .init("places", .array(set.places.map { .object(self.members($0)) })),
    ]
    return members
  }

  private func members(_ place: PlaceOverview) -> [JSONValue.Member] {
    var proofs: [JSONValue.Member] = []
    for level in VerificationLevel.allCases {
      if let proof = place.proofs[level] { proofs.append(.init(level.rawValue, proof.json)) }
    }
    return [
      .init("destination", .string(place.destination)), .init("watched", .boolean(place.isWatched)),
      .init("current", .boolean(place.isCurrent)), .init("location", JSONValue(place.location?.rawValue)),
      .init("newest-snapshot", JSONValue(place.newestSnapshot)),
      .init("snapshots", place.snapshots.map { JSONValue($0) } ?? .null),
      .init("stored-bytes", place.storedBytes.map { JSONValue($0) } ?? .null),
      .init("listed", JSONValue(place.listed?.rfc3339)), .init("standing", .string(place.standing.rawValue)),
      .init("newest-proven", place.newestProven?.json ?? .null),
      .init("unproven-since", JSONValue(place.unprovenSince?.rfc3339)),
      .init("proof-due", JSONValue(place.proofDue?.rfc3339)),
      .init("proof-overdue-from", JSONValue(place.proofOverdueFrom?.rfc3339)), .init("proofs", .object(proofs)),
      .init("damaged", .array(place.damaged.map(\.json))),
      .init("acknowledged", .array(place.acknowledged.map(\.json))),
      .init(
        "last-unchecked",
        place.lastUnchecked.map {
          .object([.init("time", .string($0.time.rfc3339)), .init("reason", .string($0.reason))])
        } ?? .null),
      .init("last-drill", place.lastDrill?.json ?? .null),
    ]
  }
}

extension Concern {
  var members: [JSONValue.Member] {
    [
      .init("kind", .string(kind.rawValue)), .init("severity", .string(severity.rawValue)),
      .init("host", JSONValue(host)), .init("set", JSONValue(set)), .init("destination", JSONValue(destination)),
      .init("key", JSONValue(key)), .init("text", .string(text)), .init("since", JSONValue(since?.rfc3339)),
      .init("hint", JSONValue(hint)),
    ]
  }
}

extension NodeOverview {
  fileprivate var members: [JSONValue.Member] {
    [
      .init("host", .string(host)), .init("observed", JSONValue(observed?.rfc3339)),
      .init("records", JSONValue(records)), .init("last-record", JSONValue(lastRecord?.rfc3339)),
      .init(
        "destinations",
        .array(
          places.map { place in
            .object([
              .init("name", .string(place.destination)), .init("observed", JSONValue(place.observed?.rfc3339)),
              .init("unchecked", JSONValue(place.unchecked)),
              .init("findings", .array(place.findings.map { .object($0.members) })),
            ])
          })), .init("findings", .array(findings.map { .object($0.members) })),
    ]
  }
}

extension AttestationStatus {
  var members: [JSONValue.Member] {
    [
      .init("class", .string(dataClass)), .init("host", JSONValue(host)), .init("time", JSONValue(time?.rfc3339)),
      .init("by", JSONValue(last?.by)), .init("note", JSONValue(last?.note)),
      .init("due-from", JSONValue(dueFrom?.rfc3339)), .init("overdue-from", JSONValue(overdueFrom?.rfc3339)),
      .init("overdue", .boolean(isOverdue)),
    ]
  }
}

extension SnapshotProof {
  fileprivate var json: JSONValue {
    .object([
      .init("snapshot", .string(snapshot)), .init("level", .string(level.rawValue)),
      .init("time", .string(time.rfc3339)),
    ])
  }
}

extension DamagedSnapshot {
  fileprivate var json: JSONValue {
    .object([
      .init("snapshot", .string(snapshot)), .init("level", .string(level.rawValue)),
      .init("since", .string(since.rfc3339)), .init("finding-count", JSONValue(findingCount)),
      .init("findings", .array(findings.map { .object($0.members) })),
    ])
  }
}

extension AcknowledgedDamage {
  fileprivate var json: JSONValue {
    .object([
      .init("snapshot", .string(snapshot)), .init("time", .string(time.rfc3339)), .init("by", .string(by)),
      .init("note", .string(note)), .init("finding-count", JSONValue(findingCount)),
      .init("findings", .array(findings.map { .object($0.members) })),
    ])
  }
}

extension DrillNote {
  fileprivate var json: JSONValue {
    .object([
      .init("time", .string(time.rfc3339)), .init("snapshot", .string(snapshot)),
      .init("destination", .string(destination)), .init("result", .string(result.rawValue)),
      .init("standard-tools", .boolean(standardTools)), .init("seconds", JSONValue(seconds)),
      .init("age", JSONValue(age)), .init("failed-checks", JSONValue(failedChecks)),
    ])
  }
}
