import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// What the keeper deletes, and what it must not.
@Suite struct PruneTests {
  /// Nightly snapshots of changing files, one a day, the newest verified.
  private func nights(_ count: Int, mode: SetConfiguration.Mode = .incremental) throws -> Household {
    let house = try Household(mode: mode)
    house.keeper.keep.last = 2
    for night in 0..<count {
      try house.write("changing", Household.noise(400_000, seed: UInt64(night + 1)))
      if night == 0 { try house.write("steady", Household.noise(900_000, seed: 99)) }
      later(house, days: night)
      #expect(try house.backup().first?.status == .stored)
    }
    _ = try house.verify(.readable)
    return house
  }

  private func later(_ house: Household, days: Int) {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + Int64(days) * 86400) }
  }

  private func prune(_ house: Household, _ options: PruneOptions = PruneOptions()) throws -> (
    plan: PrunePlan, done: [Pruned]
  ) {
    let keeper = house.makeKeeper()
    let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all), options: options)
    let removers = ["disk": house.store("disk") as any ObjectRemover]
    return (try #require(plans.first), try keeper.prune(plans, removers: removers))
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func whatNoRuleKeepsGoesAndTheRestStaysWhole(_ mode: SetConfiguration.Mode) throws {
    let house = try nights(6, mode: mode)
    // The epoch's newest two are kept whatever the rules; here they are the same as the last two.
    let before = try house.objects().count
    let (plan, done) = try prune(house)
    #expect(plan.refusals.isEmpty)
    #expect(plan.kept.count == 2)
    #expect(plan.dropped.count == 4)
    #expect(done.map(\.complete) == [true])
    #expect(try house.manifests().count == 2)
    #expect(try house.objects().count < before)
    let kept = try house.verify(.restored, SnapshotSelection(snapshots: .all))
    #expect(kept.map(\.result) == [.sound, .sound], "\(kept.flatMap(\.findings))")
    // And the node goes on as if nothing had happened.
    try house.write("changing", Household.noise(400_000, seed: 1000))
    later(house, days: 7)
    #expect(try house.backup().first?.status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    let (again, _) = try prune(house)
    #expect(again.dropped.count == 1)
  }

  @Test func planningDeletesNothing() throws {
    let house = try nights(4)
    let before = try house.objects()
    let plans = try house.makeKeeper().planPrune(SnapshotSelection(snapshots: .all))
    #expect(plans.first?.objects.isEmpty == false)
    #expect(try house.objects() == before)
  }

  @Test func nothingGoesWhileTheNewestIsUnverified() throws {
    let house = try nights(4)
    try house.write("changing", "unproven")
    later(house, days: 5)
    try house.backup()
    let before = try house.objects()
    let (plan, done) = try prune(house)
    #expect(plan.refusals.contains { $0.contains("not verified readable") })
    #expect(done.isEmpty)
    #expect(try house.objects() == before)
    var options = PruneOptions()
    options.allowsUnverified = true
    #expect(try prune(house, options).done.count == 1)
  }

  @Test func nothingGoesWhileTheCatalogHasGaps() throws {
    let house = try nights(4)
    let segment = try #require(try house.objects().first { $0.hasSuffix("/000003.jsonl.gpg") })
    try Command.succeed("rm", ["\(house.folder.path)/disk/\(segment)"])
    let (plan, done) = try prune(house)
    #expect(plan.refusals.contains { $0.contains("gap") && $0.contains("the first of them 3") })
    #expect(done.isEmpty)
  }

  @Test func nothingGoesWhileAManifestIsDamaged() throws {
    let house = try nights(4)
    let manifest = "\(house.folder.path)/disk/\(try #require(try house.manifests().first))"
    var content = try FileContent.read(manifest)
    content[content.count / 2] ^= 1
    try FileContent.write(content, to: manifest)
    let (plan, done) = try prune(house)
    #expect(plan.refusals.contains { $0.contains("is damaged") })
    #expect(done.isEmpty)
  }

  /// The node has published to its index and stored volumes, and died before its manifest was stored.
  @Test func whatAnInterruptedRunHasStoredStays() throws {
    let house = try nights(4)
    try house.write("changing", Household.noise(400_000, seed: 500))
    later(house, days: 5)
    house.stores["disk"] = FaultyStore(house.store("disk")) {
      $0.key.hasSuffix("manifest.tar.zst.gpg") ? .fail(StorageError(.unreachable, "disk", "connection reset")) : nil
    }
    #expect(try house.backup().first?.status == .failed)
    house.stores = [:]
    #expect(try prune(house).done.count == 1)
    later(house, days: 6)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.volumes == 0, "what was stored is referred to")
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// Two machines run with one state's copies: the second in an epoch of its own. What an interrupted run of the first has
  /// stored is older than the second's newest snapshot, and stays.
  @Test func whatAnotherMachinesInterruptedRunHasStoredStays() throws {
    let house = try nights(1)
    let first = house.node.state
    try Command.succeed("cp", ["-a", first, "\(first)-copy"])
    try house.write("changing", Household.noise(400_000, seed: 600))
    later(house, days: 1)
    #expect(try house.backup().first?.status == .stored)
    try house.write("changing", Household.noise(400_000, seed: 601))
    later(house, days: 2)
    house.stores["disk"] = FaultyStore(house.store("disk")) {
      $0.key.hasSuffix("manifest.tar.zst.gpg") ? .fail(StorageError(.refused, "disk", "no")) : nil
    }
    #expect(try house.backup().first?.status == .failed)
    house.stores = [:]
    house.node.state = "\(first)-copy"
    for day in 3...6 {
      try house.write("changing", Household.noise(400_000, seed: UInt64(700 + day)))
      later(house, days: day)
      #expect(try house.backup().first?.status == .stored)
    }
    _ = try house.verify(.readable)
    #expect(try prune(house).done.count == 1)
    house.node.state = first
    try house.write("changing", Household.noise(400_000, seed: 601))
    later(house, days: 7)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.volumes == 0)
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound], "\(verified.flatMap(\.findings))")
  }

  @Test func withoutRulesNothingMayBePruned() throws {
    let house = try nights(2)
    house.keeper.keep = KeepRules()
    #expect { try house.makeKeeper().planPrune(SnapshotSelection(snapshots: .all)) } throws: {
      "\($0)".contains("does not say what to keep")
    }
  }

  @Test func rulesKeepTheNewestOfEachPeriod() {
    var rules = KeepRules()
    rules.daily = 3
    rules.weekly = 2
    rules.yearly = 2
    let start = Timestamp("2026-01-01T02:00:00Z")?.seconds ?? 0
    // Two a day for forty days.
    let snapshots = (0..<80).map {
      SnapshotID(started: Timestamp(seconds: start + Int64($0) * 43200), random: UInt16($0))
    }
    let kept = rules.kept(snapshots)
    #expect(
      kept.filter { $0.value.contains("daily") }.map { "\($0.key)".prefix(8) }.sorted() == [
        "20260207", "20260208", "20260209",
      ])
    #expect(kept.filter { $0.value.contains("weekly") }.count == 2)
    #expect(kept.filter { $0.value.contains("yearly") }.count == 1, "there is one year alone")
    #expect(kept.keys.contains(snapshots[79]))
  }
}
