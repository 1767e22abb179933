internal import Files
internal import Policy
internal import Repository

/// What a node's catalog says, set by set; gone through once.
struct NodeHistory {
  struct Stored {
    var snapshot: String
    var time: Timestamp
  }

  struct SetRecords {
    /// In order, those of this set alone.
    var records: [CatalogRecord] = []
    var dataClass: String?
    var mode: String?
    /// By destination, the snapshots that were stored there, in the order of their records.
    var stored: [String: [Stored]] = [:]
    /// When a run last spoke of a destination, whatever it said; and those whose medium was away then.
    var mentioned: [String: Timestamp] = [:]
    var away: Set<String> = []
    /// When a run first spoke of a destination.
    var firstMention: [String: Timestamp] = [:]
    var first: Timestamp?
    var last: Timestamp?
    var newest: String?
  }

  private(set) var sets: [String: SetRecords] = [:]
  private(set) var last: Timestamp?
  private(set) var count = 0

  init(_ records: [CatalogRecord]) {
    count = records.count
    for record in records {
      last = max(last ?? record.time, record.time)
      switch record.event {
      case .started(let it): sets[it.set, default: SetRecords()].records.append(record)
      case .unchanged(let it): sets[it.set, default: SetRecords()].records.append(record)
      case .snapshot(let it): sets[it.set, default: SetRecords()].take(it, record)
      case .failure(let it): sets[it.set, default: SetRecords()].take(it, record)
      default: break
      }
    }
  }
}

extension NodeHistory.SetRecords {
  fileprivate mutating func take(_ it: SnapshotStored, _ record: CatalogRecord) {
    records.append(record)
    dataClass = it.class
    mode = it.mode
    first = first ?? record.time
    newest = it.snapshot
    for outcome in it.destinations where outcome.stored {
      stored[outcome.name, default: []].append(.init(snapshot: it.snapshot, time: record.time))
    }
    mention(it.destinations, record.time)
  }

  fileprivate mutating func take(_ it: RunFailed, _ record: CatalogRecord) {
    records.append(record)
    mention(it.destinations, record.time)
  }

  private mutating func mention(_ outcomes: [DestinationOutcome], _ time: Timestamp) {
    last = time
    for outcome in outcomes {
      mentioned[outcome.name] = time
      if firstMention[outcome.name] == nil { firstMention[outcome.name] = time }
      if outcome.skipped == DestinationOutcome.notMounted {
        away.insert(outcome.name)
      } else {
        away.remove(outcome.name)
      }
    }
  }

  /// The destinations that the set still uses: a run spoke of them lately. One that was taken out of the node's
  /// configuration is spoken of no more.
  /// - Parameter patience: seconds that a destination may go unmentioned while others are; nil: for ever.
  func destinations(patience: Int64?) -> Set<String> {
    guard let last, let patience else { return Set(mentioned.keys) }
    return Set(mentioned.filter { last.seconds(since: $0.value) <= patience }.keys)
  }

  /// When the first snapshot was recorded that a destination has and that is newer than the newest proven one.
  /// - Parameter proven: by snapshot.
  /// - Returns: the newest proven one, and that time; nil where the newest of all is proven.
  func proof(
    at destination: String, _ proven: [String: SnapshotProof]
  ) -> (newest: SnapshotProof?, unprovenSince: Timestamp?) {
    let all = stored[destination] ?? []
    guard let index = all.lastIndex(where: { proven[$0.snapshot] != nil }) else { return (nil, all.first?.time) }
    return (proven[all[index].snapshot], all.indices.contains(index + 1) ? all[index + 1].time : nil)
  }
}
