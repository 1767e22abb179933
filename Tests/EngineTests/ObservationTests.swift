import Backup
import Digests
import Files
import Glibc
import OpenPGP
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// What the keeper finds of nodes' catalogs that were cut, exchanged, replayed, forked, or left behind.
@Suite struct ObservationTests {
  private static let day: Int64 = 86400
  private let house: Household

  init() throws {
    house = try Household(destinations: ["one", "two"])
    try house.write("file", "content")
  }

  private func backup(day: Int64) throws {
    let start = Self.start
    house.clock = { Timestamp(seconds: start + day * Self.day) }
    try house.write("file", "content of day \(day)")
    #expect(try house.backup().map(\.status) == [.stored])
  }

  private static let start: Int64 = 1_790_000_000

  private func codes(_ destination: String? = nil) throws -> Set<Finding.Code> {
    let observation = try #require(try house.makeKeeper().observe().first)
    #expect(observation.unchecked.isEmpty)
    return Set(
      observation.findings.filter { destination == nil || $0.destination == destination }.map(\.finding.code))
  }

  private func segments(_ destination: String) throws -> [String] {
    try house.objects(destination).filter { $0.contains("/catalog/") }.sorted()
  }

  private func path(_ destination: String, _ key: String) -> String { "\(house.folder.path)/\(destination)/\(key)" }

  private func remove(_ destination: String, _ key: String) { #expect(unlink(path(destination, key)) == 0) }

  private var keeperRecords: Int {
    get throws { try CatalogFile.records("\(house.keeper.state)/catalog.jsonl").count }
  }

  @Test func whatIsAsItWasIsNoFindingAndNoRecord() throws {
    try backup(day: 0)
    #expect(try codes().isEmpty)
    let before = try keeperRecords
    #expect(before == 2)
    #expect(try codes().isEmpty)
    #expect(try keeperRecords == before)
    try backup(day: 1)
    #expect(try codes().isEmpty)
    #expect(try keeperRecords == before + 2)
    let observation = try #require(try house.makeKeeper().observe().first)
    #expect(observation.catalog.records.count == 4)
    // A lost copy is fetched again.
    #expect(removeTree("\(house.keeper.state)/nodes"))
    #expect(try codes().isEmpty)
    #expect(try keeperRecords == before + 2)
  }

  @Test func aShorterCatalogIsARollback() throws {
    try backup(day: 0)
    try backup(day: 1)
    #expect(try codes().isEmpty)
    remove("one", try #require(try segments("one").last))
    #expect(try codes("one").contains(.rolledBack))
    #expect(try codes("two").isEmpty)
    // Looking twice doesn't make it good.
    #expect(try codes("one").contains(.rolledBack))
  }

  @Test func whatEveryDestinationLostTheKeeperStillHas() throws {
    try backup(day: 0)
    try backup(day: 1)
    #expect(try codes().isEmpty)
    let epoch = try #require(try segments("one").last?.split(separator: "/").dropLast().last)
    let copy = "\(house.keeper.state)/nodes/peer-1/\(epoch).jsonl"
    let before = try FileContent.read(copy)
    for destination in ["one", "two"] { remove(destination, try #require(try segments(destination).last)) }
    #expect(try codes() == [.rolledBack])
    #expect(try FileContent.read(copy) == before)
  }

  @Test func aCatalogThatIsGoneIsARollback() throws {
    try backup(day: 0)
    #expect(try codes().isEmpty)
    for key in try segments("two") { remove("two", key) }
    #expect(try codes("two").contains(.rolledBack))
    #expect(try codes("one").isEmpty)
  }

  @Test func aMissingSegmentIsAGap() throws {
    try backup(day: 0)
    try backup(day: 1)
    let keys = try segments("one")
    remove("one", keys[1])
    #expect(try codes("one").contains(.gap))
  }

  @Test func aReplayedSegmentIsAFork() throws {
    try backup(day: 0)
    try backup(day: 1)
    #expect(try codes().isEmpty)
    let keys = try segments("one")
    let old = try FileContent.read(path("one", keys[0]))
    remove("one", try #require(keys.last))
    try FileContent.write(old, to: path("one", try #require(keys.last)))
    #expect(try codes("one").contains(.forked))
    #expect(try codes("two").isEmpty)
  }

  @Test func aStrangersSegmentIsToldByTheSigner() throws {
    try backup(day: 0)
    #expect(try codes().isEmpty)
    house.keeper.nodes[0].trustedSigners = [String(repeating: "A", count: 40)]
    #expect(removeTree("\(house.keeper.state)/nodes"))
    #expect(try codes("one").contains(.untrustedSigner))
  }

  @Test func aNewEpochStaysAFindingUntilSomebodyKnowsWhy() throws {
    try backup(day: 0)
    #expect(try codes().isEmpty)
    #expect(removeTree(house.node.state))
    try backup(day: 1)
    #expect(try codes() == [.newEpoch])
    #expect(try codes() == [.newEpoch])
    let epoch = try #require(try segments("one").last?.split(separator: "/").dropLast().last.map(String.init))
    #expect(throws: VerifyError.self) {
      try house.makeKeeper().acknowledge(host: "peer-1", epoch: "20200101T000000Z-00000000", by: "A", note: "B")
    }
    try house.makeKeeper().acknowledge(host: "peer-1", epoch: epoch, by: "Ada", note: "new disk")
    #expect(try codes().isEmpty)
  }

  @Test func twoLivesOfOneStateAreAFork() throws {
    try backup(day: 0)
    #expect(try codes().isEmpty)
    let (one, two) = (house.node.destinations[0], house.node.destinations[1])
    let copy = "\(house.folder.path)/copy"
    try Command.succeed("cp", ["-a", house.node.state, copy])
    house.node.destinations = [one]
    house.node.sets[0].destinations = ["one"]
    try backup(day: 1)
    house.node.state = copy
    house.node.destinations = [two]
    house.node.sets[0].destinations = ["two"]
    try backup(day: 2)
    #expect(try codes().contains(.forked))
  }

  @Test func snapshotsThatAreGoneOrCameFromNowhereAreFound() throws {
    try backup(day: 0)
    try backup(day: 1)
    #expect(try codes().isEmpty)
    let first = try #require(try house.manifests("one").sorted().first)
    let content = try FileContent.read(path("one", first))
    remove("one", first)
    #expect(try codes("one") == [.missing])
    // Under another name it is a snapshot that nobody announced.
    let planted = "peer-1/data/20200101T000000Z-0001/manifest.tar.zst.gpg"
    try Paths.makeFolders(Paths.parent(path("one", planted)))
    try FileContent.write(content, to: path("one", planted))
    #expect(try codes("one") == [.missing, .unannounced])
    #expect(try codes("two").isEmpty)
  }

  @Test func whatPruningTookIsNotMissed() throws {
    for day in 0..<5 { try backup(day: Int64(day)) }
    for _ in 0..<2 { _ = try house.verify(.readable) }
    let start = Self.start
    house.clock = { Timestamp(seconds: start + 100 * Self.day) }
    house.keeper.keep = KeepRules()
    house.keeper.keep.last = 1
    let keeper = house.makeKeeper()
    let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
    #expect(plans.contains { !$0.dropped.isEmpty })
    _ = try keeper.prune(plans, removers: ["one": house.store("one"), "two": house.store("two")])
    #expect(try codes().isEmpty)
  }

  @Test func aDestinationThatWasLeftBehindIsTold() throws {
    try backup(day: 0)
    house.node.destinations.removeLast()
    house.node.sets[0].destinations = ["one"]
    try backup(day: 1)
    #expect(try codes().isEmpty)
    let start = Self.start
    house.clock = { Timestamp(seconds: start + 4 * Self.day) }
    #expect(try codes() == [.behind])
  }

  @Test func aRunWithoutAnEndIsTold() throws {
    try backup(day: 0)
    let start = Self.start
    house.clock = { Timestamp(seconds: start + Self.day) }
    let house = house
    house.isCancelled = { true }
    _ = try? house.backup()
    house.isCancelled = { false }
    // What the run recorded of its end is cut off, as a crash would have.
    for destination in ["one", "two"] {
      let keys = try segments(destination)
      if keys.count == 4 { remove(destination, keys[3]) }
    }
    #expect(try codes().isEmpty)
    house.clock = { Timestamp(seconds: start + 3 * Self.day) }
    #expect(try codes() == [.neverEnded])
  }
}
