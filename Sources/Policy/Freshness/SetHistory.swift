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
        succeeded(at: outcomes.filter(\.stored).map(\.name), from: began, to: record.time, now)
        if outcomes.contains(where: { !$0.stored && $0.skipped == nil }) { incompleteAttempts += 1 }
        if !destinations.contains(where: hasFailed) { incompleteAttempts = 0 }
        began = nil
      case .unchanged(let unchanged) where unchanged.set == set:
        (lastFailure, lastFailureTime) = (nil, nil)
        let reached = destinations.filter { places[$0]?.snapshot == unchanged.snapshot }
        succeeded(at: reached, from: began, to: record.time, now)
        if !destinations.contains(where: hasFailed) { incompleteAttempts = 0 }
        began = nil
      case .failure(let failure) where failure.set == set:
        take(failure, at: record.time, destinations)
        began = nil
      default: break
      }
    }
  }

  /// A destination that is new since has not failed.
  private func hasFailed(_ destination: String) -> Bool { places[destination]?.lastError != nil }

  private mutating func take(_ failure: RunFailed, at time: Timestamp, _ destinations: [String]) {
    // A destination that missed a snapshot, or a medium, has runs of its own: the others have not failed with it.
    let named = destinations.filter { name in failure.destinations.contains { $0.name == name } }
    for name in named.isEmpty ? destinations : named {
      let outcome = failure.destinations.first { $0.name == name }
      places[name, default: Place()].lastError = outcome?.error ?? failure.reason
    }
    let isOfSome = !named.isEmpty && named.count < destinations.count
    if destinations.allSatisfy(hasFailed) {
      (lastFailure, lastFailureTime) = (failure, time)
      if isOfSome { incompleteAttempts = 0 }
    } else {
      incompleteAttempts += 1
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
