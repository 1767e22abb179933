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
