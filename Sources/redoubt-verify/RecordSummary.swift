import Files
import Repository

/// What people and tables see of a record: the fields that most types share, and the rest in words.
struct RecordSummary {
  var host: String?
  var set: String?
  var snapshot: String?
  /// A destination, or where there are several, those that have it.
  var destination: String?
  var level: String?
  /// `sound`, `damaged`, `unchecked`, `stored`, `failed`, `passed` …
  var result: String?
  var objects: Int?
  var bytes: UInt64?
  var seconds: Double?
  var findings: Int?
  /// Whatever else is to be said, on one line.
  var words = ""

  init(_ event: CatalogEvent) {
    switch event {
    case .started(let it): (set, snapshot, words) = (it.set, it.snapshot, "epoch \(it.epoch)")
    case .snapshot(let it):
      (set, snapshot, result, bytes) = (it.set, it.snapshot, "stored", it.storedBytes)
      (objects, seconds, findings) = (it.volumes, it.seconds, it.findings)
      takeDestinations(it.destinations)
    case .unchanged(let it): (set, snapshot, result) = (it.set, it.snapshot, "unchanged")
    case .failure(let it):
      (set, snapshot, result) = (it.set, it.snapshot, "failed")
      takeDestinations(it.destinations)
      words = it.reason
    case .verification(let it):
      (host, set, snapshot, destination) = (it.host, it.set, it.snapshot, it.destination)
      (level, result, objects, bytes) = (it.level.rawValue, it.result.rawValue, it.objects, it.bytes)
      (seconds, findings, words) = (it.seconds, it.findingCount, Self.words(it.reason, it.findings))
    case .proof(let it):
      (host, set, destination, level) = (it.host, it.set, it.destination, it.level.rawValue)
      (result, objects, bytes, seconds) = (it.result.rawValue, it.volumes.count, it.bytes, it.seconds)
      (findings, words) = (it.findingCount, Self.words(it.reason, it.findings))
    case .drill(let it):
      (host, set, snapshot, destination) = (it.host, it.set, it.snapshot, it.destination)
      (level, result, objects, bytes) = ("drill", it.result.rawValue, it.entries, it.bytes)
      (seconds, findings) = (it.seconds.restore, it.findingCount)
      words = [it.by.map { "by \($0)" }, it.note, Self.words(it.reason, it.findings)].compactMap(\.self)
        .filter { !$0.isEmpty }.joined(separator: ": ")
    case .prune(let it):
      (host, set, destination, objects, bytes) = (it.host, it.set, it.destination, it.objects, it.bytes)
      (result, words) = (it.complete ? "pruned" : "cut short", it.snapshots.joined(separator: " "))
    default: takeOther(event)
    }
  }

  private mutating func takeOther(_ event: CatalogEvent) {
    switch event {
    case .observation(let it):
      (host, destination, objects, findings) = (it.host, it.destination, it.segments, it.findings.count)
      words = "epoch \(it.epoch): \(it.records) records"
      if !it.findings.isEmpty { words += ": \(Self.words(nil, it.findings))" }
    case .selfTest(let it):
      (host, set, snapshot, destination) = (it.host, it.set, it.snapshot, it.destination)
      let missed = it.cases.filter { !$0.found }.map(\.name)
      result = it.passed ? "passed" : "failed"
      words = missed.isEmpty ? "\(it.cases.count) kinds of damage found" : "missed \(missed.joined(separator: ", "))"
    case .acknowledgement(let it): (host, words) = (it.host, "epoch \(it.epoch): by \(it.by): \(it.note)")
    case .retirement(let it):
      (host, set, result) = (it.host, it.set, it.undone ? "no longer retired" : "retired")
      words = "by \(it.by): \(it.note)"
    case .damageAcknowledgement(let it):
      (host, set, snapshot, destination) = (it.host, it.set, it.snapshot, it.destination)
      (result, findings) = (it.undone ? "no longer acknowledged" : "acknowledged", it.findingCount)
      words = "by \(it.by): \(it.note)"
    case .attestation(let it): (host, words) = (it.host, "\(it.class): by \(it.by): \(it.note)")
    case .run(let it):
      (level, objects, bytes, seconds) = (it.level.rawValue, it.proven.objects, it.fetched, it.seconds)
      words = "\(it.left.objects) objects left\(it.reason.map { ": \($0)" } ?? "")"
      result = it.damaged > 0 ? "damaged" : it.unchecked > 0 ? "unchecked" : "done"
    case .archived(let it): words = "up to record \(it.last): in \(it.archives.joined(separator: ", "))"
    case .rotation(let it): (objects, words) = (it.records, "to \(it.archive)")
    case .signer(let it): words = it.key
    default: break
    }
  }

  private mutating func takeDestinations(_ outcomes: [DestinationOutcome]) {
    destination = outcomes.filter(\.stored).map(\.name).joined(separator: " ")
    words = outcomes.compactMap { outcome in outcome.error.map { "\(outcome.name): \($0)" } }.joined(separator: "; ")
  }

  private static func words(_ reason: String?, _ findings: [Finding]) -> String {
    let first = findings.first.map { "\($0.code.rawValue): \($0.path) \($0.detail)" }
    return [reason, first].compactMap(\.self).joined(separator: ": ")
  }

  /// On one line, for people.
  var text: String {
    var parts: [String] = []
    let subject = [host, set, snapshot].compactMap(\.self).joined(separator: "/")
    if !subject.isEmpty { parts.append(subject) }
    if let destination, !destination.isEmpty { parts.append("at \(destination)") }
    let outcome = [level, result].compactMap(\.self).joined(separator: " ")
    if !outcome.isEmpty { parts.append(outcome) }
    if let findings, findings > 0 { parts.append("(\(findings) findings)") }
    if let bytes { parts.append("\(bytes) bytes") }
    let text = parts.joined(separator: " ")
    let joined = words.isEmpty ? text : text.isEmpty ? words : "\(text): \(words)"
    return Array(joined.utf8).displayPath
  }
}
