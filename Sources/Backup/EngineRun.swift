internal import Files
internal import Policy
internal import Repository
internal import Storage

/// One run of the engine, under the state's lock: what all of its sets share.
final class EngineRun {
  private let configuration: NodeConfiguration
  private let destinations: [RunDestination]
  private let mirrors: [(name: String, mirror: any TreeMirror)]
  let environment: RunEnvironment
  let state: NodeState
  /// Looked up for the first set that needs them: each look-up starts gpg.
  private var keys: BackupKeys?

  /// Takes the lock.
  /// - Parameters:
  ///   - destinations: those that take objects, in the configuration's order.
  ///   - mirrors: those that take files as they are.
  init(
    _ configuration: NodeConfiguration, _ destinations: [RunDestination],
    mirrors: [(name: String, mirror: any TreeMirror)], _ environment: RunEnvironment
  ) throws(BackupError) {
    self.mirrors = mirrors
    self.configuration = configuration
    self.destinations = destinations
    var environment = environment
    environment.observe = OncePerDestination(environment.observe).take
    self.environment = environment
    state = try NodeState(
      folder: configuration.state, now: environment.clock(), random: UInt32(truncatingIfNeeded: environment.random()))
    for notice in state.notices { environment.observe(.notice(notice)) }
    if !Paths.exists(NodeIndex.path(in: state.folder)) { try state.joinAll() }
  }

  /// - Throws: `.configuration` where a key cannot be used.
  func openKeys() throws(BackupError) -> BackupKeys {
    if let keys { return keys }
    let opened = try BackupKeys(configuration.keys, at: environment.clock())
    keys = opened
    return opened
  }

  /// Backs up one set: once, and in mode `incremental` once more for each removable medium that is there and for each
  /// destination that missed a snapshot.
  /// - Throws: `.configuration` where a key cannot be used; `.cancelled` after a signal.
  func perform(_ set: SetConfiguration, readsAll: Bool) throws(BackupError) -> [SetOutcome] {
    let keys = try openKeys()
    let present = PresentDestinations(configuration, destinations)
    var mirrors = mirrors.filter { set.destinations.contains($0.name) }
    var outcomes: [SetOutcome] = []
    for group in present.groups(for: set, places: configuration.places, apart: state.apart(set.name)) {
      let makeRun = { [configuration, environment, state, mirrors] in
        SetRun(
          set: set, configuration: configuration, present: present, group: group, mirrors: mirrors, keys: keys,
          state: state, environment: environment, readsAll: readsAll)
      }
      // The first run brings the files to those that take them as they are.
      mirrors = []
      let run = makeRun()
      var outcome = run.perform()
      if run.needsAnotherRun {
        environment.observe(.notice("\(outcome.reason ?? ""); the index is begun anew, which costs a complete upload"))
        outcome = makeRun().perform()
      }
      outcome.overdue = configuration.overdueMedia(outcome, state.catalog.records, now: environment.clock())
      environment.observe(.setFinished(outcome))
      outcomes.append(outcome)
      if environment.isCancelled() { throw BackupError(.cancelled, "stopped by a signal") }
    }
    return outcomes
  }
}
