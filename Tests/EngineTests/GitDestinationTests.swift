import Backup
import Channels
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A node whose destination is a git repository, and a keeper that fetches from it.
@Suite struct GitDestinationTests {
  private let remote: GitRemote

  init() throws { remote = try GitRemote() }

  /// - Parameter others: destinations beside `repository`, in folders.
  private func household(
    _ mode: SetConfiguration.Mode = .full, others: [String] = [], host: String = "peer-1"
  ) throws -> Household {
    let house = try Household(destinations: ["repository"] + others, mode: mode)
    house.node.host = host
    house.keeper.nodes[0].host = host
    house.stores["repository"] = remote.store(clone: house.folder("git"))
    return house
  }

  /// Verifies and restores by a keeper with a clone of its own.
  private func expectSound(_ house: Household, into name: String = "restored") throws {
    let node = house.stores["repository"]
    defer { house.stores["repository"] = node }
    house.stores["repository"] = remote.store(clone: house.folder("keeper-git"))
    let verifications = try house.verify(.restored)
    #expect(!verifications.isEmpty)
    #expect(verifications.allSatisfy { $0.result == .sound }, "\(verifications)")
    let restored = try house.restore(into: name)
    #expect(restored.report.findings.isEmpty)
    #expect(try house.differences(house.source, "\(restored.folder)/\(house.sourceEntry)") == "")
  }

  @Test func oneCommitASnapshot() throws {
    let house = try household()
    try house.write("a", Household.noise(3 << 20))
    try house.write("b/c", "text")
    let first = try #require(try house.backup().first)
    #expect(first.status == .stored && first.volumes > 2)
    try house.write("b/c", "other text")
    let second = try #require(try house.backup().first)
    #expect(
      try remote.log() == [
        "catalog of peer-1", "snapshot peer-1/data/\(second.snapshot)", "catalog of peer-1",
        "snapshot peer-1/data/\(first.snapshot)", "recovery files of peer-1",
      ])
    let files = try remote.git(["show", "--name-only", "--format=", "main~3"]).lines
    #expect(files.count { $0.contains("/volume-") } == first.volumes)
    #expect(files.contains { $0.hasSuffix("/manifest.tar.zst.gpg") } && files.contains { $0.contains("/catalog/") })
    try expectSound(house)
  }

  @Test func incrementalRunsSendWhatIsNew() throws {
    let house = try household(.incremental, others: ["disk"])
    try house.write("a", Household.noise(3 << 20))
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try house.backup().map(\.status) == [.unchanged])
    let before = try house.volumes("disk").count
    try house.write("b", Household.noise(100_000, seed: 2))
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try house.volumes("disk").count == before + 1)
    #expect(try remote.files().count { $0.contains("/volume-") } == before + 1)
    try expectSound(house)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aRemoteThatRejects(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode)
    try house.write("a", Household.noise(2 << 20))
    try remote.hook("pre-receive", "grep -q . && test ! -e '\(house.folder("closed"))'")
    try house.backup()
    let commits = try remote.log().count
    try house.write("closed-in-the-source", Household.noise(2 << 20, seed: 2))
    try FileContent.write([], to: house.folder("closed"))
    let rejected = try #require(try house.backup().first)
    #expect(rejected.status == .failed)
    #expect(rejected.destinations.first?.stored == false)
    #expect(rejected.destinations.first?.error?.contains("the remote rejected the push") == true)
    #expect(try remote.log().count == commits)
    try Command.succeed("rm", [house.folder("closed")])
    #expect(try house.backup().map(\.status) == [.stored])
    // What was not stored was sent again, and the records of the run that failed were delivered.
    try expectSound(house)
    let keeper = house.makeKeeper()
    let listed = try keeper.list(SnapshotSelection(snapshots: .all))
    #expect(listed.count == 2 && listed.allSatisfy(\.isFinished), "\(listed)")
    #expect(try remote.files().filter { $0.contains("/catalog/") }.count == 6)
  }

  /// Of two destinations, the one that rejects keeps nothing from the other.
  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func oneRejectsTheOtherStores(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode, others: ["disk"])
    try house.write("a", Household.noise(2 << 20))
    try remote.hook("pre-receive", "exit 1")
    let partial = try #require(try house.backup().first)
    #expect(partial.status == .partial)
    #expect(partial.destinations.map(\.stored) == [false, true])
    try remote.hook("pre-receive", "exit 0")
    // In mode full, both get it once more.
    #expect(try house.backup().map(\.status) == (mode == .full ? [.stored] : [.unchanged, .stored]))
    try expectSound(house)
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func rewrittenHistory(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode)
    try house.write("a", Household.noise(2 << 20))
    try house.backup()
    // The branch begins anew, with a file of somebody else's.
    try remote.git(["update-ref", "-d", "refs/heads/main"])
    try remote.add("README", "new")
    try house.write("b", "small")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(house.events.notices.contains { $0.contains("repository: ") && $0.contains("rewritten") })
    #expect(try remote.files().contains("README"))
    #expect(try remote.files().contains("peer-1/recover-1.sh"))
    try expectSound(house)
    // Nothing more is said of it.
    let notices = house.events.notices.count
    try house.write("b", "smaller")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(house.events.notices.count == notices)
  }

  @Test func anAbsentRemoteIsCaughtUpWith() throws {
    let house = try household(.incremental, others: ["disk"])
    try house.write("a", "1")
    try house.backup()
    try Command.succeed("mv", [remote.folder, "\(remote.folder).away"])
    try house.write("a", "2")
    #expect(try house.backup().map(\.status) == [.partial])
    try Command.succeed("mv", ["\(remote.folder).away", remote.folder])
    try house.write("a", "3")
    #expect(try house.backup().map(\.status) == [.stored, .stored])
    try expectSound(house)
    let catalog = { (files: [String]) in files.filter { $0.contains("/catalog/") }.sorted() }
    #expect(catalog(try remote.files()) == catalog(try house.objects("disk")))
  }

  @Test func aLostCloneCostsNothing() throws {
    let house = try household(.incremental)
    try house.write("a", Household.noise(2 << 20))
    try house.backup()
    let volumes = try remote.files().count { $0.contains("/volume-") }
    try Command.succeed("rm", ["-r", house.folder("git")])
    house.stores["repository"] = remote.store(clone: house.folder("git"))
    try house.write("b", "small")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try remote.files().count { $0.contains("/volume-") } == volumes + 1)
    #expect(house.events.notices.isEmpty)
    try expectSound(house)
  }

  @Test func twoNodesAtOnce() throws {
    // Each thread uses one of them.
    nonisolated(unsafe) let houses = try ["peer-1", "peer-2", "peer-3"].map { try household(host: $0) }
    for house in houses { try house.write("a", Household.noise(1 << 20)) }
    let outcomes = Outcomes()
    onThreads(houses.count) { number in
      // A failure shows in what was collected.
      outcomes.add((try? houses[number].backup()) ?? [])
    }
    #expect(outcomes.all.map(\.status) == [.stored, .stored, .stored], "\(outcomes.all.map(\.destinations))")
    for house in houses { try expectSound(house) }
  }

  /// The state was restored from an older image: its next number is taken.
  @Test func anOlderStateBeginsAnEpoch() throws {
    let house = try household()
    try house.write("a", "1")
    try house.backup()
    try Command.succeed("cp", ["-a", house.node.state, house.folder("image")])
    try house.backup()
    try Command.succeed("rm", ["-r", house.node.state])
    try Command.succeed("mv", [house.folder("image"), house.node.state])
    try house.write("a", "2")
    let later = Timestamp(seconds: Timestamp.now().seconds + 60)
    house.clock = { later }
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(house.events.notices.contains { $0.contains("began epoch") })
    try expectSound(house)
  }

  @Test func pruningIsOneCommit() throws {
    let house = try household()
    house.keeper.keep.last = 2
    for number in 1...4 {
      try house.write("a", "\(number)")
      try house.backup()
    }
    #expect(try house.verify(.readable).allSatisfy { $0.result == .sound })
    let commits = try remote.log().count
    let keeper = house.makeKeeper()
    let store = remote.store(clone: house.folder("keeper-git"))
    let results = try keeper.prune(try keeper.planPrune(SnapshotSelection()), removers: ["repository": store])
    #expect(results.map(\.complete) == [true] && results.first?.objects == 4)
    #expect(try remote.log().count == commits + 1)
    #expect(try remote.log().first == "prune peer-1/data")
    #expect(try remote.files().count { $0.hasSuffix("/manifest.tar.zst.gpg") } == 2)
    // The node goes on from there.
    try house.write("a", "5")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(house.events.notices.isEmpty)
    try expectSound(house)
  }
}

/// From several threads.
private final class Outcomes: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var outcomes: [SetOutcome] = []
  func add(_ more: [SetOutcome]) { monitor.locked { outcomes += more } }
  var all: [SetOutcome] { monitor.locked { outcomes } }
}
