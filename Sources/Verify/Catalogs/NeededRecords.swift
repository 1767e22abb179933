internal import Files
internal import Policy
internal import Repository

/// Which records stay in the catalog: those that are younger than their retention, and those that later commands ask for,
/// however old they are.
struct NeededRecords {
  private let sequences: Set<Int>

  /// Drills of a set that the trend is made of.
  private static let drillCount = 12

  /// - Parameter pruned: `host/set/destination/snapshot` of what other catalogs of the keeper say is no more; what this one
  ///   says is added.
  init(_ records: [CatalogRecord], pruned: inout Set<String>, retention: LogRetention, now: Timestamp) {
    var sequences: Set<Int> = []
    var newest = Newest(pruned: pruned)
    // Of each host, whose first observation names the epoch that needs no acknowledgment.
    var first: [String: Int] = [:]
    for record in records {
      if case .observation(let seen) = record.event, first[seen.host] == nil { first[seen.host] = record.sequence }
    }
    sequences.formUnion(first.values)
    for record in records.reversed() {
      let isNeeded = newest.isNeeded(record.event)
      let isYoung = now.seconds - record.time.seconds < retention.seconds(record.event.logCategory)
      if isNeeded || isYoung { sequences.insert(record.sequence) }
    }
    self.sequences = sequences
    pruned = newest.pruned
  }

  func contains(_ record: CatalogRecord) -> Bool { sequences.contains(record.sequence) }

  /// Looks at records from the newest to the oldest.
  private struct Newest {
    private var seen: [String: Int] = [:]
    /// `host/set/destination/snapshot` of what is no more.
    private(set) var pruned: Set<String>

    init(pruned: Set<String>) { self.pruned = pruned }

    mutating func isNeeded(_ event: CatalogEvent) -> Bool {
      switch event {
      case .observation(let it): return isAmong(1, "observation", it.host, it.destination, it.epoch)
      case .verification(let it):
        let isLast = isAmong(1, "proven", it.host, it.set, it.destination, it.level.rawValue, it.result.rawValue)
        var isKeys = false
        if let key = it.key { isKeys = isAmong(1, "key", key) }
        let isSnapshots = isAmong(1, "verified", it.host, it.set, it.destination, it.snapshot, it.level.rawValue)
        let isThere = !pruned.contains("\(it.host)/\(it.set)/\(it.destination)/\(it.snapshot)")
        return isLast || isKeys || (isSnapshots && isThere)
      case .proof(let it):
        return isAmong(1, "proof", it.host, it.set, it.destination, it.level.rawValue, it.result.rawValue)
      case .drill(let it):
        return isAmong(NeededRecords.drillCount, "drill", it.host, it.set, it.destination, it.result.rawValue)
      case .attestation(let it): return isAmong(1, "attestation", it.class, it.host ?? "")
      case .selfTest(let it): return isAmong(1, "self-test", "\(it.passed)")
      case .run(let it): return isAmong(1, "run", it.shard ?? "")
      case .prune(let it):
        pruned.formUnion(it.snapshots.map { "\(it.host)/\(it.set)/\(it.destination)/\($0)" })
        return true
      // A snapshot that was pruned is not missed, an epoch that was acknowledged not asked about again, for ever; nor is
      // what people have decided about sets and damage.
      case .retirement, .damageAcknowledgement: return true
      case .acknowledgement, .signer, .rotation, .archived, .unknown: return true
      // A node's, which have no place in a keeper's catalog.
      case .started, .snapshot, .unchanged, .failure: return true
      }
    }

    /// Whether it is among the newest of its kind.
    private mutating func isAmong(_ count: Int, _ kind: String...) -> Bool {
      let before = seen[kind.joined(separator: "\n"), default: 0]
      seen[kind.joined(separator: "\n")] = before + 1
      return before < count
    }
  }
}

extension CatalogEvent {
  /// Which of the three kinds of logs a record is, whose retention guides ask for.
  var logCategory: LogCategory {
    switch self {
    case .observation(let it): it.findings.isEmpty ? .application : .security
    case .run(let it): it.damaged == 0 && it.unchecked == 0 ? .application : .security
    case .selfTest: .security
    case .verification(let it): it.result == .unchecked ? .security : .audit
    default: .audit
    }
  }
}
