internal import Files
internal import Policy
internal import Repository
internal import Storage

/// One run, step by step. Belongs to the thread of the run.
final class KeeperRunner {
  let keeper: Keeper
  let readers: [String: RunReader]
  let run: RunContext
  let began: Timestamp
  var sets: [ProvenSet] = []
  var nodes: [String: WatchedNode] = [:]
  var classes: [String: DataClass] = [:]
  /// Where the request names none.
  let seed = UInt64.random(in: .min ... .max)

  init(keeper: Keeper, readers: [String: RunReader], run: RunContext, began: Timestamp) {
    self.keeper = keeper
    self.readers = readers
    self.run = run
    self.began = began
  }

  // MARK: Planning

  /// Looks at the nodes' catalogs and at what is stored, and finds what is due.
  func prepare(_ request: RunRequest, _ report: inout RunReport) throws(VerifyError) {
    let selection = request.selection
    let places = try keeper.places(selection)
    for (node, _, _) in places { nodes[node.host] = node }
    let owns = { (host: String, set: String) in
      (selection.sets.isEmpty || selection.sets.contains(set)) && request.shard?.owns(host: host, set: set) ?? true
    }
    report.observations = try keeper.observe(hosts: selection.hosts, run.state, looksAt: owns)
    let chosen = Set(places.map { "\($0.0.host) \($0.1)" })
    for index in report.observations.indices {
      let observation = report.observations[index]
      take(observation, chosen)
      if let shard = request.shard {
        report.observations[index].findings.removeAll { !shard.tells($0.finding, of: observation.host) }
      }
      report.observations[index].stored = []
      for (destination, reason) in observation.unchecked where chosen.contains("\(observation.host) \(destination)") {
        report.unchecked.append(("\(observation.host) at \(destination)", reason))
      }
    }
    let plan = RunPlan(sets, run.ledger, level: run.level, now: began)
    report.plan = plan.duePlaces
    report.drillPlan = request.drills ? dueDrills() : []
    report.pace = pace(request)
  }

  private func take(_ observation: NodeObservation, _ chosen: Set<String>) {
    var last: [String: SnapshotStored] = [:]
    for record in observation.catalog.records {
      if case .snapshot(let stored) = record.event { last[stored.set] = stored }
    }
    let table = run.configuration.frequencies
    for stored in observation.stored {
      let place = stored.place
      guard chosen.contains("\(place.host) \(place.destination)") else { continue }
      let dataClass = last[place.set].flatMap { table[$0.class] }
      classes["\(place.host)/\(place.set)"] = dataClass
      sets.append(
        ProvenSet(
          stored: stored,
          // Of what no record tells of, nobody knows how long it may wait.
          interval: dataClass?.verificationInterval ?? table.shortestInterval,
          isIncremental: last[place.set]?.mode != SetConfiguration.Mode.full.rawValue))
    }
  }

  private func pace(_ request: RunRequest) -> RunPace? {
    guard let budget = request.budget, !sets.isEmpty else { return nil }
    let interval = sets.map(\.interval).min() ?? run.configuration.frequencies.shortestInterval
    let needed = sets.reduce(0.0) { sum, set in
      sum + Double(set.stored.bytes) * Double(interval) / Double(set.interval)
    }
    let largest = sets.flatMap(\.stored.folders).map { ($0.manifest ?? 0) + ($0.volumes.map(\.size).max() ?? 0) }.max()
    return RunPace(
      interval: interval, needed: UInt64(needed), cadence: cadence(request), budget: budget, largest: largest ?? 0)
  }

  /// Seconds from run to run: the mean of the last ones.
  func cadence(_ request: RunRequest) -> Int64 {
    let times = ((run.ledger.runs[request.shard?.description ?? ""] ?? []).suffix(12) + [began]).map(\.seconds)
    guard times.count > 1, let first = times.first, let last = times.last, last > first else { return 86400 }
    return max(3600, (last - first) / Int64(times.count - 1))
  }

  /// The sets whose restore is to be rehearsed: at each of a set's places in turn.
  private func dueDrills() -> [DueDrill] {
    var due: [DueDrill] = []
    let bySet = Dictionary(grouping: sets.filter { $0.stored.snapshots.last != nil }) {
      "\($0.place.host)/\($0.place.set)"
    }
    for (name, sets) in bySet.sorted(by: { $0.key < $1.key }) {
      guard let interval = classes[name]?.drillInterval else { continue }
      let age = ProofAge(now: began, interval: interval)
      let known = sets.map { (place: $0.place, drilled: run.ledger.drilled(at: $0.place)) }
      let last = known.compactMap(\.drilled.sound).max()
      guard age.isDue(last) else { continue }
      // What has failed is tried again after a while, elsewhere where that is possible.
      if let tried = known.compactMap(\.drilled.tried).max(), tried != last,
        (0..<age.slack).contains(began.seconds(since: tried))
      {
        continue
      }
      let next = known.min { one, other in
        (one.drilled.tried?.seconds ?? .min, one.place) < (other.drilled.tried?.seconds ?? .min, other.place)
      }
      if let next { due.append(DueDrill(place: next.place, last: last)) }
    }
    return due.sorted { ($0.last?.seconds ?? .min, $0.place) < ($1.last?.seconds ?? .min, $1.place) }
  }
}

extension RunPlan {
  var duePlaces: [DuePlace] {
    places.filter { $0.due.objects > 0 }.map {
      DuePlace(place: $0.set.place, due: $0.due, oldest: $0.oldest, snapshots: $0.snapshots.count)
    }
  }
}

extension FrequencyTable {
  /// The shortest time in which copies of any class are to be proven.
  var shortestInterval: Int64 { classes.filter { !$0.isOffline }.map(\.verificationInterval).min() ?? 31 * 86400 }
}

extension Shard {
  /// Whether it is this worker that tells of something in a node's catalog: of its own sets, and of the catalog as a whole
  /// where the node is its own.
  fileprivate func tells(_ finding: Finding, of host: String) -> Bool {
    let set = finding.path.prefix { $0 != "/" }
    return set == "catalog" ? owns(host: host) : owns(host: host, set: String(set))
  }
}
