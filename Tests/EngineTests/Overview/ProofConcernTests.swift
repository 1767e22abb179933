import Files
import Policy
import Repository
import Testing
import Verify

/// Proofs, damage and drills: when they are a concern, and when they are none.
@Suite struct ProofConcernTests {
  /// Daily backups, looked at each day.
  private func chronicle(days: ClosedRange<Int>, _ change: (inout Chronicle) throws -> Void = { _ in }) throws
    -> Chronicle
  {
    var chronicle = Chronicle()
    try chronicle.settle()
    for day in days { try chronicle.backUp(Double(day)) }
    try change(&chronicle)
    for day in stride(from: 25, through: days.upperBound, by: 25) { try chronicle.selfTest(Double(day) + 0.01) }
    try chronicle.observe(Double(days.upperBound) + 0.1)
    return chronicle
  }

  private func standing(_ chronicle: Chronicle, _ day: Double) -> ProofStanding? {
    chronicle.overview(day).sets.first?.places.first?.standing
  }

  @Test func aNewSetIsNoConcernUntilItsIntervalHasPassed() throws {
    let early = try chronicle(days: 0...30)
    #expect(standing(early, 30.9) == .notYet && early.wrong(30.9) == [])
    let due = try chronicle(days: 0...31)
    #expect(standing(due, 31.2) == .due && due.wrong(31.2) == [])
    let late = try chronicle(days: 0...32)
    #expect(late.wrong(32.2) == [.unproven] && standing(late, 32.2) == .overdue)
    #expect(late.overview(32.2).concerns.first?.text.contains("ever proven") == true)
  }

  @Test(arguments: [(VerificationLevel.present, false), (.intact, false), (.readable, true), (.restored, true)])
  func onlyWhatWasReadIsProven(_ level: VerificationLevel, _ counts: Bool) throws {
    let chronicle = try chronicle(days: 0...40) { try $0.verify(30, of: 30, level) }
    #expect(chronicle.wrong(40.2) == (counts ? [] : [.unproven]))
  }

  @Test func aProofGrowsOld() throws {
    let days = [(61, []), (62, [.unproven])] as [(Int, [Concern.Kind])]
    for (day, expected) in days {
      // Of a set that does not change, so that its newest snapshot is the proven one.
      var chronicle = Chronicle()
      try chronicle.settle()
      try chronicle.backUp(0)
      for later in 1...day { try chronicle.findUnchanged(Double(later)) }
      try chronicle.verify(30, of: 0)
      try chronicle.selfTest(45)
      try chronicle.observe(Double(day) + 0.1)
      #expect(chronicle.wrong(Double(day) + 0.2) == expected, "day \(day)")
    }
  }

  @Test func provingAnOldSnapshotAgainAndAgainIsNoProofOfTheSet() throws {
    let chronicle = try chronicle(days: 0...40) {
      for day in stride(from: 1.0, through: 40, by: 3) { try $0.verify(day, of: 0) }
    }
    let overview = chronicle.overview(40.2)
    #expect(overview.concerns.map(\.kind) == [.unproven] && !overview.isSafe)
    #expect(overview.concerns.first?.text.contains("newer ones wait") == true)
    #expect(overview.sets.first?.places.first?.unprovenSince == Chronicle.time(1))
  }

  @Test func aProofOfTheFutureProvesNothing() throws {
    let chronicle = try chronicle(days: 0...40) { try $0.verify(400, of: 30) }
    #expect(chronicle.wrong(40.2) == [.unproven])
  }

  @Test func whatCouldNotBeCheckedIsToldAtOnceAndOverdueInTime() throws {
    var chronicle = try chronicle(days: 0...40) {
      try $0.verify(10, of: 10)
      try $0.verify(39, of: 39, .readable, .unchecked)
    }
    #expect(chronicle.overview(40.2).concerns.map(\.severity) == [.notice])
    try chronicle.backUp(41)
    try chronicle.backUp(42)
    try chronicle.backUp(43)
    try chronicle.observe(43.1)
    #expect(chronicle.wrong(43.2) == [.unproven])
    #expect(chronicle.overview(43.2).concerns.first?.text.contains("no connection") == true)
    try chronicle.verify(43.3, of: 43)
    #expect(chronicle.overview(43.4).concerns.isEmpty)
  }

  // MARK: Damage

  @Test func damageIsTheWorstOfAll() throws {
    let chronicle = try chronicle(days: 0...3) {
      try $0.verify(1.1, of: 1)
      try $0.verify(2.1, of: 1, .intact, .damaged)
    }
    let overview = chronicle.overview(3.2)
    #expect(overview.isDamaged && !overview.isSafe && overview.concerns.map(\.kind) == [.damage])
    let concern = try #require(overview.concerns.first)
    #expect(concern.since == Chronicle.time(2.1) && concern.text.contains("wrong-digest"))
    #expect(concern.place == "peer-1/data at offsite")
    // And it is proven no more.
    #expect(overview.sets.first?.places.first?.newestProven == nil)
  }

  @Test func damageEndsWithASoundProofOfThatLevelOrWithTheSnapshot() throws {
    var chronicle = try chronicle(days: 0...3) { try $0.verify(1.1, of: 1, .readable, .damaged) }
    try chronicle.verify(3.1, of: 1, .intact)
    #expect(chronicle.wrong(3.2) == [.damage], "a lower level does not see it")
    try chronicle.verify(3.1, of: 2, .restored)
    #expect(chronicle.wrong(3.2) == [.damage], "another snapshot is another snapshot")
    var mended = chronicle
    try mended.verify(3.1, of: 1, .readable)
    #expect(mended.wrong(3.2) == [])
    let id = try #require(SnapshotID(Chronicle.snapshot(1)))
    try chronicle.keep(
      3.1,
      .prune(
        Pruned(
          host: "peer-1", set: "data", destination: "offsite", snapshots: [id], objects: 2, bytes: 9, complete: true)))
    #expect(chronicle.wrong(3.2) == [])
  }

  // MARK: Drills

  @Test func aDrillIsDueOnceAQuarter() throws {
    let proofs: (inout Chronicle) throws -> Void = { chronicle in
      for day in stride(from: 30.0, through: 120, by: 30) { try chronicle.verify(day, of: day) }
    }
    #expect(try chronicle(days: 0...92, proofs).wrong(92.2) == [])
    #expect(try chronicle(days: 0...93, proofs).wrong(93.2) == [.drill])
    let drilled = try chronicle(days: 0...120) {
      try proofs(&$0)
      try $0.drill(90.5, of: 90)
    }
    #expect(drilled.wrong(120.2) == [])
    #expect(drilled.overview(120.2).sets.first?.drillDue == Chronicle.time(182.5))
  }

  @Test func aDrillThatFailedIsAConcernUntilOneSucceeds() throws {
    var chronicle = try chronicle(days: 0...3) { try $0.drill(1.5, of: 1, .damaged) }
    #expect(chronicle.wrong(3.2) == [.damage])
    // The content is sound, as a verification without the operator's checks says; the check is still to be mended.
    try chronicle.verify(3.1, of: 1, .restored)
    #expect(chronicle.wrong(3.2) == [.drill])
    #expect(chronicle.overview(3.2).concerns.first?.text.contains("orders") == true)
    try chronicle.drill(3.15, of: 3)
    #expect(chronicle.wrong(3.2) == [])
  }
}
