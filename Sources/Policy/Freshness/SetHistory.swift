internal import Files
internal import Repository

/// What a node's catalog says of one set, in the order of the records.
///
/// Times are those of the records' runs: a success counts from when its run began, because that is how old its content
/// is. Records from the future are no success: see `DueRule.clockTolerance`.
struct SetHistory {
  struct Place {
    var snapshot: String?
    var lastSuccess: Timestamp?
    /// Why the last attempt did not reach it; nil where it did.
    var lastError: String?
  }

  private(set) var places: [String: Place] = [:]
  /// The first success at any destination.
  private(set) var anchor: Timestamp?
  /// The last run that was begun.
  private(set) var lastAttempt: Timestamp?
  private(set) var lastSnapshot: SnapshotStored?
  private(set) var lastSnapshotTime: Timestamp?
  /// The last run that left nothing anywhere, where nothing was stored since.
  private(set) var lastFailure: RunFailed?
  private(set) var lastFailureTime: Timestamp?
  /// Runs since the last one that reached every destination, of those that reached some.
  private(set) var incompleteAttempts = 0
  /// The latest time of a record that is later than now, where no success with a possible time came after it.
  private(set) var future: Timestamp?

  init(of set: String, destinations: [String], records: [CatalogRecord], now: Timestamp) {
    var began: Timestamp?
    for record in records {
      switch record.event {
      case .started(let run) where run.set == set:
        began = record.time
        lastAttempt = record.time
      case .snapshot(let stored) where stored.set == set:
        lastSnapshot = stored
        lastSnapshotTime = record.time
        (lastFailure, lastFailureTime) = (nil, nil)
        let outcomes = stored.destinations.filter { destinations.contains($0.name) }
        for outcome in outcomes {
          if outcome.stored {
            places[outcome.name, default: Place()].snapshot = stored.snapshot
          } else if outcome.skipped == nil {
            places[outcome.name, default: Place()].lastError = outcome.error ?? "not stored"
          }
        }
        // A destination that is new since has not failed.
        let isComplete = outcomes.allSatisfy { $0.stored || $0.skipped != nil }
        incompleteAttempts = isComplete ? 0 : incompleteAttempts + 1
        succeeded(at: outcomes.filter(\.stored).map(\.name), from: began, to: record.time, now)
        began = nil
      case .unchanged(let unchanged) where unchanged.set == set:
        (lastFailure, lastFailureTime) = (nil, nil)
        let reached = destinations.filter { places[$0]?.snapshot == unchanged.snapshot }
        if reached.count == destinations.count { incompleteAttempts = 0 }
        succeeded(at: reached, from: began, to: record.time, now)
        began = nil
      case .failure(let failure) where failure.set == set:
        (lastFailure, lastFailureTime) = (failure, record.time)
        for name in destinations {
          let outcome = failure.destinations.first { $0.name == name }
          places[name, default: Place()].lastError = outcome?.error ?? failure.reason
        }
        began = nil
      default: break
      }
    }
  }

  private mutating func succeeded(at reached: [String], from began: Timestamp?, to end: Timestamp, _ now: Timestamp) {
    for name in reached { places[name, default: Place()].lastError = nil }
    let latest = max(began ?? end, end)
    if latest.seconds(since: now) > DueRule.clockTolerance {
      future = max(future ?? latest, latest)
      return
    }
    future = nil
    let time = min(began ?? end, end)
    anchor = anchor ?? time
    for name in reached { places[name, default: Place()].lastSuccess = time }
  }
}
