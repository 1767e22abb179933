import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A keeper's quarter beside a provider's: every obligation of the table falls due, and is met or told; what was met is
/// never told.
@Suite struct KeeperQuarterTests {
  private static let day: Int64 = 86400
  /// 2027-01-15T02:17:00Z.
  private static let start: Int64 = 1_799_979_420

  private final class Quarter {
    let house: Household
    let clock: DueTests.Clock
    private(set) var night: Int64 = 0

    init() throws {
      clock = DueTests.Clock(KeeperQuarterTests.start)
      house = try QuarterTests().provider(clock)
      house.keeper.frequencies = house.node.frequencies
      for (index, location) in [.cloud, .local, .git].enumerated()
        as EnumeratedSequence<[DestinationConfiguration.Location]>
      {
        house.keeper.destinations[index].location = location
      }
    }

    /// Goes to the next night; the node backs up unless it is off.
    func next(isOff: Bool = false) throws {
      night += 1
      clock.seconds = KeeperQuarterTests.start + night * KeeperQuarterTests.day
      if isOff { return }
      try house.write("srv/clients/acme/orders.csv", "order \(night)\n")
      if night % 10 == 0 { try house.write("opt/convex/conf/new-\(night)", "changed in night \(night)\n") }
      if night % 30 == 0 { try house.write("etc/prometheus/prometheus.yml", "changed in night \(night)\n") }
      _ = try house.makeEngine().runDue()
    }

    func run(drills: Bool, budget: UInt64? = nil) throws -> RunReport {
      clock.seconds += 3600
      var request = RunRequest(scratch: "\(house.folder.path)/scratch")
      request.drillScratch = request.scratch
      request.drills = drills
      request.budget = budget
      // Shown once; SelfTestTests and RunTests show that it begins each run.
      request.selfTestCounts = 25 * KeeperQuarterTests.day
      return try house.makeKeeper().run(request)
    }

    /// What is told now and is more than a notice: kind and set.
    func concerns() throws -> Set<String> {
      Set(
        try house.makeKeeper().overview().concerns.filter { $0.severity > .notice }.map {
          "\($0.kind.rawValue) \($0.set ?? "-")"
        })
    }
  }

  /// Where no copy is fresh, none lies where the class asks for one either.
  private static func isOfFreshness(_ concern: String) -> Bool {
    concern.hasPrefix("overdue") || concern.hasPrefix("missing")
  }

  @Test func aMonthlyKeeperMeetsTheTableAndTellsWhatItMissed() throws {
    let quarter = try Quarter()
    _ = try quarter.house.makeEngine().runDue()
    let unattested: Set = ["attestation -"]
    var drilled: [String: [Int64]] = [:]
    func run(drills: Bool) throws -> RunReport {
      let report = try quarter.run(drills: drills)
      for outcome in report.drills where outcome.drill.result == .sound {
        drilled[outcome.drill.set, default: []].append(quarter.night)
      }
      #expect(report.unchecked.isEmpty && report.left.isEmpty, "night \(quarter.night)")
      return report
    }
    _ = try run(drills: true)
    #expect(try quarter.concerns() == unattested)
    try quarter.house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: "restored from the plate", by: "Ada",
      table: quarter.house.keeper.frequencies)
    while quarter.night < 95 {
      let next = quarter.night + 1
      // The node is off for four nights; the keeper misses its second month by nine days.
      try quarter.next(isOff: (20...23).contains(next))
      switch quarter.night {
      case 31: _ = try run(drills: false)
      case 71:
        let report = try run(drills: false)
        #expect(Set(report.verifications.map(\.set)) == ["peer-keys", "clients", "servers", "monitoring"])
      case 91: _ = try run(drills: true)
      default: break
      }
      // Looked at each morning, by whoever asks for the status; catalogs are looked at as well.
      _ = try quarter.house.makeKeeper().observe()
      let concerns = try quarter.concerns()
      switch quarter.night {
      case 22, 23:
        #expect(concerns.contains("overdue clients") && concerns.contains("overdue peer-keys"))
        #expect(concerns.allSatisfy(Self.isOfFreshness), "\(concerns)")
      case 20, 21: #expect(concerns.allSatisfy(Self.isOfFreshness), "\(concerns)")
      case 64...70:
        // Thirty-one days after the last proof, and the grace.
        #expect(concerns.contains("unproven clients") && concerns.contains("unproven peer-keys"), "\(concerns)")
        #expect(
          concerns.allSatisfy { $0.hasPrefix("unproven") || $0 == "self-test -" }, "night \(quarter.night): \(concerns)"
        )
      case 62, 63: #expect(concerns.allSatisfy { $0.hasPrefix("unproven") }, "\(concerns)")
      default: #expect(concerns.isEmpty, "night \(quarter.night): \(concerns)")
      }
    }
    #expect(drilled.count == 4 && drilled.values.allSatisfy { $0 == [0, 91] }, "\(drilled)")
    // A year after the attestation, and its grace.
    quarter.clock.seconds = Self.start + (365 + 31) * Self.day
    #expect(try quarter.concerns().contains("attestation -"))
  }

  @Test func aDailyKeeperWithABudgetProvesEachVolumeInItsInterval() throws {
    let quarter = try Quarter()
    let counter = CountingStore(quarter.house.store("offsite"))
    quarter.house.stores["offsite"] = counter
    _ = try quarter.house.makeEngine().runDue()
    try quarter.house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: "restored from the plate", by: "Ada",
      table: quarter.house.keeper.frequencies)
    var fetched: [String: [Int64]] = [:]
    let budget: UInt64 = 400_000
    while quarter.night < 65 {
      try quarter.next()
      if quarter.night % 20 == 1 {
        // By itself, so that what it copies is not counted.
        _ = try quarter.house.makeKeeper().selfTest(
          SnapshotSelection(), scratch: "\(quarter.house.folder.path)/scratch")
        _ = counter.take()
      }
      let report = try quarter.run(drills: false, budget: budget)
      #expect(report.run.fetched <= budget && report.unchecked.isEmpty, "night \(quarter.night)")
      let concerns = try quarter.concerns()
      #expect(concerns.isEmpty, "night \(quarter.night): \(concerns)")
      for (key, count) in counter.take().counts where key.contains("/volume-") && quarter.night > 1 {
        fetched[key, default: []] += Array(repeating: quarter.night, count: count)
      }
    }
    // No volume in the same night twice, none sooner than three weeks after the last time, and none later than a month.
    for (key, nights) in fetched {
      for (one, next) in zip(nights, nights.dropFirst()) {
        #expect((21...31).contains(next - one), "\(key): \(nights)")
      }
    }
    #expect(fetched.values.contains { $0.count > 1 })
  }
}
