internal import Channels
internal import Files
internal import Policy
internal import Repository
internal import Storage

extension Keeper {
  /// What a run would do now.
  ///
  /// Nodes' catalogs are looked at and pinned as in any run; nothing else is read or recorded.
  public func planRun(_ request: RunRequest) throws(VerifyError) -> RunReport {
    try withRun(request) { (run, report) throws(VerifyError) in }
  }

  /// Proves what the table makes due, the oldest proofs first, and records each result as soon as it is known.
  ///
  /// A run that is cancelled ends in order: what was proven is recorded. What is wrong with what is stored is in the
  /// report, and so is what could not be checked.
  /// - Throws: where the keeper's own state or keys cannot be used; `.notFound` for a level or choice that cannot be.
  public func run(_ request: RunRequest) throws(VerifyError) -> RunReport {
    try withRun(request) { (run, report) throws(VerifyError) in
      try run.work(request, &report)
    }
  }

  private func withRun(
    _ request: RunRequest, _ body: (KeeperRunner, inout RunReport) throws(VerifyError) -> Void
  ) throws(VerifyError) -> RunReport {
    guard request.level < .restored else {
      throw VerifyError(.notFound, "a run does not verify to level restored", hint: "that is what its drills prove")
    }
    let began = environment.clock()
    let state = try openState(request.shard?.folder(in: configuration.state), base: configuration.state)
    let end = request.maximumTime.map { $0 + began.seconds }
    let budget = RunBudget(bytes: request.budget) { [environment] in
      environment.isCancelled() || end.map { environment.clock().seconds >= $0 } ?? false
    }
    let copies = "\(request.scratch)/redoubt-run-\(UInt32.random(in: .min ... .max))"
    var counted: [String: RunReader] = [:]
    for (name, reader) in readers { counted[name] = RunReader(reader, budget, copies: "\(copies)/\(name)") }
    defer { removeTree(copies) }
    let keeper = Keeper(configuration: configuration, readers: counted, environment: environment)
    var report = RunReport(
      run: KeeperRun(level: request.level, shard: request.shard?.description, budget: request.budget))
    let run = RunContext(
      configuration, environment, budget, level: request.level, scratch: request.scratch, try makeDecryptor(), state,
      Ledger(state.records, now: began))
    let runner = KeeperRunner(keeper: keeper, readers: counted, run: run, began: began)
    try runner.prepare(request, &report)
    try body(runner, &report)
    return report
  }
}

/// One run, step by step. Belongs to the thread of the run.
final class KeeperRunner {
  let keeper: Keeper
  let readers: [String: RunReader]
  let run: RunContext
  let began: Timestamp
  private var sets: [ProvenSet] = []
  private var nodes: [String: WatchedNode] = [:]
  private var classes: [String: DataClass] = [:]
  /// Where the request names none.
  private let seed = UInt64.random(in: .min ... .max)

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
  private func cadence(_ request: RunRequest) -> Int64 {
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

  // MARK: Working

  func work(_ request: RunRequest, _ report: inout RunReport) throws(VerifyError) {
    report.run.due = report.plan.reduce(into: KeeperRun.Amount()) { $0.add($1.due) }
    var proves = !report.drillPlan.isEmpty || !makePlan(request).places.isEmpty
    if proves {
      report.selfTest = try selfTest(request)
      switch report.selfTest {
      case .failed, .impossible: proves = false
      case .passed, .notNeeded: break
      }
    }
    if proves {
      for drill in report.drillPlan {
        if run.budget.isOver { break }
        if try !rehearse(drill.place, request, &report) { report.drillsLeft.append(drill) }
      }
      try prove(request, &report)
    } else {
      report.drillsLeft = report.drillPlan
    }
    try conclude(&report)
    report.overview = KeeperOverview(
      try KeeperKnowledge.read(run.configuration, records: run.state.records), now: run.now
    ).part(of: request)
  }

  /// A verifier that would not notice must not say "sound".
  private func selfTest(_ request: RunRequest) throws(VerifyError) -> RunReport.SelfTestResult {
    if let (test, time) = run.ledger.selfTest, test.passed,
      (0..<request.selfTestCounts).contains(began.seconds(since: time))
    {
      return .notNeeded
    }
    // The cheapest that can be had; several are tried, because what is damaged already shows nothing.
    let candidates = sets.filter { !$0.stored.snapshots.isEmpty }.map { set in
      (
        place: set.place,
        bytes: set.isIncremental ? set.stored.bytes : set.stored.folders.last { $0.manifest != nil }?.bytes ?? 0
      )
    }.sorted { ($0.bytes, $0.place) < ($1.bytes, $1.place) }
    var reason = "there is no snapshot to test with"
    for (place, bytes) in candidates.prefix(5) {
      guard bytes <= run.budget.left else {
        reason = "the budget is smaller than the \(bytes) bytes of the smallest snapshot"
        break
      }
      let selection = SnapshotSelection(hosts: [place.host], sets: [place.set], destinations: [place.destination])
      do throws(VerifyError) {
        let test = try keeper.selfTest(selection, scratch: request.scratch, run.state)
        return test.passed ? .passed(test) : .failed(test)
      } catch {
        if error.code == .cancelled || error.code == .state { throw error }
        if reason.hasPrefix("there is no") { reason = error.reason }
        run.environment.observe(.notice("self-test: \(error)"))
        // What is damaged is to be known, whatever becomes of the rest.
        if error.code == .damaged { try verifyNewest(place) }
      }
    }
    return .impossible(reason)
  }

  /// Verifies the newest snapshot of a place; what is sound is not recorded, because it would prove nothing.
  private func verifyNewest(_ place: Ledger.Place) throws(VerifyError) {
    guard let node = nodes[place.host], let reader = readers[place.destination],
      let set = sets.first(where: { $0.place == place }), let newest = set.stored.snapshots.last
    else { return }
    let verifier = Verifier(
      opening: try ManifestOpening(node: node, decryptor: run.decryptor),
      workers: workerCount(configured: run.configuration.workers), environment: run.environment)
    let verification = try verifier.verify(
      SnapshotReference(place, newest), at: place.destination, reader: reader, level: run.level, scratch: run.scratch)
    if verification.result == .damaged { try run.append(.verification(verification)) }
  }

  /// - Returns: whether it was done.
  private func rehearse(
    _ place: Ledger.Place, _ request: RunRequest, _ report: inout RunReport
  ) throws(VerifyError) -> Bool {
    guard let set = sets.first(where: { $0.place == place }) else { return false }
    let newest = set.stored.folders.last { $0.manifest != nil }
    let bytes = set.isIncremental ? set.stored.bytes : newest?.bytes ?? 0
    guard bytes <= run.budget.left else {
      run.environment.observe(
        .notice("\(place): a drill would fetch up to \(bytes) bytes, more than is left of the budget"))
      return false
    }
    var drill = DrillRequest(
      selection: SnapshotSelection(hosts: [place.host], sets: [place.set], destinations: [place.destination]))
    drill.scratch = request.drillScratch
    do throws(VerifyError) {
      let before = run.state.catalog.records.count
      let (outcomes, isComplete) = try keeper.drill(drill, run.state)
      run.take(run.state.catalog.records[before...])
      for outcome in outcomes {
        run.add(outcome)
        if outcome.drill.result == .unchecked {
          report.unchecked.append(("\(place)", "drill: \(outcome.drill.reason ?? "could not be done")"))
        }
      }
      return isComplete && outcomes.contains { $0.drill.result != .unchecked }
    } catch {
      if error.code == .state { throw error }
      if error.code == .cancelled { return false }
      report.unchecked.append(("\(place)", "drill: \(error.reason)"))
      return false
    }
  }

  /// What is due, what is proven ahead of its time, and what is proven at random.
  private func makePlan(_ request: RunRequest) -> RunPlan {
    var plan = RunPlan(sets, run.ledger, level: run.level, now: began)
    if let budget = request.budget {
      plan.proveAhead(sets, run.ledger, budget: budget, cadence: cadence(request))
    }
    var random = SeededGenerator(seed: request.seed ?? seed)
    plan.sample(request.sample, of: sets, run.ledger, &random)
    return plan
  }

  private func prove(_ request: RunRequest, _ report: inout RunReport) throws(VerifyError) {
    // What was drilled is proven.
    var plan = makePlan(request)
    plan.share(request.budget.map { _ in run.budget.left })
    var spare: UInt64 = 0
    for planned in plan.places {
      if run.budget.isOver { break }
      guard let node = nodes[planned.set.place.host], let reader = readers[planned.set.place.destination] else {
        continue
      }
      let allowance = planned.allowance == .max ? .max : planned.allowance + spare
      let place = try PlaceRun(run, planned, node, reader, allowance: allowance)
      let unused = try place.prove()
      spare = allowance == .max ? 0 : unused
    }
  }

  // MARK: The end

  private func conclude(_ report: inout RunReport) throws(VerifyError) {
    let now = run.now
    report.verifications = run.verifications
    report.proofs = run.proofs
    report.drills = run.drills
    for verification in run.verifications where verification.result == .unchecked {
      let place = Ledger.Place(host: verification.host, set: verification.set, destination: verification.destination)
      report.unchecked.append(("\(place)", verification.reason ?? "could not be checked"))
    }
    for set in sets {
      let expires = run.configuration.destinations.contains {
        $0.name == set.place.destination && $0.expiry == .lifecycle
      }
      let present = Set(set.stored.snapshots.map(\.description))
      for (snapshot, damage) in run.ledger.damage(at: set.place).sorted(by: { $0.key < $1.key }) {
        // Where storage expires, what was damaged goes like everything else.
        if expires, !present.contains(snapshot) { continue }
        report.damage.append((set.place, snapshot, damage))
      }
    }
    report.left = RunPlan(sets, run.ledger, level: run.level, now: began, withoutDamaged: true).duePlaces
    report.run.left = report.left.reduce(into: KeeperRun.Amount()) { $0.add($1.due) }
    report.run.proven = run.proven
    report.run.fetched = run.budget.fetched
    report.run.drills = run.drills.count
    report.run.damaged =
      run.verifications.count { $0.result == .damaged } + run.drills.count { $0.drill.result == .damaged }
    report.run.unchecked = report.unchecked.count
    switch report.selfTest {
    case .notNeeded: break
    case .passed: report.run.selfTest = true
    case .failed, .impossible: report.run.selfTest = false
    }
    if case .impossible(let reason) = report.selfTest { report.run.reason = "self-test: \(reason)" }
    if run.environment.isCancelled() { report.run.reason = "stopped by a signal" }
    report.run.seconds = now.elapsed(since: began)
    try run.append(.run(report.run))
  }
}

extension RunPlan {
  fileprivate var duePlaces: [DuePlace] {
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

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
