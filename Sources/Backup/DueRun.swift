internal import Digests
internal import Files
public import Policy
internal import Repository

/// What a run of all that is due came to.
public struct DueRun: Sendable {
  /// Of the sets that were due, or were looked at because their class is backed up after each change.
  public var outcomes: [SetOutcome] = []
  /// The sets that were not due, as their records have them.
  public var waiting: [SetFreshness] = []
}

extension BackupEngine {
  /// Backs up what is due by the frequency table, one set after the other; one that fails doesn't stop the rest.
  ///
  /// Sets of classes that are backed up after each change are looked at each time: where nothing has changed since the last
  /// snapshot, and the day's record of that is not due, nothing is written anywhere.
  /// - Parameters:
  ///   - names: the sets' names; empty for all.
  ///   - readsAll: see `run`.
  /// - Throws: where nothing could be started: an unknown set, the lock, the state, the keys.
  public func runDue(sets names: [String] = [], readsAll: Bool = false) throws(BackupError) -> DueRun {
    let sets = try chosenSets(names)
    // The lock comes first: what another run is just doing is due no more once that has ended.
    let engine = try begin()
    let (state, environment) = (engine.state, engine.environment)
    var run = DueRun()
    for set in sets {
      let now = environment.clock()
      let freshness = configuration.freshness(of: set, records: state.catalog.records, now: now)
      if let future = freshness.futureRecord {
        environment.observe(
          .notice(
            "\(set.name): its last record is dated \(future.rfc3339), later than now (\(now.rfc3339)): one of the two "
              + "clocks is wrong; the set is backed up"))
      }
      if !freshness.isDue {
        guard configuration.isLookedAt(set) else {
          run.waiting.append(freshness)
          environment.observe(.setWaiting(freshness))
          continue
        }
        if let outcome = unchangedOutcome(set, state) {
          run.outcomes.append(outcome)
          environment.observe(.setFinished(outcome))
          continue
        }
      }
      run.outcomes += try engine.perform(set, readsAll: readsAll)
    }
    return run
  }

  /// Tells what `runDue` would store, without touching the state, the keys or any destination.
  public func simulateDue(sets names: [String] = []) throws(BackupError) -> DueRun {
    var run = DueRun()
    let chosen = try chosenSets(names).map(\.name)
    var due: [String] = []
    for freshness in try setStatuses(configuration, now: environment.clock()) where chosen.contains(freshness.set) {
      if freshness.isDue {
        due.append(freshness.set)
      } else {
        run.waiting.append(freshness)
        environment.observe(.setWaiting(freshness))
      }
    }
    if !due.isEmpty { run.outcomes = try simulate(sets: due) }
    return run
  }

  /// The outcome of having looked, where the sources are as the last run that stored them found them.
  private func unchangedOutcome(_ set: SetConfiguration, _ state: NodeState) -> SetOutcome? {
    let began = environment.clock()
    guard let mark = state.mark(of: set.name), let snapshot = SnapshotID(mark.snapshot),
      let digest = SourceDigest.of(set, in: configuration, now: began), digest.hex == mark.digest
    else { return nil }
    var outcome = SetOutcome(set: set.name, snapshot: snapshot, status: .unchanged)
    outcome.seconds = Double(environment.clock().seconds(since: began))
    return outcome
  }
}
