internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository
internal import Storage

/// One run over one set: announce, pack, store, conclude.
///
/// The order is what makes a run that ends anywhere harmless: `started` is stored before the first volume, the manifest
/// after the last one, the outcome after the manifest. A snapshot exists at a destination once its manifest does.
final class SetRun {
  let set: SetConfiguration
  let configuration: NodeConfiguration
  let present: PresentDestinations
  let group: RunGroup
  let keys: BackupKeys
  let state: NodeState
  let environment: RunEnvironment
  let layout: Layout
  let snapshot: SnapshotID
  let readsAll: Bool
  let lanes: [DestinationLane]
  let mirrors: [(name: String, mirror: any TreeMirror)]
  /// What became of the mirrors.
  var mirrored: [DestinationOutcome] = []
  var outcome: SetOutcome
  /// Whether the run failed on a damaged index, which is gone now: another run will do.
  var needsAnotherRun = false
  /// Whether a destination lacks a part of the catalog, or the recovery files.
  var isCatalogBehind = false
  /// Destinations that have lost what they held, and how that showed.
  var lost: [String: StorageError] = [:]
  /// What the sources look like, taken before anything is read; nil where nobody asks, or it would not hold.
  var sources: SHA256Digest?

  /// - Parameters:
  ///   - present: the node's destinations: the catalog goes to each of them that takes objects.
  ///   - group: those that the set is stored to.
  ///   - mirrors: those of the set that take its files as they are.
  init(
    set: SetConfiguration, configuration: NodeConfiguration, present: PresentDestinations, group: RunGroup,
    mirrors: [(name: String, mirror: any TreeMirror)], keys: BackupKeys, state: NodeState, environment: RunEnvironment,
    readsAll: Bool
  ) {
    self.set = set
    self.mirrors = mirrors
    self.configuration = configuration
    self.present = present
    self.group = group
    self.keys = keys
    self.state = state
    self.environment = environment
    layout = Layout(host: configuration.host)
    self.readsAll = readsAll
    snapshot = environment.snapshotID(after: state.catalog.lastSnapshot(of: set.name))
    let subject = "\(configuration.host)/\(set.name)/\(snapshot)"
    let expiring = configuration.destinations.filter { $0.expiry == .lifecycle }.map(\.name)
    lanes = present.destinations.filter { group.names.contains($0.name) }.map {
      DestinationLane(
        name: $0.name, subject: subject, lifetime: expiring.contains($0.name) ? set.objectLifetime : nil, writer: $0)
    }
    outcome = SetOutcome(set: set.name, snapshot: snapshot, status: .failed)
    outcome.isCatchingUp = group.isApart
  }

  func perform() -> SetOutcome {
    let began = environment.clock()
    let hooks = SetHooks(set, host: configuration.host, environment)
    environment.observe(.setStarted(set: set.name, snapshot: snapshot))
    do {
      try NeverRules(configuration.never).check(set)
      try announce()
      guard !lanes.isEmpty || !mirrors.isEmpty else { throw noDestination }
      if group.isApart, mirrors.isEmpty, let error = unreachable {
        throw BackupError(.failed, "\(group.names.joined()): \(error)", hint: error.hint)
      }
      try hooks.runBefore("\(snapshot)")
      let mirror = try mirrorTree()
      if configuration.isLookedAt(set), group.isCommon {
        sources = SourceDigest.of(set, in: configuration, now: environment.clock())
      }
      if lanes.isEmpty, let mirror {
        try concludeMirrored(mirror, began: began)
      } else if set.mode == .full, let last = unchangedSnapshot() {
        concludeUnchanged(last, began: began)
      } else {
        try store(began: began)
      }
    } catch let violation as NeverRules.Violation {
      let error = BackupError(violation)
      fail(error.reason, hint: error.hint, began: began)
    } catch {
      if group.isApart, let lane = lanes.first, let error = lane.error {
        fail("\(lane.name): \(error)", hint: error.hint, began: began)
      } else {
        fail("\(error)", hint: (error as? BackupError)?.hint ?? (error as? IndexError)?.hint, began: began)
      }
    }
    runAfter(hooks)
    return outcome
  }

  /// Whatever came before: what `before` took hold of must be let go. The snapshot stands however this ends.
  func runAfter(_ hooks: SetHooks) {
    guard let error = hooks.runAfter(outcome) else { return }
    environment.observe(.notice("\(set.name): \(error)"))
    guard outcome.status != .failed else { return }
    outcome.status = .partial
    outcome.reason = "\(error)"
    outcome.hint = error.hint
  }

  /// Those that the snapshot is sent to.
  var usedLanes: [DestinationLane] { lanes.filter { lost[$0.name] == nil } }

  /// Why the one destination that is apart is not worth reading the sources for.
  private var unreachable: StorageError? {
    group.names.lazy.compactMap { [present, lost] name in
      lost[name] ?? present.destinations.first { $0.name == name }?.unreachable
    }.first
  }

  func seconds(since began: Timestamp) -> Double {
    let now = environment.clock()
    return Double(now.seconds - began.seconds) + Double(now.nanoseconds - began.nanoseconds) / 1e9
  }

  /// What the set's last snapshot held.
  var lastBytes: UInt64? {
    for record in state.catalog.records.reversed() {
      if case .snapshot(let stored) = record.event, stored.set == set.name { return stored.bytes }
    }
    return nil
  }
}

extension Finding {
  /// Whether a snapshot with it still holds everything that can be kept: a socket has nothing to keep, and a secret is kept
  /// where the set allows it.
  var isHarmless: Bool { code == .skippedSocket || code == .secret }
}
