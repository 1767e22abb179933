import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Sets that are given up: by a person's word, and never by silence.
@Suite struct RetirementTests {
  /// A set that was backed up, proven and drilled for three days, and then no more; looked at until `day`.
  private func givenUp(until day: Double) throws -> Chronicle {
    var chronicle = Chronicle()
    try chronicle.settle()
    for day in 0...3 { try chronicle.backUp(Double(day)) }
    try chronicle.verify(3.1, of: 3)
    try chronicle.selfTest(day - 0.2)
    try chronicle.observe(day - 0.1)
    return chronicle
  }

  private func retire(_ chronicle: inout Chronicle, _ day: Double, undone: Bool = false) throws {
    try chronicle.keep(
      day, .retirement(Retirement(host: "peer-1", set: "data", by: "Ada", note: "shop closed", undone: undone)))
  }

  @Test func silenceAloneIsNeverAWord() throws {
    var chronicle = try givenUp(until: 200)
    #expect(Set(chronicle.wrong(200)) == [.overdue, .unproven, .drill])
    try retire(&chronicle, 200)
    let overview = chronicle.overview(200.1)
    #expect(overview.concerns.isEmpty && overview.isSafe && overview.overdueNames.isEmpty, "\(overview.concerns)")
    let set = try #require(overview.sets.first)
    #expect(set.retired?.by == "Ada" && set.retired?.note == "shop closed" && set.retired?.resumed == nil)
    #expect(set.retired?.time == Chronicle.time(200))
    #expect(set.drillDue == nil && set.places.allSatisfy { $0.standing == .none && $0.proofOverdueFrom == nil })
    // It stays so, without anybody looking but at the rest.
    try chronicle.selfTest(220)
    try chronicle.observe(229)
    #expect(chronicle.wrong(230) == [])
    try retire(&chronicle, 230, undone: true)
    #expect(Set(chronicle.wrong(230.1)) == [.overdue, .unproven, .drill])
    #expect(chronicle.overview(230.1).sets.first?.retired == nil)
  }

  @Test func anotherSetOfThatNameIsAnotherSet() throws {
    var chronicle = try givenUp(until: 200)
    for (host, set) in [("peer-2", "data"), ("peer-1", "data2")] {
      try chronicle.keep(199, .retirement(Retirement(host: host, set: set, by: "Ada", note: "n")))
    }
    #expect(Set(chronicle.wrong(200)) == [.overdue, .unproven, .drill])
  }

  enum Sign: CaseIterable { case snapshot, unchanged }

  @Test(arguments: Sign.allCases) func backupsAfterTheWordAreTold(_ sign: Sign) throws {
    var chronicle = try givenUp(until: 9)
    try retire(&chronicle, 10)
    switch sign {
    case .snapshot: try chronicle.backUp(12)
    case .unchanged: try chronicle.findUnchanged(12)
    }
    try chronicle.observe(12.1)
    let overview = chronicle.overview(12.2)
    #expect(overview.concerns.map(\.kind) == [.retired] && overview.isOverdue && !overview.isDamaged)
    #expect(overview.concerns.first?.text.contains("has backups again") == true)
    #expect(overview.sets.first?.retired?.resumed == Chronicle.time(12))
    #expect(overview.overdueNames == ["peer-1/data"])
    // Said again, that is known too.
    try retire(&chronicle, 12.2)
    #expect(chronicle.wrong(12.3) == [])
  }

  @Test func whatIsStoredCanStillBeDamaged() throws {
    var chronicle = try givenUp(until: 9)
    try retire(&chronicle, 10)
    try chronicle.verify(11, of: 3, .readable, .damaged)
    #expect(chronicle.wrong(11.1) == [.damage] && chronicle.overview(11.1).isDamaged)
  }

  @Test func aRunThatNeverEndedEndsWithIt() throws {
    var chronicle = try givenUp(until: 9)
    let id = try #require(SnapshotID(Chronicle.snapshot(4)))
    try chronicle.note(
      4, .started(RunStarted(epoch: Epoch(began: Chronicle.time(0), random: 1), set: "data", snapshot: id)))
    #expect(chronicle.wrong(9).contains(.catalog))
    try retire(&chronicle, 9)
    #expect(chronicle.wrong(9.1) == [])
  }

  @Test func alertsAndMetricsForgetIt() throws {
    var chronicle = try givenUp(until: 200)
    #expect(ProofState.all(chronicle.records).count == 3)
    try retire(&chronicle, 200)
    #expect(ProofState.all(chronicle.records).isEmpty)
    try retire(&chronicle, 201, undone: true)
    #expect(ProofState.all(chronicle.records).count == 3)
  }

  // MARK: The command

  private static let start: Int64 = 1_800_000_000

  private func stored(_ clock: DueTests.Clock) throws -> Household {
    let house = try Household()
    house.clock = { Timestamp(seconds: clock.seconds) }
    for index in house.keeper.destinations.indices { house.keeper.destinations[index].location = .offsite }
    try house.write("file", "content")
    try house.backup()
    clock.seconds += 60
    _ = try house.makeKeeper().observe()
    return house
  }

  private func run(_ house: Household) throws -> RunReport {
    var request = RunRequest(scratch: "\(house.folder.path)/scratch")
    request.drillScratch = request.scratch
    return try house.makeKeeper().run(request)
  }

  @Test func aRunLeavesItAloneAndItCanStillBeRead() throws {
    let clock = DueTests.Clock(Self.start)
    let house = try stored(clock)
    try house.makeKeeper().retire(host: "peer-1", set: "data", by: "Ada", note: "shop closed")
    clock.seconds += 200 * 86400
    let report = try run(house)
    #expect(report.plan.isEmpty && report.drillPlan.isEmpty && report.verifications.isEmpty && report.left.isEmpty)
    let open = report.overview?.concerns.filter { $0.severity > .notice } ?? []
    #expect(!open.contains { $0.set != nil }, "\(open)")
    // It is still listed, with what there is of it.
    let place = report.overview?.sets.first?.places.first
    #expect(place?.snapshots == 1 && place?.newestSnapshot != nil)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    #expect(try house.restore().report.findings.isEmpty)

    try house.makeKeeper().retire(host: "peer-1", set: "data", by: "Ada", note: "reopened", isUndone: true)
    clock.seconds += 200 * 86400
    #expect(try run(house).verifications.map(\.result).contains(.sound))
  }

  @Test func onlyWhatIsThereIsRetiredAndOnce() throws {
    let clock = DueTests.Clock(Self.start)
    let house = try stored(clock)
    func retire(_ host: String, _ set: String, _ by: String = "Ada", _ note: String = "closed", undo: Bool = false)
      throws
    {
      clock.seconds += 1
      try house.makeKeeper().retire(host: host, set: set, by: by, note: note, isUndone: undo)
    }
    let before = try CatalogFile.records("\(house.keeper.state)/catalog.jsonl").count
    for (host, set, by, note) in [
      ("peer-2", "data", "Ada", "closed"), ("peer-1", "dta", "Ada", "closed"), ("peer-1", "data", " ", "closed"),
      ("peer-1", "data", "Ada", ""), ("peer-1", "data", "Ada", "line\nbreak"),
    ] {
      #expect(throws: VerifyError.self, "\(host)/\(set)") { try retire(host, set, by, note) }
    }
    #expect(throws: VerifyError.self) { try retire("peer-1", "data", undo: true) }
    #expect(try CatalogFile.records("\(house.keeper.state)/catalog.jsonl").count == before)
    try retire("peer-1", "data")
    let error = try #require(throws: VerifyError.self) { try retire("peer-1", "data") }
    #expect(error.hint?.contains("--undo") == true)
    try retire("peer-1", "data", undo: true)
    #expect(throws: VerifyError.self) { try retire("peer-1", "data", undo: true) }
    try retire("peer-1", "data")
    // Backed up again, it may be retired again.
    clock.seconds += 60
    try house.write("file", "changed")
    try house.backup()
    clock.seconds += 60
    _ = try house.makeKeeper().observe()
    #expect(try house.makeKeeper().overview().concerns.contains { $0.kind == .retired })
    try retire("peer-1", "data")
    #expect(try !house.makeKeeper().overview().concerns.contains { $0.kind == .retired })
  }
}
