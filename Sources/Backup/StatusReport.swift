public import Files
public import Policy
public import Repository

/// What a node knows of its sets from its own catalog.
public struct SetStatus: Sendable, Equatable {
  public var set: String
  public var dataClass: String
  /// The last snapshot that at least one destination has.
  public var lastSnapshot: SnapshotStored?
  public var lastSnapshotTime: Timestamp?
  /// When the set was last looked at with a good end: a snapshot, or nothing changed.
  public var lastSuccess: Timestamp?
  /// The last failure, where it came after the last snapshot.
  public var lastFailure: RunFailed?
  public var lastFailureTime: Timestamp?
  /// By destination of the set, the newest snapshot that is known to be there.
  public var destinations: [DestinationStatus]
}

/// A set's newest snapshot at one destination.
public struct DestinationStatus: Sendable, Equatable {
  public var name: String
  public var snapshot: String?
  public var time: Timestamp?
}

/// Reads the status of all configured sets; changes nothing and takes no lock.
public func setStatuses(_ configuration: NodeConfiguration) throws(BackupError) -> [SetStatus] {
  let records: [CatalogRecord]
  do { records = try CatalogFile.records("\(configuration.state)/catalog.jsonl") } catch {
    throw BackupError(.state, "\(error)")
  }
  var statuses: [SetStatus] = []
  for set in configuration.sets {
    var status = SetStatus(
      set: set.name, dataClass: set.dataClass,
      destinations: set.destinations.map { DestinationStatus(name: $0, snapshot: nil, time: nil) })
    for record in records { status.take(record) }
    statuses.append(status)
  }
  return statuses
}

extension SetStatus {
  fileprivate mutating func take(_ record: CatalogRecord) {
    switch record.event {
    case .snapshot(let stored) where stored.set == set:
      lastSnapshot = stored
      lastSnapshotTime = record.time
      lastSuccess = record.time
      (lastFailure, lastFailureTime) = (nil, nil)
      for index in destinations.indices {
        if stored.destinations.contains(where: { $0.name == destinations[index].name && $0.stored }) {
          destinations[index].snapshot = stored.snapshot
          destinations[index].time = record.time
        }
      }
    case .unchanged(let unchanged) where unchanged.set == set:
      lastSuccess = record.time
      (lastFailure, lastFailureTime) = (nil, nil)
    case .failure(let failure) where failure.set == set:
      (lastFailure, lastFailureTime) = (failure, record.time)
    default: break
    }
  }
}
