import Files
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (1_795_312_800, "2026-11-22T02:00:00Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
      (-2_208_988_800, "1900-01-01T00:00:00Z"),
    ] as [(Int64, String)])
  func writesAndReads(_ seconds: Int64, _ text: String) {
    let time = Timestamp(seconds: seconds)
    #expect(time.rfc3339 == text)
    #expect(Timestamp(text) == time)
    #expect(Timestamp(time.basic) == time)
  }

  @Test(arguments: [
    "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21 00:00:00", "20261121T000000",
    "",
    "2026-11-21T00:00:60Z", "x2026-11-21T00:00:00Z",
  ])
  func refusesWhatDoesNotExist(_ text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func knowsWeekdays() {
    #expect(Timestamp(seconds: 0).civil.weekday == 4, "1970-01-01 was a Thursday")
    #expect(Timestamp("2026-11-22T00:00:00Z")?.civil.weekday == 0)
  }

  @Test func ordersByNanosecondsLast() {
    #expect(Timestamp(seconds: 1, nanoseconds: 5) < Timestamp(seconds: 2))
    #expect(Timestamp(seconds: 1, nanoseconds: 5) < Timestamp(seconds: 1, nanoseconds: 6))
  }
}
