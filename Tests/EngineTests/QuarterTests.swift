import Backup
import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A provider's quarter: the sample configuration with all classes of the table, a timer each night, and what goes wrong
/// in a quarter.
@Suite struct QuarterTests {
  private static let day: Int64 = 86400
  /// 2027-01-15T02:17:00Z; summer time begins in March.
  private static let start: Int64 = 1_799_979_420

  /// The sample provider, with its paths below the test's folder and its destinations in folders.
  func provider(_ clock: DueTests.Clock) throws -> Household {
    let house = try Household(destinations: ["offsite", "disk", "repository"])
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let sample = try #require(NodeConfiguration.inspect("\(package)/Fixtures/provider/redoubt.toml").configuration)
    for name in ["convex-peer", "flux-provider"] {
      try Command.succeed("cp", ["-r", "\(package)/Fixtures/\(name)/.", house.source])
    }
    house.node.host = sample.host
    house.node.frequencies = sample.frequencies
    house.node.sets = sample.sets.map { set in
      var set = set
      set.paths = set.paths.map { house.source + $0 }
      return set
    }
    #expect(house.node.destinations.map(\.name) == sample.destinations.map(\.name))
    house.keeper.nodes[0].host = sample.host
    house.clock = { Timestamp(seconds: clock.seconds) }
    return house
  }

  @Test func everyBackupFallsWhenTheTableSays() throws {
    let clock = DueTests.Clock(Self.start)
    let house = try provider(clock)
    // All classes of the table but the one that is kept offline have a set.
    #expect(
      Set(house.node.sets.map(\.dataClass)) == Set(house.node.frequencies.classes.filter { !$0.isOffline }.map(\.name)))
    var stored: [String: [Int64]] = [:]
    var seen: [String: [Int64]] = [:]
    var random: UInt64 = 11
    func statuses() throws -> [String: SetFreshness] {
      let all = try setStatuses(house.node, now: house.clock())
      return Dictionary(uniqueKeysWithValues: all.map { ($0.set, $0) })
    }
    func worst() throws -> [String: Timeliness] { try statuses().mapValues(\.timeliness) }

    for night in 0..<92 as Range<Int64> {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      clock.seconds = Self.start + night * Self.day + Int64((random >> 33) % 1800)
      try house.write("srv/clients/acme/orders.csv", "order \(night)\n")
      switch night {
      case 10, 41, 60: try house.write("opt/convex/conf/new-\(night)", "changed in night \(night)\n")
      case 50: try house.write("etc/prometheus/prometheus.yml", "changed in night \(night)\n")
      // The machine is off for three nights, and comes back in the afternoon.
      case 20...22: continue
      case 23:
        let before = try worst()
        #expect(before == ["peer-keys": .overdue, "clients": .overdue, "servers": .overdue, "monitoring": .overdue])
        clock.seconds += 12 * 3600
      // One destination is down for three nights.
      case 40:
        house.stores["offsite"] = FaultyStore(house.store("offsite")) { _ in
          .fail(StorageError(.unreachable, "offsite", "connection reset"))
        }
      case 43:
        let before = try statuses()
        #expect(before["clients"]?.timeliness == .overdue)
        #expect(before["peer-keys"]?.destinations.map(\.timeliness.isOverdue) == [true, false])
        #expect(before["servers"]?.timeliness == .inTime && before["monitoring"]?.timeliness.isOverdue == false)
        house.stores = [:]
      // The clock runs ten years ahead for one night.
      case 70: clock.seconds += 3650 * Self.day
      case 71: #expect(try statuses().values.allSatisfy { $0.isDue && $0.futureRecord != nil })
      default: break
      }
      let run = try house.makeEngine().runDue()
      for outcome in run.outcomes {
        // A run in which another destination misses its part of the catalog has stored all of this set nevertheless.
        let isWhole = outcome.entries > 0 && outcome.destinations.allSatisfy(\.stored)
        if isWhole { stored[outcome.set, default: []].append(night) }
        if outcome.status != .failed { seen[outcome.set, default: []].append(night) }
      }
      // A second timer finds nothing to store.
      let again = try house.makeEngine().runDue()
      if !(40...42).contains(night) {
        #expect(again.outcomes.allSatisfy { $0.status == .unchanged }, "night \(night)")
        #expect(try worst().values.allSatisfy { $0 == .inTime }, "night \(night)")
      }
    }

    let nights = (0..<92).filter { !(20...22).contains($0) }.map(Int64.init)
    #expect(seen["peer-keys"] == nights && seen["monitoring"] == nights, "a heartbeat each night")
    #expect(seen["clients"] == nights.filter { !(40...42).contains($0) })
    // Night 41's change reached the disk alone until night 43.
    // No snapshot is relied on for ten years, nor one that is dated ten years ahead.
    #expect(stored["peer-keys"] == [0, 10, 43, 60, 70, 71])
    #expect(stored["monitoring"] == [0, 50, 70, 71])
    #expect(stored["servers"] == [0, 7, 14, 23, 28, 35, 42, 49, 56, 63, 70, 71, 77, 84, 91])
    #expect(house.events.notices.contains { $0.contains("later than now") })
    #expect(try house.verify(.restored).allSatisfy { $0.result == .sound })
  }
}
