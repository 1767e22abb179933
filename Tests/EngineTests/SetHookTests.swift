import Backup
import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Programs that run before and after a set.
@Suite struct SetHookTests {
  private func household(
    before: String? = nil, after: String? = nil, mode: SetConfiguration.Mode = .full
  ) throws -> Household {
    let house = try Household(mode: mode)
    try house.write("file", "content\n")
    if let before { house.node.sets[0].before = ["sh", "-c", before] }
    house.node.sets[0].after = ["sh", "-c", after ?? "env | grep ^REDOUBT_ | sort > '\(house.folder.path)/told'"]
    return house
  }

  private func later(_ house: Household) {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
  }

  /// What `after` found in its environment.
  private func told(_ house: Household) throws -> [String: String] {
    let text = String(decoding: try FileContent.read("\(house.folder.path)/told"), as: UTF8.self)
    return text.split(separator: "\n").reduce(into: [:]) { variables, line in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = String(parts[1])
    }
  }

  @Test func theyRunAroundItAll() throws {
    let house = try household()
    house.node.sets[0].before = [
      "sh", "-c", "test \"$REDOUBT_SET $REDOUBT_HOST\" = 'data peer-1' && echo \"$REDOUBT_SNAPSHOT\" > \"$0\"",
      "\(house.source)/made",
    ]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.files == 2, "\(outcome.reason ?? "")")
    #expect(
      try told(house) == [
        "REDOUBT_SET": "data", "REDOUBT_HOST": "peer-1", "REDOUBT_SNAPSHOT": "\(outcome.snapshot)",
        "REDOUBT_OUTCOME": "stored", "REDOUBT_REASON": "", "REDOUBT_BYTES": "\(outcome.bytes)",
        "REDOUBT_STORED_BYTES": "\(outcome.storedBytes)", "REDOUBT_FINDINGS": "0",
      ])
    let (folder, _) = try house.restore()
    let made = String(decoding: try FileContent.read("\(folder)/\(house.sourceEntry)/made"), as: UTF8.self)
    #expect(made == "\(outcome.snapshot)\n")
  }

  @Test(arguments: [
    (
      "echo 'the peer does not stop' >&2; exit 7",
      "before: sh exited with code 7: the peer does not stop; nothing was read"
    ),
    ("kill -TERM $$", "before: sh was ended by signal 15; nothing was read"),
    ("sleep 600", "before: sh did not end within 1 s and was stopped; nothing was read"),
  ])
  func whereBeforeFailsNothingIsRead(_ script: String, _ reason: String) throws {
    let house = try household(before: script)
    house.node.sets[0].hookTimeout = 1
    house.node.sets[0].command = ["touch", "\(house.folder.path)/ran"]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    #expect(outcome.reason == reason)
    #expect(try house.volumes().isEmpty && house.manifests().isEmpty)
    #expect(!Paths.exists("\(house.folder.path)/ran"))
    #expect(try told(house)["REDOUBT_OUTCOME"] == "failed")
    #expect(try told(house)["REDOUBT_REASON"] == reason)
  }

  @Test(arguments: [
    ("echo 'the peer does not start' >&2; exit 7", "after: sh exited with code 7: the peer does not start"),
    ("sleep 600", "after: sh did not end within 1 s and was stopped"),
  ])
  func whereAfterFailsTheSnapshotStands(_ script: String, _ reason: String) throws {
    let house = try household(after: script)
    house.node.sets[0].hookTimeout = 1
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .partial)
    #expect(outcome.reason == reason)
    #expect(outcome.destinations.allSatisfy { $0.stored })
    #expect(house.events.notices.contains("data: \(reason)"))
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    #expect(try setStatuses(house.node, now: house.clock()).first?.lastSuccess != nil)
  }

  @Test func anAfterThatIsNotThereIsTold() throws {
    let house = try household()
    house.node.sets[0].after = ["/no/such/program"]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .partial)
    #expect(outcome.reason == "after: cannot run program: there is no such program")
  }

  @Test func afterIsToldHowItEnded() throws {
    let house = try household(mode: .incremental)
    try house.backup()
    later(house)
    // Young files are read again until they have settled; then nothing has changed.
    #expect(try house.backup().first?.status == .unchanged)
    #expect(try told(house)["REDOUBT_OUTCOME"] == "unchanged")
    house.node.sets[0].paths.append("\(house.folder.path)/missing")
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 120) }
    #expect(try house.backup().first?.status == .partial)
    #expect(try told(house)["REDOUBT_OUTCOME"] == "partial")
    #expect(try told(house)["REDOUBT_FINDINGS"] == "1")
    house.node.sets[0].command = ["false"]
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 180) }
    #expect(try house.backup().first?.status == .failed)
    #expect(try told(house)["REDOUBT_OUTCOME"] == "failed")
    #expect(try told(house)["REDOUBT_REASON"]?.hasPrefix("command: false exited with code 1") == true)
  }

  @Test func afterRunsWhereNoDestinationCanBeReached() throws {
    let house = try household()
    house.stores["disk"] = FaultyStore(house.store("disk")) { _ in
      .fail(StorageError(.unreachable, "disk", "connection reset"))
    }
    #expect(try house.backup().first?.status == .failed)
    #expect(try told(house)["REDOUBT_OUTCOME"] == "failed")
  }

  @Test func afterRunsWhereASignalStoppedTheRun() throws {
    let house = try household()
    let mark = "\(house.folder.path)/began"
    house.node.sets[0].command = ["sh", "-c", "touch '\(mark)'; sleep 600"]
    house.isCancelled = { Paths.exists(mark) }
    #expect(throws: BackupError(.cancelled, "stopped by a signal")) { try house.backup() }
    #expect(try told(house)["REDOUBT_OUTCOME"] == "failed")
    #expect(try told(house)["REDOUBT_REASON"] == "stopped by a signal")
  }

  @Test func aSignalEndsBeforeAndAnAfterThatHangs() throws {
    let house = try household(after: "sleep 600")
    let mark = "\(house.folder.path)/began"
    house.node.sets[0].before = ["sh", "-c", "touch '\(mark)'; sleep 600"]
    house.isCancelled = { Paths.exists(mark) }
    house.adjust = { $0.hookGrace = 0.5 }
    let began = ContinuousClock.now
    #expect(throws: BackupError(.cancelled, "stopped by a signal")) { try house.backup() }
    #expect(ContinuousClock.now - began < .seconds(30))
    #expect(house.events.notices.contains("data: after: sh was stopped"))
  }

  @Test func aDryRunRunsNothing() throws {
    let house = try household(before: "touch ran")
    let mark = "\(house.folder.path)/ran"
    for key in [\SetConfiguration.before, \.after, \.command] { house.node.sets[0][keyPath: key] = ["touch", mark] }
    var environment = RunEnvironment()
    environment.observe = { [events = house.events] in events.add($0) }
    let outcomes = try BackupEngine(configuration: house.node, writers: [:], environment: environment).simulate()
    #expect(outcomes.map(\.status) == [.simulated])
    #expect(outcomes.first?.files == 2)
    #expect(!Paths.exists(mark) && !Paths.exists(house.node.state))
    let told = house.events.all.compactMap { if case .wouldRun(_, let text) = $0 { text } else { nil } }
    #expect(
      told == ["before: touch", "command: touch, and store its output as /dump/data.dump", "after: touch"])
  }
}
