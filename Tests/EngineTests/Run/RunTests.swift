import Channels
import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// `run` proves what is due, in its order, within its bounds, each volume once.
@Suite struct RunTests {
  private static let day: Int64 = 86400
  private static let start: Int64 = 1_800_000_000

  private let house: Household
  private let clock = DueTests.Clock(RunTests.start)
  private let counter: CountingStore

  init() throws {
    house = try Household()
    house.clock = { [clock] in Timestamp(seconds: clock.seconds) }
    counter = CountingStore(DirectoryStore("\(house.folder.path)/disk"))
    house.stores["disk"] = counter
  }

  /// Without drills and with self-tests that count for long, where a test is about something else.
  private func request(_ change: (inout RunRequest) -> Void = { _ in }) -> RunRequest {
    var request = RunRequest(scratch: "\(house.folder.path)/scratch")
    request.drills = false
    request.drillScratch = request.scratch
    request.selfTestCounts = 1000 * Self.day
    change(&request)
    return request
  }

  private func run(_ change: (inout RunRequest) -> Void = { _ in }) throws -> RunReport {
    try house.makeKeeper().run(request(change))
  }

  /// Fetches of volumes, self-tests aside: those fetch what they copy.
  private func volumesFetched() -> [String: Int] { counter.take().counts.filter { $0.key.contains("/volume-") } }

  /// A passed self-test is on record, so that runs fetch for proofs alone.
  private func selfTested() throws {
    _ = try house.makeKeeper().selfTest(SnapshotSelection(), scratch: "\(house.folder.path)/scratch")
    _ = counter.take()
  }

  private func nights(_ count: Int, _ mode: SetConfiguration.Mode, size: Int = 600_000) throws {
    house.node.sets[0].mode = mode
    for night in 0..<count {
      try house.write("night-\(night)", Household.noise(size, seed: UInt64(night + 1)))
      try house.backup()
      clock.seconds += Self.day
    }
    try selfTested()
  }

  /// Makes a keeper of the same state that reads the folders themselves, on any thread.
  static func another(_ house: Household) -> @Sendable () -> Keeper {
    let (configuration, clock, folder) = (house.keeper, house.clock, house.folder.path)
    return {
      let readers = Dictionary(
        uniqueKeysWithValues: configuration.destinations.map { ($0.name, DirectoryStore("\(folder)/\($0.name)")) })
      return Keeper(
        configuration: configuration, readers: readers, environment: KeeperEnvironment(clock: clock))
    }
  }

  private func damage(_ key: String) throws {
    let path = "\(house.folder.path)/disk/\(key)"
    var bytes = try FileContent.read(path)
    bytes[bytes.count / 2] ^= 1
    try FileContent.write(bytes, to: path)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func everythingIsProvenOnceAndThenNothingIsDue(_ mode: SetConfiguration.Mode) throws {
    try nights(3, mode)
    let report = try run()
    #expect(report.damage.isEmpty && report.unchecked.isEmpty && report.left.isEmpty)
    #expect(report.verifications.map(\.result) == [.sound, .sound, .sound])
    let fetched = volumesFetched()
    #expect(Set(fetched.keys) == Set(try house.volumes()), "every volume")
    #expect(fetched.values.allSatisfy { $0 == 1 }, "once: \(fetched)")
    clock.seconds += Self.day
    let again = try run()
    #expect(again.plan.isEmpty && again.verifications.isEmpty)
    #expect(counter.take().counts.keys.allSatisfy { $0.contains("/catalog/") })
    // Ten nights later, a night's snapshot is all that is new.
    clock.seconds += 10 * Self.day
    try house.write("later", Household.noise(100_000, seed: 99))
    try house.backup()
    let later = try run()
    #expect(later.verifications.map(\.result) == [.sound])
    if mode == .incremental {
      #expect(volumesFetched().count == 1)
      #expect(later.verifications.first?.since != nil, "it stands on earlier proofs")
    }
    // A tenth before the interval's end everything else is due again.
    clock.seconds = Self.start + (3 + 28) * Self.day
    let month = try run()
    #expect(month.left.isEmpty && month.damage.isEmpty)
    #expect(volumesFetched().values.allSatisfy { $0 == 1 })
    #expect(try run().plan.isEmpty)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aBudgetProvesEverythingOverSeveralRuns(_ mode: SetConfiguration.Mode) throws {
    try nights(1, mode, size: 5_000_000)
    let sizes = try DirectoryStore("\(house.folder.path)/disk").list(prefix: "peer-1/data/")
    let total = sizes.reduce(0) { $0 + Int($1.size) }
    var proven: [String: Int] = [:]
    var runs = 0
    while runs < 20 {
      let report = try run { $0.budget = 2_300_000 }
      runs += 1
      clock.seconds += Self.day
      let (counts, bytes) = counter.take()
      #expect(bytes <= 2_300_000)
      for (key, count) in counts where key.contains("/volume-") { proven[key, default: 0] += count }
      if report.left.isEmpty { break }
      #expect(report.proofs.count == 1 && report.verifications.isEmpty && report.run.left.bytes > 0)
    }
    #expect(Set(proven.keys) == Set(try house.volumes()) && proven.values.allSatisfy { $0 == 1 }, "\(proven)")
    #expect((3...4).contains(runs), "\(total) bytes")
    let records = try CatalogFile.records("\(house.keeper.state)/catalog.jsonl")
    let last = records.compactMap { if case .verification(let it) = $0.event { it } else { nil } }.last
    #expect(last?.result == .sound && last?.since != nil)
    #expect(try run { $0.budget = 2_300_000 }.plan.isEmpty)
  }

  @Test func theOldestProofsComeFirst() throws {
    try nights(4, .full, size: 900_000)
    let all = try run()
    // Proven anew ten days later: the second and third.
    clock.seconds += 10 * Self.day
    let snapshots = all.verifications.map(\.snapshot).sorted()
    for snapshot in snapshots[1...2] {
      let id = try #require(SnapshotID(snapshot))
      _ = try house.verify(.readable, SnapshotSelection(snapshots: .one(id)))
    }
    clock.seconds += 35 * Self.day
    try house.write("new", Household.noise(1000, seed: 7))
    try house.backup()
    _ = counter.take()
    // Enough for the new one, which was never proven, and for two more.
    let report = try run { $0.budget = 9_000_000 }
    let done = report.verifications.filter { $0.since == nil }.map(\.snapshot)
    #expect(done.first ?? "" > snapshots[3], "never proven")
    #expect(Array(done.dropFirst().prefix(2)) == [snapshots[0], snapshots[3]].sorted())
    #expect(report.left.first?.oldest.map { $0.seconds > Self.start + 13 * Self.day } == true)
  }

  @Test func aBudgetThatCannotKeepUpIsToldInFigures() throws {
    try nights(2, .full, size: 2_000_000)
    _ = try run { $0.budget = 50_000 }
    clock.seconds += Self.day
    let report = try run { $0.budget = 50_000 }
    let pace = try #require(report.pace)
    #expect(pace.cadence == Self.day && pace.interval == 31 * Self.day)
    let stored = try DirectoryStore("\(house.folder.path)/disk").list(prefix: "peer-1/data/").reduce(0) { $0 + $1.size }
    #expect(pace.needed == stored && pace.given == 31 * 50_000 && pace.short == stored - 31 * 50_000)
    #expect(pace.sufficient == max(pace.largest, (stored + 30) / 31) && !pace.keepsUp)
    #expect(try run { $0.budget = pace.sufficient }.pace?.keepsUp == true)
  }

  @Test func proofsAreMadeAheadWhereTheyWouldAllFallDueAtOnce() throws {
    house.node.sets[0].volumeSize = 100_000
    try nights(6, .full, size: 700_000)
    #expect(try run().left.isEmpty)
    _ = counter.take()
    // Everything was proven on one day. With little a day, all of it in time needs days before they are due.
    let total = try DirectoryStore("\(house.folder.path)/disk").list(prefix: "peer-1/data/").reduce(0) { $0 + $1.size }
    let budget = total / 8
    var oldest: Int64 = 0
    for day in 0..<40 as Range<Int64> {
      clock.seconds += Self.day
      let report = try run { $0.budget = budget }
      if let time = report.left.compactMap(\.oldest).min() { oldest = max(oldest, clock.seconds - time.seconds) }
      #expect(report.unchecked.isEmpty, "\(day)")
    }
    #expect(oldest <= 31 * Self.day, "\(oldest / Self.day) days")
    // Not much more than each volume once.
    #expect(UInt64(counter.take().bytes) < total * 2)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aSampleReadsWhatIsNotDue(_ mode: SetConfiguration.Mode) throws {
    try nights(1, mode, size: 6_000_000)
    _ = try run()
    _ = counter.take()
    clock.seconds += Self.day
    let report = try run {
      $0.sample = 0.5
      $0.seed = 5
    }
    let fetched = volumesFetched()
    let all = try house.volumes().count
    #expect((1..<all).contains(fetched.count) && fetched.values.allSatisfy { $0 == 1 })
    #expect(report.proofs.reduce(0) { $0 + $1.volumes.count } == fetched.count)
    // The same seed chooses the same.
    clock.seconds += Self.day
    _ = try run {
      $0.sample = 0.5
      $0.seed = 5
    }
    #expect(Set(volumesFetched().keys) == Set(fetched.keys))
    let victim = try #require(fetched.keys.first)
    try damage(victim)
    clock.seconds += Self.day
    let found = try run {
      $0.sample = 1
      $0.seed = 1
    }
    #expect(found.damage.map(\.damage.finding?.code) == [.wrongDigest])
  }

  // MARK: Damage

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func damageIsFoundAndMendedDamageIsSeen(_ mode: SetConfiguration.Mode) throws {
    try nights(2, mode)
    let victim = try #require(try house.volumes().first)
    let path = "\(house.folder.path)/disk/\(victim)"
    let whole = try FileContent.read(path)
    try damage(victim)
    let report = try run()
    let damaged = report.verifications.filter { $0.result == .damaged }
    // The first night's volume is in both snapshots where volumes are shared.
    #expect(damaged.count == (mode == .incremental ? 2 : 1))
    #expect(damaged.allSatisfy { "peer-1/\($0.findings.first?.path ?? "")" == victim })
    #expect(report.damage.count == damaged.count && report.left.isEmpty)
    _ = counter.take()
    // Until it is mended, each run looks again, at what is damaged alone.
    clock.seconds += Self.day
    #expect(try run().damage.count == damaged.count)
    #expect(volumesFetched() == [victim: 1])
    try FileContent.write(whole, to: path)
    clock.seconds += Self.day
    let mended = try run()
    #expect(mended.damage.isEmpty && mended.left.isEmpty)
    if mode == .incremental { #expect(volumesFetched() == [victim: 1]) }
    clock.seconds += Self.day
    #expect(try run().plan.isEmpty)
  }

  @Test func aSharedVolumeThatGoesBadDamagesEverySnapshotThatNeedsIt() throws {
    try nights(3, .incremental)
    #expect(try run().damage.isEmpty)
    let victim = try #require(try house.volumes().first)
    try damage(victim)
    clock.seconds += 2 * Self.day
    let report = try run {
      $0.sample = 1
      $0.seed = 1
    }
    #expect(report.damage.count == 3, "not only the one that it was read for")
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aVolumeThatIsGoneIsNoticedThoughItWasProvenYesterday(_ mode: SetConfiguration.Mode) throws {
    try nights(1, mode)
    _ = try run()
    try house.store("disk").remove(try #require(try house.volumes().first))
    try house.write("more", "more")
    clock.seconds += Self.day
    try house.backup()
    let report = try run()
    if mode == .incremental {
      #expect(report.damage.contains { $0.damage.finding?.code == .missing })
    } else {
      // The new snapshot does not need it; the old one is looked at when its time has come.
      clock.seconds += 30 * Self.day
      #expect(try run().damage.contains { $0.damage.finding?.code == .missing })
    }
  }

  @Test func partsOfALargeSnapshotFindDamageToo() throws {
    try nights(1, .full, size: 5_000_000)
    try damage(try #require(try house.volumes().last))
    var found = false
    for _ in 0..<6 {
      let report = try run { $0.budget = 2_000_000 }
      clock.seconds += Self.day
      found = found || report.damage.contains { $0.damage.finding?.code == .wrongDigest }
      #expect(report.verifications.allSatisfy { $0.result != .sound })
    }
    #expect(found)
  }

  @Test func unreachableStorageIsNeitherSoundNorDamaged() throws {
    try nights(1, .full)
    house.stores["disk"] = FaultyStore(counter) { call in
      call.key.contains("/volume-") ? .fail(StorageError(.unreachable, "disk", "connection reset")) : nil
    }
    let report = try run()
    #expect(report.verifications.map(\.result) == [.unchecked] && report.damage.isEmpty)
    #expect(report.unchecked.count == 1 && !report.left.isEmpty && report.run.unchecked == 1)
    house.stores["disk"] = FaultyStore(counter) { _ in .fail(StorageError(.unreachable, "disk", "connection reset")) }
    let down = try run()
    #expect(!down.unchecked.isEmpty && down.verifications.isEmpty)
  }

  // MARK: The self-test

  @Test func aRunBeginsWithASelfTest() throws {
    house.node.sets[0].mode = .full
    try house.write("a", Household.noise(100_000, seed: 1))
    try house.backup()
    let report = try run { $0.selfTestCounts = 0 }
    guard case .passed(let test) = report.selfTest else {
      Issue.record("\(report.selfTest)")
      return
    }
    #expect(test.cases.count > 10 && report.run.selfTest == true)
    #expect(try run { $0.selfTestCounts = 0 }.selfTest == .notNeeded, "nothing is due")
  }

  @Test func withoutASelfTestNothingIsCalledSound() throws {
    house.node.sets[0].mode = .full
    try house.write("a", Household.noise(100_000, seed: 1))
    try house.backup()
    try damage(try #require(try house.volumes().first))
    let report = try run { $0.selfTestCounts = 0 }
    guard case .impossible = report.selfTest else {
      Issue.record("\(report.selfTest)")
      return
    }
    #expect(report.verifications.map(\.result) == [.damaged], "what stands in its way is known")
    #expect(report.run.selfTest == false && report.run.reason != nil)
  }

  // MARK: Ends

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aRunThatIsStoppedKeepsItsProofs(_ mode: SetConfiguration.Mode) throws {
    try nights(1, mode, size: 6_000_000)
    house.keeper.workers = 1
    let gets = EventCount()
    let stop = StopFlag()
    counter.onGet { key in if key.contains("/volume-"), gets.next() == 5 { stop.set() } }
    house.isCancelled = { stop.isSet }
    let report = try run()
    let kept = report.proofs.reduce(0) { $0 + $1.volumes.count }
    #expect(kept >= 1 && report.run.reason != nil && !report.left.isEmpty)
    #expect(report.verifications.isEmpty)
    counter.onGet(nil)
    house.isCancelled = { false }
    _ = counter.take()
    clock.seconds += 60
    let rest = try run()
    #expect(rest.left.isEmpty && rest.verifications.map(\.result) == [.sound])
    #expect(volumesFetched().count == (try house.volumes().count) - kept)
  }

  @Test func timeThatIsOverEndsARunInOrder() throws {
    try nights(1, .full, size: 6_000_000)
    house.keeper.workers = 1
    counter.onGet { [clock] key in if key.contains("/volume-") { clock.seconds += 600 } }
    let report = try run { $0.maximumTime = 3000 }
    #expect(!report.left.isEmpty && !report.proofs.isEmpty)
    counter.onGet(nil)
    #expect(try run().left.isEmpty)
  }

  @Test func twoRunsOnOneStateAreRefused() throws {
    try nights(1, .full)
    let keeper = house.makeKeeper()
    let request = request()
    let another = Self.another(house)
    let errors = ErrorList()
    counter.onGet { _ in
      do throws(VerifyError) { _ = try another().run(request) } catch { errors.add(error) }
    }
    _ = try keeper.run(request)
    #expect(!errors.all.isEmpty && errors.all.allSatisfy { $0.code == .locked })
  }

  @Test func planningFetchesNothingOfWhatIsDue() throws {
    try nights(2, .full)
    let plan = try house.makeKeeper().planRun(request())
    #expect(plan.plan.count == 1 && plan.plan.first?.snapshots == 2 && plan.verifications.isEmpty)
    #expect(counter.take().counts.keys.allSatisfy { $0.contains("/catalog/") })
    #expect(throws: VerifyError.self) { _ = try house.makeKeeper().run(request { $0.level = .restored }) }
  }

  @Test(arguments: [VerificationLevel.present, .intact])
  func lowerLevelsHaveProofsOfTheirOwn(_ level: VerificationLevel) throws {
    try nights(2, .incremental)
    let report = try run { $0.level = level }
    #expect(report.verifications.map(\.result) == [.sound, .sound] && report.left.isEmpty)
    #expect(volumesFetched().values.allSatisfy { $0 == 1 })
    #expect(try run { $0.level = level }.plan.isEmpty)
    #expect(!(try run().plan.isEmpty), "readable is another matter")
  }

  // MARK: Drills

  @Test func drillsFallDueAndProveWhatTheyRestore() throws {
    try nights(1, .incremental)
    let report = try run { $0.drills = true }
    #expect(report.drills.map(\.drill.result) == [.sound])
    #expect(volumesFetched().values.allSatisfy { $0 == 1 }, "drilled and proven in one")
    #expect(report.left.isEmpty && report.drillsLeft.isEmpty)
    clock.seconds += 80 * Self.day
    #expect(try run { $0.drills = true }.drills.isEmpty)
    clock.seconds += 4 * Self.day
    #expect(try run { $0.drills = true }.drills.map(\.drill.result) == [.sound])
  }
}

/// Set by one thread, seen by others.
final class StopFlag: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var value = false
  func set() { monitor.locked { value = true } }
  var isSet: Bool { monitor.locked { value } }
}

/// Errors of several threads.
final class ErrorList: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var errors: [VerifyError] = []
  func add(_ error: VerifyError) { monitor.locked { errors.append(error) } }
  var all: [VerifyError] { monitor.locked { errors } }
}
