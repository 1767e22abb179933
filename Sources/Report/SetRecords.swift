internal import Repository
internal import Verify

/// The records that are about one set, in their order.
struct SetRecords {
  struct Place: Hashable {
    var host: String
    var set: String
  }

  /// Its node's.
  var node: [CatalogRecord] = []
  /// The keeper's.
  var keeper: [CatalogRecord] = []

  /// Sorts all records by what they are about.
  static func all(_ knowledge: KeeperKnowledge) -> [Place: SetRecords] {
    var sets: [Place: SetRecords] = [:]
    for record in knowledge.records {
      let place: Place? =
        switch record.event {
        case .verification(let it): Place(host: it.host, set: it.set)
        case .proof(let it): Place(host: it.host, set: it.set)
        case .drill(let it): Place(host: it.host, set: it.set)
        case .prune(let it): Place(host: it.host, set: it.set)
        default: nil
        }
      if let place { sets[place, default: SetRecords()].keeper.append(record) }
    }
    for node in knowledge.configuration.nodes {
      for record in knowledge.records(ofNode: node.host) {
        let set: String? =
          switch record.event {
          case .started(let it): it.set
          case .snapshot(let it): it.set
          case .unchanged(let it): it.set
          case .failure(let it): it.set
          default: nil
          }
        if let set { sets[Place(host: node.host, set: set), default: SetRecords()].node.append(record) }
      }
    }
    return sets
  }
}
