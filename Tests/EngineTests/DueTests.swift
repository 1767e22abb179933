import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// `backup --due`: what is due by the frequency table, and nothing else.
@Suite struct DueTests {
  static let hour: Int64 = 3600
  static let day: Int64 = 86400

  /// A time that tests set.
  final class Clock: Sendable {
    private nonisolated(unsafe) var time: Int64
    init(_ seconds: Int64) { time = seconds }
    /// One thread of a test sets it; the engine's threads read it later.
    var seconds: Int64 {
      get { time }
      set { time = newValue }
    }
  }

  private let clock = Clock(1_800_000_000)

  private func made(
    _ dataClass: String, _ destinations: [String] = ["disk"], mode: SetConfiguration.Mode = .full
  ) throws -> Household {
    let house = try Household(destinations: destinations, mode: mode)
    house.node.sets[0].dataClass = dataClass
    house.clock = { [clock] in Timestamp(seconds: clock.seconds) }
    try house.write("file", "content\n")
    return house
  }

  private func due(_ house: Household, readsAll: Bool = false) throws -> [SetOutcome.Status] {
    try house.makeEngine().runDue(readsAll: readsAll).outcomes.map(\.status)
  }

  @Test func aDailySetIsBackedUpOnceADay() throws {
    let house = try made("client-database")
    #expect(try due(house) == [.stored])
    let before = try house.objects()
    for _ in 0..<3 { #expect(try due(house) == []) }
    clock.seconds += 22 * Self.hour
    let run = try house.makeEngine().runDue()
    #expect(run.outcomes.isEmpty && run.waiting.map(\.set) == ["data"])
    #expect(run.waiting[0].dueFrom == Timestamp(seconds: 1_800_000_000 + Self.day - 90 * 60))
    #expect(try house.objects() == before, "nothing is written where nothing is due")
    clock.seconds += 2 * Self.hour
    #expect(try due(house) == [.stored])
    #expect(try due(house) == [])
  }

  @Test func theLockIsHeldAndADryRunTouchesNothing() throws {
    let house = try made("client-database")
    let dry = try house.makeEngine().simulateDue()
    #expect(dry.outcomes.map(\.status) == [.simulated] && dry.waiting.isEmpty)
    #expect(!Paths.exists(house.node.state))
    #expect(try due(house) == [.stored])
    let lock = try #require(try FileLock.acquire("\(house.node.state)/lock"))
    clock.seconds += 2 * Self.day
    let error = try #require(throws: BackupError.self) { try due(house) }
    #expect(error.code == .locked)
    withExtendedLifetime(lock) {}
    let later = try house.makeEngine().simulateDue()
    #expect(later.outcomes.map(\.status) == [.simulated])
    #expect(throws: BackupError.self) { try house.makeEngine().runDue(sets: ["nothing"]) }
  }

  /// Every hour costs nothing, a day costs a heartbeat, a change a snapshot.
  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func afterEachChangeIsLookedAtInEachRun(_ mode: SetConfiguration.Mode) throws {
    let house = try made("monitoring-configs", mode: mode)
    #expect(try due(house) == [.stored])
    let before = try house.objects()
    for _ in 0..<5 {
      clock.seconds += Self.hour
      #expect(try due(house) == [.unchanged])
    }
    #expect(try house.objects() == before)
    clock.seconds += 18 * Self.hour
    #expect(try due(house) == [.unchanged])
    #expect(try house.objects().count == before.count + 2, "the day's heartbeat")
    let status = try #require(try setStatuses(house.node, now: house.clock()).first)
    #expect(status.lastSuccess == house.clock() && !status.isDue)
    clock.seconds += Self.hour
    try house.write("file", "new content\n")
    #expect(try due(house) == [.stored])
    #expect(try house.manifests().count == 2)
    #expect(try due(house) == [.unchanged])
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// What mode `full` takes for a change: everything that a snapshot holds, and what of the configuration decides about it.
  @Test func aChangeOfAnythingIsAChange() throws {
    let house = try made("node-configurations", ["disk", "other"])
    try house.write("folder/inner", "x")
    #expect(try house.backup().first?.status == .stored)
    let file = "\(house.source)/file"
    let changes: [(String, () throws -> Void)] = [
      ("mode", { chmod(file, 0o600) }), ("time", { try Command.succeed("touch", ["-d", "2001-01-01", file]) }),
      ("name", { try Command.succeed("mv", [file, "\(file)2"]) }),
      ("link", { try Command.succeed("ln", ["-s", "a", "\(house.source)/link"]) }),
      ("other link", { try Command.succeed("ln", ["-sfn", "b", "\(house.source)/link"]) }),
      ("gone", { try Command.succeed("rm", ["-r", "\(house.source)/folder"]) }),
      ("exclude", { house.node.sets[0].exclude = ["*.tmp"] }),
      ("class", { house.node.sets[0].dataClass = "monitoring-configs" }),
    ]
    for (what, change) in changes {
      try change()
      clock.seconds += 60
      #expect(try house.backup().first?.status == .stored, "\(what)")
      clock.seconds += 60
      let same = try #require(try house.backup().first)
      #expect(same.status == .unchanged && same.destinations.allSatisfy(\.stored), "\(what)")
    }
    #expect(try house.backup(readsAll: true).first?.status == .stored, "--force")
    // Nothing is relied on for ever.
    clock.seconds += house.node.sets[0].refresh
    #expect(try house.backup().first?.status == .stored)
    // Nor where the bucket deletes by age.
    house.node.sets[0].retention = 30 * Self.day
    #expect(try house.backup().first?.status == .stored)
  }

  /// A file that has just changed may change again within the clock's granularity.
  @Test func whatChangedJustNowIsLookedAtAgain() throws {
    let house = try made("monitoring-configs")
    try house.write("file", "newer\n")
    let now = Timestamp.now()
    house.clock = { now }
    #expect(try house.backup().first?.status == .stored)
    #expect(try house.backup().first?.status == .stored)
  }

  @Test func aDestinationThatMissedAChangeGetsItLater() throws {
    let house = try made("node-configurations", ["disk", "other"])
    #expect(try due(house) == [.stored])
    house.stores["other"] = FaultyStore(house.store("other")) { _ in
      .fail(StorageError(.unreachable, "other", "connection reset"))
    }
    clock.seconds += Self.hour
    try house.write("file", "changed\n")
    #expect(try due(house) == [.partial])
    clock.seconds += 30 * 60
    #expect(try due(house) == [.unchanged], "the disk has it, and a second try comes later")
    clock.seconds += 30 * 60
    #expect(try due(house) == [.partial])
    house.stores = [:]
    clock.seconds += 2 * Self.hour
    #expect(try due(house) == [.stored])
    clock.seconds += Self.hour
    #expect(try due(house) == [.unchanged])
    let status = try #require(try setStatuses(house.node, now: house.clock()).first)
    #expect(status.destinations.map(\.timeliness) == [.inTime, .inTime])
    #expect(try house.manifests("other").count == 2)
  }

  @Test func aDestinationThatWasEmptiedIsNotTakenForUnchanged() throws {
    let house = try made("node-configurations", ["disk", "other"])
    #expect(try due(house) == [.stored])
    try Command.succeed("rm", ["-rf", "\(house.folder.path)/other"])
    clock.seconds += Self.day
    #expect(try due(house) == [.partial])
    try Paths.makeFolders("\(house.folder.path)/other")
    clock.seconds += Self.day
    #expect(try due(house) == [.stored])
    #expect(try house.manifests("other").count == 1)
  }

  @Test func aFindingIsToldEachTimeAndMakesNothingDue() throws {
    let house = try made("node-configurations")
    house.node.sets[0].paths.append("\(house.folder.path)/missing")
    #expect(try due(house) == [.partial])
    clock.seconds += Self.hour
    #expect(try due(house) == [.unchanged])
    clock.seconds += Self.day
    #expect(try due(house) == [.partial], "the day's run says so again")
  }
}
