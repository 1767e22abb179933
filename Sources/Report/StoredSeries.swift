public import Files
public import Repository

/// How many bytes of a set are stored at a destination, at the end of each day: what runs stored, less what was pruned.
public struct StoredSeries: Sendable, Equatable {
  /// Destinations that have held the same at all times.
  public var destinations: [String]
  /// From the calendar's first day to today's.
  public var bytes: [UInt64]
  /// Storage frees itself there, which no record tells.
  public var expires: Bool

  /// - Parameters:
  ///   - destinations: by name, and whether storage frees itself there.
  ///   - node: the records of the set's node that are about the set, in their order.
  ///   - keeper: those of the keeper.
  public static func all(
    _ destinations: [(name: String, expires: Bool)], from first: Day, node: [CatalogRecord], keeper: [CatalogRecord],
    now: Timestamp
  ) -> [StoredSeries] {
    let days = first.distance(to: Day(now)) + 1
    guard days > 0 else { return [] }
    var all: [StoredSeries] = []
    for (name, expires) in destinations {
      // Changes by day; what was before the first day counts on it.
      var changes = Array(repeating: Int64(0), count: days)
      func add(_ bytes: Int64, _ time: Timestamp) {
        let index = max(0, first.distance(to: Day(time)))
        if index < days { changes[index] = changes[index].addingReportingOverflow(bytes).partialValue }
      }
      for record in node {
        guard case .snapshot(let stored) = record.event,
          stored.destinations.contains(where: { $0.name == name && $0.stored })
        else { continue }
        add(Int64(clamping: stored.storedBytes), record.time)
      }
      for record in keeper {
        guard case .prune(let pruned) = record.event, pruned.destination == name else { continue }
        add(-Int64(clamping: pruned.bytes), record.time)
      }
      var sum: Int64 = 0
      let bytes = changes.map { change in
        sum = max(0, sum.addingReportingOverflow(change).partialValue)
        return UInt64(sum)
      }
      guard bytes.contains(where: { $0 > 0 }) else { continue }
      if let same = all.firstIndex(where: { $0.bytes == bytes && $0.expires == expires }) {
        all[same].destinations.append(name)
      } else {
        all.append(StoredSeries(destinations: [name], bytes: bytes, expires: expires))
      }
    }
    return all
  }
}
