import Digests
import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Rotation of all of a keeper's catalogs, its shards' too, and warnings of the key that signs them.
@Suite struct CatalogRotationTests {
  private static let start: Int64 = 1_790_000_000
  private let house: Household
  private var shard: String { "\(house.keeper.state)/shards/2-of-3" }

  init() throws {
    house = try Household()
    house.clock = { Timestamp(seconds: Self.start) }
    house.keeper.keys.signer = house.keys.recipient
  }

  private func verification(_ day: Int64, level: VerificationLevel = .readable) -> CatalogEvent {
    let time = Timestamp(seconds: Self.start - (400 - day) * 86400)
    return .verification(
      Verification(
        host: "peer-1", set: "data", snapshot: SnapshotID(started: time, random: 1).description, destination: "disk",
        level: level, result: .sound, objects: 1, bytes: 1, seconds: 1, findingCount: 0))
  }

  /// A proof a day, in the shard's catalog alone.
  private func fill() throws -> [CatalogRecord] {
    try Paths.makeFolders(shard, mode: 0o700)
    let file = try CatalogFile("\(shard)/catalog.jsonl", mayBeRotated: true, now: house.clock())
    for day in Int64(0)..<30 {
      try file.append(verification(day), at: Timestamp(seconds: Self.start - (400 - day) * 86400))
    }
    return file.records
  }

  /// What became of the first snapshots, in the keeper's own catalog.
  private func prune() throws {
    let file = try CatalogFile("\(house.keeper.state)/catalog.jsonl", mayBeRotated: true, now: house.clock())
    let snapshots = (Int64(0)..<25).map {
      SnapshotID(started: Timestamp(seconds: Self.start - (400 - $0) * 86400), random: 1)
    }
    try file.append(
      .prune(
        Pruned(
          host: "peer-1", set: "data", destination: "disk", snapshots: snapshots, objects: 1, bytes: 1, complete: true)),
      at: Timestamp(seconds: Self.start - 86400))
  }

  private func rotate() throws -> [CatalogRotation] { try house.makeKeeper().rotateCatalogs(isDryRun: false) }

  @Test func aShardsCatalogIsRotatedWithWhatTheKeeperPruned() throws {
    let records = try fill()
    // What is there needs its last proof, however old.
    #expect(try rotate().map(\.count) == [0, 0])
    try prune()
    let done = try rotate()
    #expect(done.map(\.catalog) == ["", "2-of-3"] && done.map(\.count) == [0, 25], "\(done)")
    #expect(done.allSatisfy { $0.failure == nil } && done.last?.archive?.archive == "archive-000001.jsonl.zst")
    #expect(Paths.exists("\(shard)/catalog/archive-000001.jsonl.zst") && Paths.exists("\(shard)/catalog.jsonl.asc"))
    let all = try #require(try house.makeKeeper().catalogs(isWhole: true).first { $0.name == "2-of-3" }).records
    #expect(Array(all.prefix(records.count)) == records)
    for condition in try house.makeKeeper().checkCatalogs() { #expect(condition.findings.isEmpty) }
    #expect(try rotate().map(\.count) == [0, 0])
  }

  @Test func whoIsAtWorkIsLeftAloneAndHoldsUpNobody() throws {
    _ = try fill()
    try prune()
    let lock = try #require(try FileLock.acquire("\(house.keeper.state)/lock"))
    let own = try rotate()
    #expect(own.map { $0.failure?.code } == [.locked, nil], "\(own)")
    // Without the keeper's own word on what was pruned, that stays where it is.
    #expect(own.last?.count == 0)
    withExtendedLifetime(lock) {}
  }

  @Test func aShardThatIsAtWorkIsLeftAlone() throws {
    _ = try fill()
    try prune()
    let before = try FileContent.read("\(shard)/catalog.jsonl")
    let lock = try #require(try FileLock.acquire("\(shard)/lock"))
    #expect(try rotate().map { $0.failure?.code } == [nil, .locked])
    #expect(try FileContent.read("\(shard)/catalog.jsonl") == before)
    withExtendedLifetime(lock) {}
  }

  // MARK: The signer's key

  @Test(arguments: [("30d", true), ("90d", false), ("never", false)])
  func aSignerThatExpiresSoonIsToldOf(_ expires: String, _ isTold: Bool) throws {
    let ring = try TestKeyRing()
    defer { ring.close() }
    let key = try ring.makeKey("keeper@example.com", .signOnly, expires: expires)
    house.keeper.keys = KeysConfiguration(gnupgHome: ring.home, signer: "keeper@example.com")
    house.clock = { .now() }
    try house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: "from steel", by: "Ada", table: house.keeper.frequencies)
    let condition = try #require(try house.makeKeeper().checkCatalogs().first)
    #expect(condition.findings.isEmpty && condition.warnings.count == (isTold ? 1 : 0), "\(condition)")
    let concerns = try house.makeKeeper().overview().concerns.filter { $0.text.contains("own signing key") }
    #expect(concerns.map(\.severity) == (isTold ? [.notice] : []))
    if isTold {
      #expect(condition.warnings.first?.text.contains("expires at") == true)
      #expect(condition.warnings.first?.hint?.contains(key) == true)
      // And when it has.
      let later = Timestamp.now().seconds + 40 * 86400
      house.clock = { Timestamp(seconds: later) }
      let after = try #require(try house.makeKeeper().checkCatalogs().first)
      #expect(after.warnings.first?.text.contains("has expired") == true)
      let overdue = try house.makeKeeper().overview().concerns.filter { $0.text.contains("own signing key") }
      #expect(overdue.map(\.severity) == [.overdue])
    }
  }
}
