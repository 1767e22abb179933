import Files
import Policy
import Repository
import Testing
import Verify

/// What is a concern, and what is none: each obligation both ways.
@Suite struct OverviewTests {
  /// Daily backups, looked at each day; the table asks for a proof each 31 days and a drill each 92, with 6 hours' grace.
  private func chronicle(days: ClosedRange<Int>, _ change: (inout Chronicle) throws -> Void = { _ in }) throws
    -> Chronicle
  {
    var chronicle = Chronicle()
    try chronicle.settle()
    for day in days { try chronicle.backUp(Double(day)) }
    try change(&chronicle)
    try chronicle.observe(Double(days.upperBound) + 0.1)
    return chronicle
  }

  @Test func aHealthySetIsNoConcernAllQuarterLong() throws {
    var chronicle = Chronicle()
    try chronicle.settle()
    for day in stride(from: 0.0, through: 120, by: 1) {
      try chronicle.backUp(day)
      try chronicle.observe(day + 0.1)
      if day.truncatingRemainder(dividingBy: 30) == 29 { try chronicle.verify(day + 0.2, of: day) }
      if day.truncatingRemainder(dividingBy: 30) == 25 { try chronicle.selfTest(day + 0.2) }
      if day == 80 { try chronicle.drill(day + 0.3, of: day) }
      for hour in [0.4, 0.9] { #expect(chronicle.wrong(day + hour) == [], "day \(day + hour)") }
    }
    let set = try #require(chronicle.overview(120.4).sets.first)
    #expect(set.name == "peer-1/data" && set.dataClass.name == "client-database" && set.isKnownClass)
    #expect(set.newestSnapshot == Chronicle.snapshot(120) && set.firstSnapshot == Chronicle.time(0))
    #expect(set.lastSoundDrill?.time == Chronicle.time(80.3))
    let place = try #require(set.places.first)
    #expect(place.newestProven?.snapshot == Chronicle.snapshot(119) && place.unprovenSince == Chronicle.time(120))
    #expect(place.proofs[.restored]?.snapshot == Chronicle.snapshot(80) && place.proofs[.present]?.level == .readable)
  }

  // MARK: Freshness

  @Test func anOldBackupThatWasJustVerifiedIsNotSafe() throws {
    var chronicle = try chronicle(days: 0...3)
    try chronicle.observe(40)
    try chronicle.verify(40, of: 3)
    try chronicle.selfTest(39)
    let overview = chronicle.overview(40.01)
    #expect(overview.concerns.map(\.kind) == [.overdue] && !overview.isSafe)
    #expect(overview.concerns.first?.since == Chronicle.time(4.25))
    #expect(overview.concerns.first?.text.contains("no run for it began since") == true)
    #expect(overview.overdueNames == ["peer-1/data"])
    // The same in time.
    try chronicle.backUp(40.02)
    try chronicle.observe(40.03)
    #expect(chronicle.overview(40.04).isSafe)
  }

  @Test func whatWouldBeOverdueBecauseNobodyLookedIsOneConcernOfTheNode() throws {
    let chronicle = try chronicle(days: 0...3)
    #expect(chronicle.wrong(4.2) == [])
    let concern = try #require(chronicle.overview(4.3).concerns.first)
    #expect(concern.kind == .catalog && concern.set == nil && concern.host == "peer-1")
    #expect(concern.since == Chronicle.time(4.25) && chronicle.wrong(4.3) == [.catalog])
  }

  @Test func aGapThatHasEndedIsHistory() throws {
    var chronicle = try chronicle(days: 0...3)
    try chronicle.backUp(20)
    try chronicle.observe(20.1)
    #expect(chronicle.wrong(20.2) == [])
  }

  @Test func aHeartbeatKeepsASetFresh() throws {
    var chronicle = Chronicle()
    try chronicle.settle()
    try chronicle.backUp(0, class: "node-configurations")
    for day in 1...20 { try chronicle.findUnchanged(Double(day)) }
    try chronicle.observe(20.1)
    let overview = chronicle.overview(20.2)
    #expect(overview.sets.first?.freshness.timeliness == .inTime)
    // Its class asks for a copy at this place, too.
    #expect(chronicle.wrong(20.2) == [.missing])
    try chronicle.observe(22.2)
    #expect(Set(chronicle.wrong(22.3)) == [.missing, .overdue])
  }

  @Test func aDestinationThatIsMissedIsAConcernOnceItIsTooOld() throws {
    var chronicle = Chronicle(destinations: [("offsite", .offsite), ("disk", .local)])
    try chronicle.settle()
    try chronicle.backUp(0, at: ["offsite", "disk"])
    try chronicle.backUp(1, at: ["disk"], missed: ["offsite"])
    try chronicle.observe(1.1)
    #expect(chronicle.wrong(1.2) == [], "within its allowance")
    try chronicle.backUp(2, at: ["disk"], missed: ["offsite"])
    try chronicle.observe(2.1)
    #expect(chronicle.wrong(2.2) == [.missing, .overdue])
    let overdue = try #require(chronicle.overview(2.2).concerns.last)
    #expect(overdue.destination == "offsite" && overdue.text.contains("connection refused"))
    try chronicle.backUp(3, at: ["offsite", "disk"])
    try chronicle.observe(3.1)
    #expect(chronicle.wrong(3.2) == [])
  }

  @Test func aDestinationThatASetNoLongerUsesIsForgotten() throws {
    var chronicle = Chronicle(destinations: [("offsite", .offsite), ("old", .offsite)])
    try chronicle.settle()
    try chronicle.backUp(0, at: ["offsite", "old"])
    try chronicle.verify(0.1, of: 0, at: "old")
    for day in 1...40 { try chronicle.backUp(Double(day)) }
    try chronicle.verify(30, of: 30)
    try chronicle.selfTest(30)
    try chronicle.observe(40.1)
    #expect(chronicle.wrong(40.2) == [])
    let places = try #require(chronicle.overview(40.2).sets.first).places
    #expect(places.map(\.isCurrent) == [true, false] && places.last?.standing == ProofStanding.none)
    // Damage there stays one: somebody may still want to restore from it.
    try chronicle.verify(40.15, of: 0, .readable, .damaged, at: "old")
    #expect(chronicle.wrong(40.2) == [.damage])
  }

  @Test func aMediumMayStayAwayForAMonth() throws {
    var chronicle = Chronicle(destinations: [("offsite", .offsite), ("usb", .removable)])
    try chronicle.settle()
    try chronicle.backUp(0, at: ["offsite", "usb"])
    try chronicle.verify(5, of: 0, at: "usb")
    for day in 1...30 { try chronicle.backUp(Double(day), away: ["usb"]) }
    try chronicle.verify(29, of: 29)
    try chronicle.selfTest(29)
    try chronicle.observe(30.1)
    #expect(chronicle.wrong(30.2) == [])
    for day in 31...32 { try chronicle.backUp(Double(day), away: ["usb"]) }
    try chronicle.observe(32.1)
    #expect(chronicle.wrong(32.2) == [.overdue])
    #expect(chronicle.overview(32.2).concerns.first?.text.contains("its medium is away") == true)
  }

  @Test func requiredStorageThatHasNothingIsMissing() throws {
    var chronicle = Chronicle(destinations: [("disk", .local)])
    try chronicle.settle()
    try chronicle.backUp(0, at: ["disk"])
    try chronicle.observe(0.1)
    let concern = try #require(chronicle.overview(0.2).concerns.first)
    #expect(concern.kind == .missing && concern.text.contains("offsite or cloud"))
    // A place that only the node knows may be one of those.
    chronicle = Chronicle(destinations: [("disk", .local)])
    try chronicle.settle()
    try chronicle.backUp(0, at: ["disk", "elsewhere"])
    try chronicle.observe(0.1)
    #expect(chronicle.wrong(0.2) == [])
  }

  @Test func aRecordOfTheFutureMakesNothingFresh() throws {
    var chronicle = try chronicle(days: 0...3)
    try chronicle.backUp(400)
    try chronicle.observe(4)
    #expect(chronicle.wrong(4.1) == [.overdue])
  }

  @Test func aSetOfAnUnknownClassIsHeldToTheStrictest() throws {
    var chronicle = Chronicle()
    try chronicle.settle()
    try chronicle.backUp(0, class: "house-rules")
    try chronicle.observe(0.1)
    let overview = chronicle.overview(0.2)
    #expect(overview.isSafe && overview.concerns.map(\.severity) == [.notice])
    #expect(overview.sets.first?.isKnownClass == false)
    try chronicle.observe(3)
    #expect(chronicle.wrong(3.1) == [.overdue])
  }

  // MARK: Nodes

  @Test func aNodeOfWhichNothingWasSeenIsAConcern() throws {
    var chronicle = Chronicle()
    try chronicle.settle()
    #expect(chronicle.wrong(0.1) == [.catalog] && !chronicle.overview(0.1).isSafe)
    // Its sets were verified, and it has never reported.
    try chronicle.verify(0.2, of: 0)
    let overview = chronicle.overview(0.3)
    #expect(overview.concerns.map(\.kind) == [.catalog] && overview.sets.count == 1 && !overview.isSafe)
    #expect(overview.concerns.first?.text.contains("never looked at") == true)
    // It was looked at, and there is nothing.
    try chronicle.observe(0.3)
    #expect(chronicle.overview(0.4).concerns.contains { $0.text.contains("never reported") })
  }

  @Test func anEpochIsAConcernUntilSomebodyKnowsWhy() throws {
    var chronicle = try chronicle(days: 0...1)
    let epoch = "20270101T020000Z-00000002"
    try chronicle.observe(1.2, findings: [Finding(.newEpoch, "catalog/\(epoch)", "nobody has acknowledged this yet")])
    #expect(chronicle.wrong(1.3) == [.catalog] && !chronicle.overview(1.3).isDamaged)
    try chronicle.keep(
      1.4, .acknowledgement(Acknowledgement(host: "peer-1", epoch: epoch, by: "Ada", note: "new disk")))
    #expect(chronicle.wrong(1.5) == [])
    try chronicle.observe(1.6, findings: [Finding(.rolledBack, "catalog/\(epoch)", "has 3 records where it had 5")])
    #expect(chronicle.wrong(1.7) == [.catalog] && chronicle.overview(1.7).isDamaged)
  }

  @Test func aRunThatNeverEndedIsAConcernADayLater() throws {
    var chronicle = try chronicle(days: 0...1)
    let id = try #require(SnapshotID(Chronicle.snapshot(1.5)))
    try chronicle.note(
      1.5, .started(RunStarted(epoch: Epoch(began: Chronicle.time(0), random: 1), set: "data", snapshot: id)))
    try chronicle.observe(1.6)
    #expect(chronicle.wrong(2.2) == [])
    try chronicle.observe(2.7)
    #expect(Set(chronicle.wrong(2.8)) == [.catalog, .overdue])
  }

  // MARK: Offline classes, self-test

  @Test func wallets() throws {
    var chronicle = Chronicle()
    try chronicle.selfTest(0)
    try chronicle.backUp(0)
    try chronicle.observe(0.1)
    #expect(chronicle.wrong(0.2) == [.attestation])
    try chronicle.keep(
      0.3, .attestation(Attestation(class: "wallet-seed-phrases", host: nil, by: "Ada", note: "Read it")))
    #expect(chronicle.wrong(0.4) == [])
  }

  @Test func aKeeperThatWouldNotNoticeIsAConcern() throws {
    var chronicle = try chronicle(days: 0...33) {
      try $0.verify(31, of: 31)
    }
    #expect(chronicle.wrong(33.2) == [.selfTest])
    try chronicle.selfTest(33.3)
    #expect(chronicle.wrong(33.4) == [])
    try chronicle.selfTest(33.5, found: false)
    #expect(chronicle.wrong(33.6) == [.selfTest])
  }
}
