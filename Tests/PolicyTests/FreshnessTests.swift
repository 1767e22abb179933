import Files
@testable import Policy
import Repository
import Testing

/// When something is due, by records and the clock alone.
@Suite struct FreshnessTests {
  static let hour: Int64 = 3600
  static let day: Int64 = 86400
  /// 2026-11-21T02:17:00Z.
  static let start = Timestamp(seconds: 1_795_227_420)

  static func at(_ days: Int64, _ hours: Double = 0) -> Timestamp {
    Timestamp(seconds: start.seconds + days * day + Int64(hours * 3600))
  }

  /// A catalog as a node writes it.
  struct Catalog {
    private(set) var records: [CatalogRecord] = []
    private var chain = CatalogChain()
    private var stored = SnapshotID(started: Timestamp(seconds: 0), random: 0)

    private mutating func add(_ event: CatalogEvent, _ time: Timestamp) {
      do { records.append(try chain.append(event, at: time).record) } catch { Issue.record(error) }
    }

    mutating func began(_ time: Timestamp) {
      let epoch = Epoch(began: start, random: 1)
      add(.started(RunStarted(epoch: epoch, set: "data", snapshot: SnapshotID(started: time, random: 1))), time)
    }

    /// - Parameter failing: destinations that missed it.
    mutating func snapshot(
      _ time: Timestamp, lasting: Int64 = 60, to destinations: [String] = ["disk"], failing: [String] = []
    ) {
      began(time)
      stored = SnapshotID(started: time, random: UInt16(records.count))
      add(
        .snapshot(
          SnapshotStored(
            set: "data", class: "client-database", mode: "full", snapshot: stored, manifest: .zero, entries: 1,
            bytes: 1,
            volumes: 1, storedBytes: 1, findings: 0, seconds: 1,
            destinations: destinations.map {
              DestinationOutcome(
                name: $0, stored: !failing.contains($0), error: failing.contains($0) ? "connection reset" : nil)
            })), Timestamp(seconds: time.seconds + lasting))
    }

    mutating func unchanged(_ time: Timestamp) {
      began(time)
      add(.unchanged(NothingChanged(set: "data", snapshot: stored)), time)
    }

    /// - Parameter destinations: those that the run was for; none: all.
    mutating func failure(_ time: Timestamp, of destinations: [String] = []) {
      began(time)
      add(
        .failure(
          RunFailed(
            set: "data", snapshot: SnapshotID(started: time, random: 1), reason: "no room",
            destinations: destinations.map { DestinationOutcome(name: $0, stored: false, error: "no room") })),
        time)
    }

    func freshness(
      _ now: Timestamp, _ dataClass: String = "client-database", at destinations: [String] = ["disk"]
    ) throws -> SetFreshness {
      SetFreshness(
        of: "data", dataClass: try #require(FrequencyTable.standard[dataClass]), destinations: destinations,
        records: records, now: now)
    }
  }

  @Test func whatWasNeverBackedUpIsDueAtOnce() throws {
    let freshness = try Catalog().freshness(Self.start)
    #expect(freshness.isDue && freshness.timeliness == .never && freshness.timeliness.isOverdue)
    #expect(freshness.dueFrom == Self.start && freshness.lastSuccess == nil && freshness.lastAttempt == nil)
    // A failure is no success.
    var catalog = Catalog()
    catalog.failure(Self.start)
    let failed = try catalog.freshness(Self.at(0, 1))
    #expect(failed.timeliness == .never && failed.isDue && failed.lastAttempt == Self.start)
    #expect(failed.lastFailure?.reason == "no room" && failed.destinations[0].lastError == "no room")
  }

  /// Each class's interval and grace, to the second.
  @Test(
    arguments: [
      ("client-database", 24, 6), ("node-configurations", 24, 24), ("monitoring-configs", 24, 24),
      ("server-configs", 7 * 24, 24),
    ] as [(String, Double, Double)])
  func aCopyIsDueThenLateThenOverdue(_ dataClass: String, _ interval: Double, _ grace: Double) throws {
    var catalog = Catalog()
    catalog.snapshot(Self.start, lasting: 7200)
    func state(_ hours: Double) throws -> Timeliness {
      try catalog.freshness(Self.at(0, hours), dataClass).timeliness
    }
    let second = 1 / 3600.0
    #expect(try state(2) == .inTime)
    #expect(try state(interval - 1.5 - second) == .inTime)
    #expect(try state(interval - 1.5) == .due)
    #expect(try state(interval) == .due)
    #expect(try state(interval + second) == .late)
    #expect(try state(interval + grace) == .late)
    #expect(try state(interval + grace + second) == .overdue)
    let place = try catalog.freshness(Self.at(0, 2), dataClass).destinations[0]
    #expect(place.dueFrom == Self.at(0, interval - 1.5) && place.overdueFrom == Self.at(0, interval + grace))
    #expect(place.lastSuccess == Self.start, "content is as old as the beginning of its run")
  }

  @Test func aDestinationWithRunsOfItsOwnFailsAlone() throws {
    var catalog = Catalog()
    let both = ["disk", "cloud"]
    catalog.snapshot(Self.start, to: both)
    for (attempt, hour) in [0.0, 1, 3, 7].enumerated() {
      catalog.snapshot(Self.at(1, hour), to: ["disk"])
      catalog.failure(Self.at(1, hour + 0.1), of: ["cloud"])
      let freshness = try catalog.freshness(Self.at(1, hour + 0.2), at: both)
      #expect(freshness.lastFailure == nil)
      #expect(freshness.destinations.map(\.lastError) == [nil, "no room"])
      #expect(freshness.destinations.map(\.lastSuccess) == [Self.at(1, hour), Self.start])
      #expect(freshness.dueFrom == Self.at(1, hour + 0.1 + Double(1 << attempt)))
    }
    // Neither has anything: no time is to be lost.
    catalog.failure(Self.at(2), of: ["disk"])
    catalog.failure(Self.at(2, 0.1), of: ["cloud"])
    let nothing = try catalog.freshness(Self.at(2, 0.2), at: both)
    #expect(nothing.lastFailure?.reason == "no room" && nothing.isDue)
    catalog.snapshot(Self.at(3), to: ["disk"])
    catalog.snapshot(Self.at(3, 0.1), to: ["cloud"])
    let caughtUp = try catalog.freshness(Self.at(3, 0.2), at: both)
    #expect(caughtUp.destinations.allSatisfy { $0.lastError == nil } && !caughtUp.isDue)
    #expect(caughtUp.dueFrom == Self.at(4, -1.5))
  }

  @Test func onceIsDueUntilItHasSucceeded() throws {
    var catalog = Catalog()
    let once = DataClass(name: "o", frequency: .once, storage: [[.local]], verificationInterval: 1, grace: 0)
    func freshness(_ now: Timestamp) -> SetFreshness {
      SetFreshness(of: "data", dataClass: once, destinations: ["disk"], records: catalog.records, now: now)
    }
    #expect(freshness(Self.start).isDue)
    catalog.failure(Self.start)
    #expect(freshness(Self.at(0, 1)).isDue)
    catalog.snapshot(Self.at(0, 2))
    let done = freshness(Self.at(4000))
    #expect(!done.isDue && done.dueFrom == nil && done.timeliness == .inTime && done.destinations[0].overdueFrom == nil)
  }

  @Test func anUnchangedRecordCountsWhereItsSnapshotIs() throws {
    var catalog = Catalog()
    catalog.snapshot(Self.start, to: ["disk", "cloud"])
    catalog.unchanged(Self.at(1))
    let both = try catalog.freshness(Self.at(1, 1), at: ["disk", "cloud"])
    #expect(both.destinations.map(\.lastSuccess) == [Self.at(1), Self.at(1)] && !both.isDue)
    catalog.snapshot(Self.at(2), to: ["disk", "cloud"], failing: ["cloud"])
    catalog.unchanged(Self.at(3))
    let one = try catalog.freshness(Self.at(3, 1), at: ["disk", "cloud"])
    #expect(one.destinations.map(\.lastSuccess) == [Self.at(3), Self.at(1)])
    #expect(one.destinations.map(\.timeliness) == [.inTime, .overdue])
    #expect(one.isDue && one.timeliness == .overdue && one.lastSuccess == Self.at(1))
    // A destination that no record knows has nothing.
    #expect(
      try catalog.freshness(Self.at(3, 1), at: ["disk", "new"]).destinations.map(\.timeliness) == [.inTime, .never])
  }

  // MARK: Timers

  /// Runs a set whenever a timer fires while it is due.
  private func run(
    _ firings: [Timestamp], _ dataClass: String = "client-database", lasting: (Int) -> Int64 = { _ in 600 }
  ) throws -> [Timestamp] {
    var catalog = Catalog()
    var runs: [Timestamp] = []
    for now in firings where try catalog.freshness(now, dataClass).isDue {
      catalog.snapshot(now, lasting: lasting(runs.count))
      runs.append(now)
    }
    return runs
  }

  /// Nights with a random delay of up to an hour, and with runs of up to four hours: one backup each night.
  @Test(arguments: 1...20) func aNightlyTimerWithADelayNeverSkipsADay(_ seed: UInt64) throws {
    var random = seed
    func next(_ bound: UInt64) -> Int64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((random >> 33) % bound)
    }
    let firings = (0..<60).map { Timestamp(seconds: Self.at(Int64($0)).seconds + next(3600)) }
    #expect(try run(firings) { _ in next(4 * 3600) } == firings)
    #expect(try run(firings, "server-configs").count == 9)
  }

  /// Every hour or every ten minutes: once a day, at the same time, for ever.
  @Test(arguments: [3600, 600]) func aFrequentTimerBacksUpOnceADayAtTheSameTime(_ period: Int64) throws {
    let firings = (0..<(60 * 86400 / period)).map { Timestamp(seconds: Self.start.seconds + $0 * period) }
    let runs = try run(firings)
    // The first, and one at the beginning of each slot since.
    #expect(runs.count == 61)
    #expect(Set(runs.dropFirst().map { ($0.seconds - runs[1].seconds) % Self.day }) == [0])
    #expect(runs[1].seconds - runs[0].seconds >= 22 * 3600)
  }

  @Test func aTimerThatFiresTwiceBacksUpOnce() throws {
    for gap in [0, 1, 60, 5000] as [Int64] {
      let nights = (0..<10).flatMap { night in [Self.at(night), Timestamp(seconds: Self.at(night).seconds + gap)] }
      #expect(try run(nights) { _ in 0 }.count == 10, "\(gap)")
    }
  }

  @Test func whatWasMissedIsCaughtUpAtOnceAndTheNightComesBack() throws {
    let runs = try run([Self.at(0), Self.at(1), Self.at(6, 11.7), Self.at(7), Self.at(8)])
    #expect(runs == [Self.at(0), Self.at(1), Self.at(6, 11.7), Self.at(7), Self.at(8)])
    // Caught up shortly before the night: that night is left out, and no allowed age is passed.
    #expect(try run([Self.at(0), Self.at(5, 20), Self.at(6), Self.at(7)]) == [Self.at(0), Self.at(5, 20), Self.at(7)])
  }

  @Test func anExtraRunChangesNothing() throws {
    var catalog = Catalog()
    for time in [Self.at(0), Self.at(1), Self.at(1, 9)] { catalog.snapshot(time) }
    #expect(try catalog.freshness(Self.at(2)).isDue)
  }

  // MARK: In part

  @Test func whatADestinationMissedIsTriedAgainMoreAndMoreSeldom() throws {
    var catalog = Catalog()
    let places = ["disk", "cloud"]
    catalog.snapshot(Self.at(0), to: places)
    // Not due by the table, but one destination missed it.
    catalog.snapshot(Self.at(0, 3), to: places, failing: ["cloud"])
    var time = Self.at(0, 3)
    for pause in [1, 2, 4, 8, 16, 16, 16] as [Int64] {
      let retry = Timestamp(seconds: time.seconds + pause * Self.hour)
      #expect(try !catalog.freshness(Timestamp(seconds: retry.seconds - 1), at: places).isDue)
      let freshness = try catalog.freshness(retry, at: places)
      #expect(freshness.isDue && freshness.retryFrom == retry)
      #expect(freshness.destinations[1].lastError == "connection reset")
      catalog.snapshot(retry, to: places, failing: ["cloud"])
      time = retry
    }
    #expect(try catalog.freshness(time, at: places).destinations.map(\.timeliness) == [.inTime, .overdue])
    // The pause is shorter than a day: no nightly timer comes too early.
    #expect(DueRule.pause(after: 1000) < Self.day - 90 * 60)
    catalog.snapshot(Self.at(9), to: places)
    let whole = try catalog.freshness(Self.at(9, 1), at: places)
    #expect(whole.timeliness == .inTime && !whole.isDue && whole.retryFrom == nil)
  }

  @Test func aDestinationThatIsNewIsDueAtOnce() throws {
    var catalog = Catalog()
    for night in 0..<5 { catalog.snapshot(Self.at(Int64(night))) }
    let freshness = try catalog.freshness(Self.at(4, 1), at: ["disk", "cloud"])
    #expect(freshness.isDue && freshness.destinations.map(\.timeliness) == [.inTime, .never])
  }

  // MARK: Clocks

  @Test func aRecordFromTheFutureCountsForNothingAndIsTold() throws {
    var catalog = Catalog()
    catalog.snapshot(Self.at(0))
    catalog.snapshot(Self.at(1))
    // The clock went four years ahead for a night.
    catalog.snapshot(Self.at(1461))
    let freshness = try catalog.freshness(Self.at(1, 1))
    #expect(freshness.isDue && freshness.futureRecord == Self.at(1461, 60 / 3600.0))
    #expect(freshness.lastSuccess == Self.at(1))
    #expect(try catalog.freshness(Self.at(3)).timeliness == .overdue)
    // One good backup ends it.
    catalog.snapshot(Self.at(1, 1))
    let after = try catalog.freshness(Self.at(1, 2))
    #expect(!after.isDue && after.futureRecord == nil && after.lastSuccess == Self.at(1, 1))
    #expect(try catalog.freshness(Self.at(2)).isDue)
  }

  @Test func aClockThatIsALittleLateIsNoReasonForAnything() throws {
    var catalog = Catalog()
    catalog.snapshot(Self.at(0), lasting: 0)
    let before = Timestamp(seconds: Self.start.seconds - DueRule.clockTolerance)
    #expect(try !catalog.freshness(before).isDue && catalog.freshness(before).futureRecord == nil)
    let further = Timestamp(seconds: before.seconds - 1)
    #expect(try catalog.freshness(further).isDue && catalog.freshness(further).futureRecord != nil)
  }

  /// Whatever the clock does, and wherever it stays, a set is backed up once in an allowed time by its own reckoning.
  @Test(arguments: 1...30) func clockJumpsNeverSuppressABackup(_ seed: UInt64) throws {
    var random = seed
    func next(_ bound: UInt64) -> Int64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((random >> 33) % bound)
    }
    var catalog = Catalog()
    var offset: Int64 = 0
    var sinceRun: Int64 = 0
    for firing in 0..<2000 {
      // The true time goes on by an hour; now and then the clock is set by up to ten days to either side.
      if next(40) == 0 { offset = next(20) * Self.day - 10 * Self.day }
      let now = Timestamp(seconds: Self.at(0, Double(firing)).seconds + offset)
      sinceRun += Self.hour
      if try catalog.freshness(now).isDue {
        catalog.snapshot(now, lasting: 5)
        sinceRun = 0
      }
      // A jump back over the last run's own time makes that as old as it looks: at most a day more.
      #expect(sinceRun <= 2 * Self.day, "seed \(seed), firing \(firing)")
      #expect(try !catalog.freshness(now).isDue, "and never twice at once")
    }
  }

  @Test func slotsHoldAcrossTheAnchor() {
    let rule = DueRule(interval: Self.day)
    #expect(rule.slack == 5400 && DueRule(interval: 3600).slack == 360)
    // The clock was set back behind the first success.
    for back in 0..<50 as Range<Int64> {
      let last = Self.at(0, Double(-back))
      let next = rule.next(after: last, anchor: Self.start)
      #expect(next > last && next.seconds - last.seconds <= Self.day)
      #expect(next.seconds - last.seconds >= Self.day / 4)
    }
  }
}
