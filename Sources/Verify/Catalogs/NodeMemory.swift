internal import Repository

/// What the keeper's catalog says of nodes' catalogs and snapshots, gathered in one pass over its records.
struct NodeMemory {
  private struct Place: Hashable {
    var host: String
    var destination: String
  }

  private var pins: [Place: [String: Observation]] = [:]
  private var firstSeen: [String: String] = [:]
  private var acknowledged: [String: Set<String>] = [:]
  private var pruned: [Place: Set<String>] = [:]

  init(_ records: [CatalogRecord]) {
    for record in records {
      switch record.event {
      case .observation(let seen):
        pins[Place(host: seen.host, destination: seen.destination), default: [:]][seen.epoch] = seen
        if firstSeen[seen.host] == nil { firstSeen[seen.host] = seen.epoch }
      case .acknowledgement(let known): acknowledged[known.host, default: []].insert(known.epoch)
      case .prune(let deletion):
        pruned[Place(host: deletion.host, destination: deletion.destination), default: []].formUnion(
          deletion.snapshots.map { "\(deletion.set)/\($0)" })
      default: break
      }
    }
  }

  /// The last observation of each epoch of a node at a destination, by epoch.
  func pins(of host: String, at destination: String) -> [String: Observation] {
    pins[Place(host: host, destination: destination)] ?? [:]
  }

  /// The epochs of a node that need no acknowledgment: those that have one, and the oldest of those that were there when
  /// the keeper first saw the node.
  /// - Parameter oldest: the oldest that is there, where nothing was ever seen.
  func acceptedEpochs(of host: String, oldest: Epoch?) -> Set<String> {
    var accepted = acknowledged[host] ?? []
    if let name = firstSeen[host] ?? oldest?.description { accepted.insert(name) }
    return accepted
  }

  /// What was deleted on purpose, as `set/snapshot`.
  func pruned(of host: String, at destination: String) -> Set<String> {
    pruned[Place(host: host, destination: destination)] ?? []
  }
}
