import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Workers that know nothing of each other do everything exactly once, and their catalogs are one.
@Suite struct ShardTests {
  @Test func everySetIsOfExactlyOneShard() throws {
    for count in [1, 2, 3, 7, 16, 100] {
      let shards = try (1...count).map { try #require(Shard("\($0)/\(count)")) }
      var sizes = Array(repeating: 0, count: count)
      for number in 0..<1000 {
        let owners = shards.indices.filter { shards[$0].owns(host: "peer-\(number / 10)", set: "set-\(number % 10)") }
        try #require(owners.count == 1)
        sizes[owners[0]] += 1
        #expect(shards.count { $0.owns(host: "peer-\(number)") } == 1)
      }
      // Even enough: no shard has much more than its part.
      #expect(sizes.max() ?? 0 <= 1000 / count + 4 * Int(Double(1000 / count).squareRoot()) + 3, "\(sizes)")
    }
  }

  @Test(arguments: ["", "0/4", "5/4", "1/0", "-1/4", "1", "1/2/3", "1/x", "01/4", "1 /4", "1/20000"])
  func whatIsNoShardIsRefused(_ text: String) { #expect(Shard(text) == nil) }

  /// A house with some sets.
  private func house(_ clock: DueTests.Clock) throws -> Household {
    let house = try Household(destinations: ["disk", "offsite"])
    house.clock = { Timestamp(seconds: clock.seconds) }
    for index in house.keeper.destinations.indices { house.keeper.destinations[index].location = .offsite }
    let model = house.node.sets[0]
    house.node.sets = try (0..<6).map { number in
      try house.write("set-\(number)/file", Household.noise(20_000, seed: UInt64(number + 1)))
      var set = model
      set.name = "set-\(number)"
      set.paths = ["\(house.source)/set-\(number)"]
      return set
    }
    try house.backup()
    return house
  }

  private func run(_ house: Household, _ shard: String?) throws -> RunReport {
    var request = RunRequest(scratch: "\(house.folder.path)/scratch")
    request.drills = false
    request.selfTestCounts = 1000 * 86400
    request.shard = try shard.map { try #require(Shard($0)) }
    return try house.makeKeeper().run(request)
  }

  @Test func shardsTogetherProveEverythingOnceAndTheirCatalogsAreOne() throws {
    let clock = DueTests.Clock(1_800_000_000)
    let house = try house(clock)
    var proven: [String] = []
    for number in 1...3 {
      clock.seconds += 60
      let report = try run(house, "\(number)/3")
      #expect(report.unchecked.isEmpty && report.left.isEmpty)
      #expect(report.observations.allSatisfy { $0.findings.isEmpty })
      proven += report.verifications.map { "\($0.set) \($0.destination) \($0.result.rawValue)" }
      #expect(report.run.shard == "\(number)/3")
      #expect(Paths.exists("\(house.keeper.state)/shards/\(number)-of-3/catalog.jsonl"))
    }
    let all = (0..<6).flatMap { set in ["disk", "offsite"].map { "set-\(set) \($0) sound" } }
    #expect(proven.sorted() == all)
    // However many workers there are from now on, none does it again; nor does one that has no part.
    clock.seconds += 86400
    for shard in ["1/2", "2/2", nil] { #expect(try run(house, shard).plan.isEmpty, "\(shard ?? "all")") }
    let overview = try house.makeKeeper().overview()
    #expect(overview.sets.count == 6)
    #expect(overview.sets.flatMap(\.places).allSatisfy { $0.standing == .proven && $0.snapshots == 1 })
    #expect(!overview.concerns.contains { [.unproven, .catalog, .missing].contains($0.kind) }, "\(overview.concerns)")
    let listed = try house.makeKeeper().list(SnapshotSelection())
    #expect(listed.count == 12 && listed.allSatisfy { $0.lastVerification?.result == .sound })
  }

  @Test func whatOneCatalogPrunedNoShardMisses() throws {
    let clock = DueTests.Clock(1_800_000_000)
    let house = try house(clock)
    for night in 1...3 {
      clock.seconds += 86400
      try house.write("set-0/file", Household.noise(20_000, seed: UInt64(night + 50)))
      try house.backup(["set-0"])
    }
    for number in 1...2 { _ = try run(house, "\(number)/2") }
    house.keeper.keep.last = 2
    let keeper = house.makeKeeper()
    let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
    _ = try keeper.prune(plans, removers: ["disk": house.store("disk"), "offsite": house.store("offsite")])
    #expect(try house.manifests().count { $0.contains("/set-0/") } == 2)
    clock.seconds += 86400
    for number in 1...2 {
      let report = try run(house, "\(number)/2")
      #expect(report.observations.allSatisfy { $0.findings.isEmpty }, "\(report.observations.map(\.findings))")
    }
  }

  @Test func aShardIsLockedByItself() throws {
    let clock = DueTests.Clock(1_800_000_000)
    let house = try house(clock)
    let counter = CountingStore(house.store("disk"))
    house.stores["disk"] = counter
    let another = RunTests.another(house)
    var request = RunRequest(scratch: "\(house.folder.path)/scratch")
    request.drills = false
    request.selfTestCounts = 1000 * 86400
    request.shard = Shard("2/2")
    let second = request
    let done = EventCount()
    let errors = ErrorList()
    counter.onGet { _ in
      guard done.next() == 1 else { return }
      do throws(VerifyError) { _ = try another().planRun(second) } catch { errors.add(error) }
    }
    #expect(try run(house, "1/2").unchecked.isEmpty)
    #expect(errors.all.isEmpty, "another shard may work at the same time")
  }
}
