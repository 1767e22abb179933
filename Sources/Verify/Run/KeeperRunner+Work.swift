internal import Channels
internal import Files
internal import Policy
internal import Repository
internal import Storage

/// The work of a run: self-test, drills, proofs.
extension KeeperRunner {
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
}
