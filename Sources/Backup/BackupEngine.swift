public import Files
internal import OpenPGP
public import Policy
internal import Repository
public import Storage

/// Backs up a node's sets: the whole of what `redoubt backup` does beneath the command line.
///
/// Synchronous; it reads sources on the calling thread and works on threads of its own beside it.
public final class BackupEngine {
  let configuration: NodeConfiguration
  private let writers: [String: any ObjectWriter]
  let environment: RunEnvironment

  /// - Parameters:
  ///   - writers: an opened writer for each of the configuration's destinations, by name.
  ///   - environment: clock, randomness, cancellation and where events go.
  public init(
    configuration: NodeConfiguration, writers: [String: any ObjectWriter], environment: RunEnvironment
  ) {
    self.configuration = configuration
    self.writers = writers
    self.environment = environment
  }

  /// Backs up sets, one after the other; one that fails doesn't stop the rest.
  /// - Parameters:
  ///   - names: the sets' names; empty for all.
  ///   - readsAll: in mode `incremental`, reads every file, whatever the index says of it; in mode `full`, stores a
  ///     snapshot also where nothing has changed.
  /// - Throws: where nothing could be started: an unknown set, the lock, the state, the keys.
  public func run(sets names: [String] = [], readsAll: Bool = false) throws(BackupError) -> [SetOutcome] {
    let sets = try chosenSets(names)
    let run = try begin()
    // Keys that cannot be used are told before anything else.
    _ = try run.openKeys()
    var outcomes: [SetOutcome] = []
    for set in sets { outcomes += try run.perform(set, readsAll: readsAll) }
    return outcomes
  }

  /// Takes the lock.
  func begin() throws(BackupError) -> EngineRun {
    // The same destinations for all sets of a run.
    try EngineRun(
      configuration,
      configuration.destinations.compactMap { destination in
        writers[destination.name].map { RunDestination(destination.name, $0) }
      }, environment)
  }

  /// Tells what `run` would store, without touching the state, the keys or any destination.
  public func simulate(sets names: [String] = []) throws(BackupError) -> [SetOutcome] {
    var outcomes: [SetOutcome] = []
    for set in try chosenSets(names) {
      var outcome = SetOutcome(
        set: set.name, snapshot: environment.snapshotID(after: nil), status: .simulated)
      do {
        try NeverRules(configuration.never).check(set)
        let content = try SourceSurvey.survey(set) { environment.observe(.finding(set: set.name, $0)) }
        outcome.take(content)
        outcome.destinations = set.destinations.map { DestinationOutcome(name: $0, stored: false) }
      } catch {
        outcome.status = .failed
        outcome.reason = "\(error)"
        outcome.hint = (error as? NeverRules.Violation)?.hint ?? (error as? BackupError)?.hint
      }
      environment.observe(.setFinished(outcome))
      outcomes.append(outcome)
    }
    return outcomes
  }

  func chosenSets(_ names: [String]) throws(BackupError) -> [SetConfiguration] {
    for name in names where !configuration.sets.contains(where: { $0.name == name }) {
      throw BackupError(
        .configuration, "there is no set named \(name)",
        hint: "the configuration has \(configuration.sets.map(\.name).joined(separator: ", "))")
    }
    return configuration.sets.filter { names.isEmpty || names.contains($0.name) }
  }
}

/// What a run takes from outside, so that tests can choose it.
public struct RunEnvironment: Sendable {
  public var clock: @Sendable () -> Timestamp
  /// 64 random bits.
  public var random: @Sendable () -> UInt64
  /// Whether a signal asked to stop; looked at between files and volumes.
  public var isCancelled: @Sendable () -> Bool
  /// Called from several threads.
  public var observe: @Sendable (BackupEvent) -> Void

  public init(
    clock: @escaping @Sendable () -> Timestamp = { .now() },
    random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
    isCancelled: @escaping @Sendable () -> Bool = { false },
    observe: @escaping @Sendable (BackupEvent) -> Void = { _ in }
  ) {
    self.clock = clock
    self.random = random
    self.isCancelled = isCancelled
    self.observe = observe
  }

  /// A new snapshot's id, later than `last` whatever the clock says: ids must order as snapshots do.
  func snapshotID(after last: SnapshotID?) -> SnapshotID {
    let now = clock()
    let earliest = last.map { Timestamp(seconds: $0.started.seconds + 1) } ?? now
    return SnapshotID(started: max(now, earliest), random: UInt16(truncatingIfNeeded: random()))
  }
}

extension CatalogFile {
  /// The last snapshot of a set that was begun, finished or not.
  func lastSnapshot(of set: String) -> SnapshotID? {
    for record in records.reversed() {
      if case .started(let run) = record.event, run.set == set { return SnapshotID(run.snapshot) }
    }
    return nil
  }
}

extension SetOutcome {
  mutating func take(_ content: SnapshotContent) {
    entries = content.entries
    files = content.files
    bytes = content.bytes
    findings = content.findings
  }
}
