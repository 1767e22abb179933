import Files
import Policy
import Report
import Repository
import Testing

/// Which day something is shown on, and as what.
@Suite struct CalendarTests {
  /// 2027-04-15T09:30:00Z, a Thursday.
  private let now = SampleQuarter.now
  private let day = SampleQuarter.day
  private let allowance: Int64 = 30 * 3600

  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

  private func records(_ events: [(CatalogEvent, Timestamp)]) throws -> [CatalogRecord] {
    var chain = CatalogChain()
    return try events.map { try chain.append($0.0, at: $0.1).record }
  }

  private func started(_ time: Timestamp) -> (CatalogEvent, Timestamp) {
    let id = SnapshotID(started: time, random: 1)
    return (.started(RunStarted(epoch: Epoch(began: time, random: 1), set: "data", snapshot: id)), time)
  }

  private func stored(_ time: Timestamp, at places: [String: Bool] = ["disk": true]) -> (CatalogEvent, Timestamp) {
    (
      .snapshot(
        SnapshotStored(
          set: "data", class: "client-database", mode: "full", snapshot: SnapshotID(started: time, random: 1),
          manifest: .zero, entries: 1, bytes: 10, volumes: 1, storedBytes: 100, findings: 0, seconds: 1,
          destinations: places.sorted { $0.key < $1.key }.map { DestinationOutcome(name: $0.key, stored: $0.value) })),
      time
    )
  }

  private func calendar(
    _ node: [(CatalogEvent, Timestamp)], keeper: [(CatalogEvent, Timestamp)] = [], weeks: Int = 3,
    allowance: Int64?? = nil
  ) throws -> SetCalendar {
    SetCalendar(
      weeks: weeks, allowance: allowance ?? self.allowance, node: try records(node), keeper: try records(keeper),
      now: now)
  }

  private func on(_ calendar: SetCalendar, _ text: String) throws -> DayReport {
    calendar.days[calendar.first.distance(to: Day(try time("\(text)T12:00:00Z")))]
  }

  @Test func itEndsWithThisWeek() throws {
    let calendar = try calendar([])
    #expect(calendar.first.iso == "2027-03-29" && calendar.last.iso == "2027-04-18")
    #expect(calendar.first.weekday == 0 && calendar.days.count == 21)
    #expect(calendar.days.allSatisfy { $0 == DayReport() })
  }

  @Test func aRunBelongsToTheDayThatItBeganOn() throws {
    let calendar = try calendar([
      started(try time("2027-04-12T23:58:00Z")), stored(try time("2027-04-13T00:20:00Z")),
      started(try time("2027-04-14T02:00:00Z")), stored(try time("2027-04-14T02:10:00Z")),
    ])
    #expect(try on(calendar, "2027-04-11").backup == .outside)
    #expect(try on(calendar, "2027-04-12").backup == .made)
    // 24 hours after: within 30 hours.
    #expect(try on(calendar, "2027-04-13").backup == .none)
    #expect(try on(calendar, "2027-04-14").backup == .made)
    #expect(try on(calendar, "2027-04-14").stored == 100)
    #expect(try on(calendar, "2027-04-15").backup == .missed, "31.5 hours at the time of the report")
    #expect(try on(calendar, "2027-04-16").backup == .outside)
  }

  @Test func whatIsMissedIsOverdueAtTheEndOfTheDay() throws {
    let calendar = try calendar([stored(try time("2027-04-10T12:00:00Z"))])
    let days = try (10...15).map { try on(calendar, "2027-04-\($0)").backup }
    #expect(days == [.made, .missed, .missed, .missed, .missed, .missed])
    let patient = try self.calendar([stored(try time("2027-04-10T12:00:00Z"))], allowance: 3 * day)
    #expect(
      try (10...15).map { try on(patient, "2027-04-\($0)").backup } == [.made, .none, .none, .missed, .missed, .missed])
    let once = try self.calendar([stored(try time("2027-04-10T12:00:00Z"))], allowance: .some(nil))
    #expect(try (11...15).allSatisfy { try on(once, "2027-04-\($0)").backup == .none })
  }

  @Test func theBestRunOfADayCounts() throws {
    let failure = RunFailed(
      set: "data", snapshot: SnapshotID(started: now, random: 1), reason: "no", destinations: [])
    let unchanged = NothingChanged(set: "data", snapshot: SnapshotID(started: now, random: 1))
    let calendar = try calendar([
      stored(try time("2027-04-11T02:00:00Z"), at: ["disk": true, "offsite": false]),
      (.failure(failure), try time("2027-04-12T02:00:00Z")), (.unchanged(unchanged), try time("2027-04-12T08:00:00Z")),
      (.failure(failure), try time("2027-04-13T02:00:00Z")),
      (.unchanged(unchanged), try time("2027-04-14T02:00:00Z")), stored(try time("2027-04-14T08:00:00Z")),
      // Under a clock that was wrong.
      stored(try time("2027-04-17T08:00:00Z")),
    ])
    let days = try (11...17).map { try on(calendar, "2027-04-\($0)").backup }
    #expect(days == [.partial, .unchanged, .failed, .made, .none, .outside, .outside])
  }

  @Test func proofsAndDrills() throws {
    func verification(_ level: VerificationLevel, _ result: VerificationResult) -> Verification {
      Verification(
        host: "peer-1", set: "data", snapshot: "s", destination: "disk", level: level, result: result, objects: 1,
        bytes: 1, seconds: 1, findingCount: 0)
    }
    func drill(_ result: VerificationResult) -> CatalogEvent {
      .drill(Drill(verification(.restored, result), standardTools: false, by: nil, note: nil))
    }
    let calendar = try calendar(
      [],
      keeper: [
        (.verification(verification(.intact, .sound)), try time("2027-04-10T02:00:00Z")),
        (.verification(verification(.present, .sound)), try time("2027-04-10T03:00:00Z")),
        (.verification(verification(.readable, .damaged)), try time("2027-04-11T03:00:00Z")),
        (.verification(verification(.readable, .unchecked)), try time("2027-04-12T03:00:00Z")),
        (drill(.sound), try time("2027-04-13T03:00:00Z")), (drill(.damaged), try time("2027-04-14T03:00:00Z")),
      ])
    #expect(try on(calendar, "2027-04-10").proven == .intact)
    let damaged = try on(calendar, "2027-04-11")
    #expect(damaged.proven == nil && damaged.foundDamage)
    #expect(try on(calendar, "2027-04-12") == DayReport())
    let sound = try on(calendar, "2027-04-13")
    #expect(sound.drill == true && sound.proven == .restored)
    #expect(try on(calendar, "2027-04-14").drill == false)
  }

  @Test func theWorstOfSeveral() throws {
    let one = try calendar([stored(try time("2027-04-13T02:00:00Z")), stored(try time("2027-04-14T10:00:00Z"))])
    let other = try calendar([stored(try time("2027-04-12T02:00:00Z"))])
    let both = SetCalendar(worstOf: [one, other], first: one.first, weeks: 3)
    #expect(try (12...15).map { try on(both, "2027-04-\($0)").backup } == [.made, .missed, .missed, .missed])
  }

  @Test func storedBytes() throws {
    let node = try records([
      stored(try time("2027-03-01T02:00:00Z"), at: ["disk": true, "offsite": true]),
      stored(try time("2027-04-13T02:00:00Z"), at: ["disk": true, "offsite": true]),
      stored(try time("2027-04-14T02:00:00Z"), at: ["disk": true, "offsite": false]),
    ])
    let prune = Pruned(
      host: "peer-1", set: "data", destination: "disk", snapshots: [], objects: 1, bytes: 150, complete: true)
    let keeper = try records([(.prune(prune), try time("2027-04-15T02:00:00Z"))])
    let first = Day(try time("2027-04-12T00:00:00Z"))
    let series = StoredSeries.all(
      [("disk", false), ("offsite", false), ("gone", false)], from: first, node: node, keeper: keeper, now: now)
    #expect(series.map(\.destinations) == [["disk"], ["offsite"]])
    #expect(series.map(\.bytes) == [[100, 200, 300, 150], [100, 200, 200, 200]])
    let same = StoredSeries.all(
      [("disk", false), ("offsite", false)], from: first, node: Array(node.prefix(2)), keeper: [], now: now)
    #expect(same.map(\.destinations) == [["disk", "offsite"]])
  }

  /// The day that a cell's tip names is the one of its row and column.
  @Test(arguments: [1, 13, 30]) func cellsStandUnderTheirDates(_ weeks: Int) throws {
    var quarter = SampleQuarter()
    quarter.live(host: "peer-1", set: "data", dataClass: SampleQuarter.dataClass("client-database"))
    let tables = try StrictPage(try quarter.page(weeks: weeks).html).all(class: "cal")
      .filter { $0["aria-hidden"] == nil }
    #expect(tables.count == (weeks + 12) / 13)
    var cells = 0
    for table in tables {
      let rows = table.all("tr")
      let mondays = rows[1].all("th").map(\.text)
      let months = rows[0].all("th").flatMap { Array(repeating: $0.text, count: Int($0["colspan"] ?? "") ?? 0) }
      #expect(months.count == mondays.count && rows.count == 9)
      for (weekday, row) in rows.dropFirst(2).enumerated() {
        #expect(row.all("td").count == mondays.count)
        for (column, cell) in row.all("td").enumerated() {
          guard let title = cell["title"] else { continue }
          let date = Day(try time("\(title.prefix(10))T00:00:00Z"))
          #expect(date.weekday == weekday && Day.weekdayName(weekday).hasPrefix(row.all("th")[0].text))
          #expect("\(date.monday.dayOfMonth)" == mondays[column] && date.monday.monthName == months[column])
          cells += 1
        }
      }
    }
    #expect(cells >= min(weeks * 7 - 3, 90))
    let today = tables.flatMap { $0.all(class: "today") }
    #expect(today.map { $0["title"].map { String($0.prefix(10)) } } == ["2027-04-15"])
  }
}
