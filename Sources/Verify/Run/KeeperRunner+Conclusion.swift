internal import Policy
internal import Repository

extension KeeperRunner {
  func conclude(_ report: inout RunReport) throws(VerifyError) {
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
