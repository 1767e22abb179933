import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A destination that misses snapshots costs the others nothing, and gets what it lacks alone when it is back.
@Suite struct MissedSnapshotTests {
  private let house: Household
  private static let start: Int64 = 1_790_000_000

  init() throws {
    house = try Household(destinations: ["disk", "other"], mode: .incremental)
    house.node.sets[0].volumeSize = 256 << 10
    for number in 0..<8 { try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(number + 1))) }
  }

  /// A night on which one file changes.
  private func night(_ number: Int, changes: Bool = true) throws -> [SetOutcome] {
    house.clock = { Timestamp(seconds: Self.start + Int64(number) * 86400) }
    if changes { try house.write("file-0", Household.noise(300_000, seed: UInt64(100 + number))) }
    return try house.backup()
  }

  private func fail(_ code: StorageError.Code, _ condition: @escaping @Sendable (FaultyStore.Call) -> Bool) {
    house.stores["other"] = FaultyStore(DirectoryStore("\(house.folder.path)/other")) {
      condition($0) ? .fail(StorageError(code, "other", "it fails")) : nil
    }
  }

  private func bytes(_ destination: String) throws -> Int {
    try Command.succeed("du", ["-sb", "\(house.folder.path)/\(destination)"]).lines.first?.split(separator: "\t").first
      .flatMap { Int($0) } ?? 0
  }

  private func expectSound(_ count: Int) throws {
    let found = try house.verify(.restored, SnapshotSelection(snapshots: .all))
    #expect(found.count == count && found.allSatisfy { $0.result == .sound }, "\(found.map(\.result))")
  }

  /// Of 2.4 MB: what a night's change comes to, with its manifest and records, and what everything does.
  private static let aNight = 400_000
  private static let everything = 2_000_000

  @Test(arguments: [StorageError.Code.unreachable, .denied, .full])
  func nightsWithoutIt(_ code: StorageError.Code) throws {
    #expect(try night(0).map(\.status) == [.stored])
    fail(code) { _ in true }
    let first = try night(1)
    #expect(first.map(\.status) == [.partial])
    #expect(house.events.notices.contains { $0.contains("other missed") })
    for number in 2...4 {
      let before = try bytes("disk")
      let outcomes = try night(number)
      #expect(outcomes.map(\.isCatchingUp) == [false, true])
      #expect(outcomes.first.map { [.stored, .partial].contains($0.status) } == true)
      #expect(outcomes.last?.status == .failed && outcomes.last?.reason?.contains("it fails") == true)
      #expect(try bytes("disk") - before < Self.aNight)
    }
    house.stores = [:]
    let before = (try bytes("disk"), try bytes("other"))
    let back = try night(5)
    #expect(back.map(\.status) == [.stored, .stored])
    #expect(try bytes("disk") - before.0 < Self.aNight)
    // It has what it got before.
    #expect(try bytes("other") - before.1 < 2 * Self.aNight)
    #expect(try night(6, changes: false).map(\.status) == [.unchanged, .unchanged])
    try expectSound(6 + 2)
  }

  @Test func whatAFullDiskTookIsNotSentAgain() throws {
    let count = EventCount()
    fail(.full) { $0.key.contains("/volume-") && count.next() > 6 }
    #expect(try night(0).map(\.status) == [.partial])
    let before = try bytes("other")
    #expect(before > 800_000)
    house.stores = [:]
    #expect(try night(1).map(\.status) == [.stored, .stored])
    #expect(try bytes("other") < Self.everything + 1_000_000)
    // The disk's two snapshots, the other's one.
    try expectSound(3)
  }

  @Test func whatIsLostIsSentToItAlone() throws {
    _ = try night(0)
    try Command.succeed("rm", ["-r", "\(house.folder.path)/other"])
    #expect(try night(1, changes: false).map(\.status) == [.partial])
    try Paths.makeFolders("\(house.folder.path)/other")
    let before = try bytes("disk")
    #expect(try night(2).map(\.status) == [.stored, .stored])
    #expect(try bytes("disk") - before < Self.aNight)
    #expect(try bytes("other") > Self.everything)
    // Lost once more, as one that is apart.
    try Command.succeed("rm", ["-r", "\(house.folder.path)/other"])
    #expect(try night(3).last?.status == .failed)
    try Paths.makeFolders("\(house.folder.path)/other")
    #expect(try night(4).map(\.status) == [.stored, .stored])
    #expect(try bytes("other") > Self.everything)
    try expectSound(4 + 1)
  }

  /// A folder that is there again, empty, when the next set's turn comes.
  @Test(arguments: SetConfiguration.Mode.allCases)
  func anotherSetDoesNotReferToWhatWasLost(_ mode: SetConfiguration.Mode) throws {
    var second = house.node.sets[0]
    (second.name, second.mode) = ("second", mode)
    house.node.sets.append(second)
    _ = try night(0)
    try Command.succeed("rm", ["-r", "\(house.folder.path)/other"])
    house.clock = { Timestamp(seconds: Self.start + 3600) }
    _ = try house.backup(["data"])
    try Paths.makeFolders("\(house.folder.path)/other")
    #expect(try night(1).allSatisfy { $0.status != .failed })
    let latest = try house.verify(.restored)
    #expect(latest.count == 4 && latest.allSatisfy { $0.result == .sound }, "\(latest)")
  }

  /// Pruning spares what belongs to no finished snapshot for a while only.
  @Test func aMonthLaterNothingUnfinishedIsReliedOn() throws {
    _ = try night(0)
    fail(.full) { $0.key.contains("manifest") }
    _ = try night(1)
    _ = try night(20)
    let before = try bytes("other")
    // Nothing of what it took since is relied on.
    _ = try night(39)
    #expect(house.events.notices.contains { $0.contains("more than 30 days") })
    house.stores = [:]
    #expect(try night(40).map(\.status) == [.stored, .stored])
    #expect(try bytes("other") - before > Self.everything)
    // The disk's five and the other's two.
    try expectSound(5 + 2)
  }

  /// Where the index is gone everything is sent once more in any case: then to both.
  @Test func withoutAnIndexTheyAreTogetherAgain() throws {
    _ = try night(0)
    fail(.unreachable) { _ in true }
    _ = try night(1)
    house.stores = [:]
    #expect(try night(2).count == 2)
    try Command.succeed("sh", ["-c", "rm '\(house.node.state)'/index.sqlite*"])
    let outcomes = try night(3)
    #expect(outcomes.map(\.status) == [.stored])
    #expect(outcomes.first?.destinations.map(\.stored) == [true, true])
    #expect(try night(4, changes: false).map(\.status) == [.unchanged])
  }

  /// Neither of the two can be left behind by the other for good.
  @Test func eachFailsInTurn() throws {
    _ = try night(0)
    for number in 1...6 {
      let failing = number % 2 == 0 ? "disk" : "other"
      house.stores = [
        failing: FaultyStore(DirectoryStore("\(house.folder.path)/\(failing)")) { call in
          call.key.contains("/volume-") ? .fail(StorageError(.server, failing, "it fails")) : nil
        }
      ]
      let outcomes = try night(number)
      #expect(outcomes.contains { $0.status != .failed }, "\(number): \(outcomes)")
    }
    house.stores = [:]
    #expect(try night(7).map(\.status) == [.stored, .stored])
    let latest = try house.verify(.restored)
    #expect(latest.count == 2 && latest.allSatisfy { $0.result == .sound })
    #expect(try house.verify(.readable, SnapshotSelection(snapshots: .all)).allSatisfy { $0.result == .sound })
    for destination in ["disk", "other"] { #expect(try bytes(destination) < 3 * Self.everything) }
  }

  /// `REDOUBT_FAILURES=100` tries so many in place of a few.
  private static let seeds = getenv("REDOUBT_FAILURES").flatMap { UInt64(String(cString: $0)) } ?? 3

  /// Failures of both, at any object and of any kind, while storage is freed: what is there is sound after every night.
  @Test(arguments: 1...seeds) func whateverFailsNothingIsReferredToThatIsNotThere(_ seed: UInt64)
    throws
  {
    var dice = SimulatedNights.Dice(state: seed &* 0x9e37_79b9_7f4a_7c15)
    house.keeper.keep.last = 2
    let names = ["disk", "other"]
    let codes: [StorageError.Code] = [.unreachable, .full, .server, .denied]
    _ = try night(0)
    for number in 1...16 {
      house.stores = [:]
      for name in names where Int.random(in: 0..<5, using: &dice) < 2 {
        let last = Int.random(in: 1...24, using: &dice)
        let error = StorageError(codes.randomElement(using: &dice) ?? .full, name, "it fails")
        let losesAnswer = Bool.random(using: &dice)
        house.stores[name] = FaultyStore(DirectoryStore("\(house.folder.path)/\(name)")) { call in
          if call.number < last { return nil }
          return call.number == last && losesAnswer ? .loseAnswer(error) : .fail(error)
        }
      }
      _ = try night(number)
      house.stores = [:]
      let keeper = house.makeKeeper()
      let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
      _ = try keeper.prune(plans, removers: Dictionary(uniqueKeysWithValues: names.map { ($0, house.store($0)) }))
      let found = try house.verify(.readable, SnapshotSelection(snapshots: .all))
      #expect(
        found.allSatisfy { $0.result == .sound }, "seed \(seed), night \(number): \(found.flatMap(\.findings))")
    }
    #expect(try night(17).allSatisfy { $0.status == .stored })
    let latest = try house.verify(.restored)
    #expect(latest.count == 2 && latest.allSatisfy { $0.result == .sound })
    #expect(Set(latest.map(\.destination)) == Set(names))
  }
}
