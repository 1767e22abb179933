import Testing
import Watching

/// When a run comes, by a clock that the test turns.
@Suite struct ChangeScheduleTests {
  private static let rules = ChangeSchedule.Rules(quiet: 10, longestWait: 600)

  /// A schedule whose first run, at 10, went well.
  private func started() -> ChangeSchedule {
    var schedule = ChangeSchedule(Self.rules, now: 0)
    let taken = schedule.begin(at: 10)
    schedule.ended(.done, taken: taken, now: 12)
    return schedule
  }

  private func run(_ schedule: inout ChangeSchedule, at time: Double, _ ending: ChangeSchedule.Ending) {
    let taken = schedule.begin(at: time)
    schedule.ended(ending, taken: taken, now: time)
  }

  @Test func whatChangedBeforeTheStartCounts() { #expect(ChangeSchedule(Self.rules, now: 100).due == 110) }

  @Test func aChangeWaitsForQuiet() {
    var schedule = started()
    schedule.changed(first: 100, last: 100)
    #expect(schedule.due == 110)
    schedule.changed(first: 105, last: 108)
    #expect(schedule.due == 118)
    #expect(!schedule.isHeartbeat)
  }

  @Test func changesThatGoOnWaitNoLongerThanAllowed() {
    var schedule = started()
    for time in stride(from: 100.0, through: 2000, by: 5) { schedule.changed(first: time, last: time) }
    #expect(schedule.due == 700)
  }

  @Test func aHeartbeatComesOnceADay() {
    var schedule = started()
    #expect(schedule.due == 10 + 86400 && schedule.isHeartbeat)
    run(&schedule, at: 90000, .done)
    #expect(schedule.due == 90000 + 86400)
    // A machine that slept over it: due at once, not a day later.
    #expect(schedule.due < 10 * 86400)
  }

  @Test func whatIsWatchedInPartIsLookedAtEveryHour() {
    var schedule = started()
    schedule.isCovered = false
    #expect(schedule.due == 10 + 3600)
  }

  @Test func aChangeDuringARunStartsTheWaitAgain() {
    var schedule = started()
    schedule.changed(first: 100, last: 100)
    let taken = schedule.begin(at: 110)
    schedule.changed(first: 115, last: 115)
    schedule.ended(.done, taken: taken, now: 120)
    #expect(schedule.due > 120 && schedule.due <= 135)
  }

  @Test func aRunThatChangesItsOwnSourcesGetsRarer() {
    var schedule = started()
    var time = 100.0
    var waits: [Double] = []
    schedule.changed(first: time, last: time)
    for _ in 0..<8 {
      time = schedule.due
      let taken = schedule.begin(at: time)
      schedule.changed(first: time, last: time)
      schedule.ended(.done, taken: taken, now: time)
      waits.append(schedule.due - time)
    }
    #expect(waits == [20, 40, 80, 160, 320, 600, 600, 600])
    run(&schedule, at: schedule.due, .done)
    schedule.changed(first: 10_000, last: 10_000)
    #expect(schedule.due == 10_010, "a run that was left alone ends it")
  }

  @Test func aFailedRunIsTriedAgainWithGrowingPauses() {
    var schedule = started()
    schedule.changed(first: 100, last: 100)
    var time = 110.0
    var pauses: [Double] = []
    for _ in 0..<8 {
      run(&schedule, at: time, .failed)
      pauses.append(schedule.due - time)
      time = schedule.due
      schedule.changed(first: time - 1, last: time - 1)
    }
    #expect(pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600])
    run(&schedule, at: time, .done)
    #expect(schedule.due == time + 86400)
  }

  @Test func aFailedHeartbeatIsTriedAgainToo() {
    var schedule = started()
    run(&schedule, at: 90000, .failed)
    #expect(schedule.due == 90060)
  }

  @Test func aRunInPartDoesNotHoldChangesUp() {
    var schedule = started()
    run(&schedule, at: 100, .partial)
    #expect(schedule.due == 100 + 3600)
    schedule.changed(first: 200, last: 200)
    #expect(schedule.due == 210)
    run(&schedule, at: 210, .partial)
    #expect(schedule.due == 210 + 7200)
    run(&schedule, at: 210 + 7200, .done)
    #expect(schedule.due == 210 + 7200 + 86400)
  }

  @Test func aChangeIsNotLostToAnotherRun() {
    var schedule = started()
    schedule.changed(first: 100, last: 100)
    for attempt in 0..<100 {
      let time = 110 + 5 * Double(attempt)
      #expect(schedule.due == time)
      run(&schedule, at: time, .busy)
    }
    run(&schedule, at: schedule.due, .done)
    #expect(schedule.isHeartbeat)
  }

  @Test func aHeartbeatIsNotLostToAnotherRun() {
    var schedule = started()
    run(&schedule, at: 86410, .busy)
    #expect(schedule.due == 86415)
  }
}
