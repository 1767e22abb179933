public import Files
public import Policy
internal import Repository
internal import Storage

/// Reads how fresh all configured sets are from the node's own catalog; changes nothing and takes no lock.
/// - Throws: `.state` where the catalog cannot be read, or does not hold.
public func setStatuses(
  _ configuration: NodeConfiguration, now: Timestamp
) throws(BackupError) -> [SetFreshness] {
  do {
    let records = try CatalogFile.records("\(configuration.state)/catalog.jsonl")
    return configuration.sets.map { configuration.freshness(of: $0, records: records, now: now) }
  } catch {
    throw BackupError(.state, "\(error)")
  }
}

extension NodeConfiguration {
  /// How fresh a set is by the class it names; one of no class that the table has is backed up daily.
  func freshness(of set: SetConfiguration, records: [CatalogRecord], now: Timestamp) -> SetFreshness {
    SetFreshness(
      of: set.name, dataClass: frequencies[set.dataClass] ?? .daily(set.dataClass), destinations: set.destinations,
      absent: absentMedia, records: records, now: now)
  }

  /// The removable destinations that are not mounted now, with how long they may stay away. One that cannot be looked at
  /// counts as there: a run says what is wrong.
  private var absentMedia: [String: Int64] {
    var absent: [String: Int64] = [:]
    for destination in destinations where destination.isMedium {
      if case .absent? = try? RemovableStore(destination.path).presence() {
        absent[destination.name] = destination.away
      }
    }
    return absent
  }
}

extension DataClass {
  /// For sets that did not come from a configuration file, whose classes are known.
  fileprivate static func daily(_ name: String) -> DataClass {
    DataClass(name: name, frequency: .daily, storage: [[.local]], verificationInterval: 31 * 86400, grace: 86400)
  }
}
