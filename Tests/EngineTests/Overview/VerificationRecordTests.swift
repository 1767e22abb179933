import Backup
import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// What a verification records of the manifest; and the overview of a real household.
@Suite struct VerificationRecordTests {
  @Test func aVerificationTellsTheManifestsClassRecipientsAndKey() throws {
    let house = try Household()
    try house.write("file", "content")
    try house.backup()
    let verification = try #require(try house.verify(.present).first)
    #expect(verification.class == "client-database")
    #expect(verification.recipients == [house.keys.recipient])
    #expect(verification.key == house.keys.recipient)
    let stored = try Command.succeed("sha256sum", ["\(house.folder.path)/disk/\(try house.manifests()[0])"])
    #expect(verification.manifest.map { stored.text.hasPrefix($0) } == true)
    // What could not be opened says nothing of it.
    try Command.succeed("truncate", ["-s", "200", "\(house.folder.path)/disk/\(try house.manifests()[0])"])
    let damaged = try #require(try house.verify(.present).first)
    #expect(damaged.result == .damaged && damaged.class == nil && damaged.recipients == nil && damaged.key == nil)
  }

  @Test func recordsOfOlderVersionsAreRead() throws {
    let old = """
      {"bytes":1,"destination":"disk","finding-count":0,"findings":[],"host":"peer-1","level":"readable","objects":1,\
      "prev":"\(String(repeating: "0", count: 64))","result":"sound","seconds":1,"seq":1,"set":"data",\
      "snapshot":"20261121T020000Z-7f3a","time":"2026-11-21T03:00:00Z","type":"verification","v":1}
      """
    let record = try CatalogRecord(line: Array(old.utf8), subject: "old", number: 1)
    guard case .verification(let verification) = record.event else {
      Issue.record("\(record.event)")
      return
    }
    #expect(verification.class == nil && verification.recipients == nil && verification.key == nil)
    // Nothing is written that was not known.
    #expect(try record.line == Array(old.utf8))
  }

  // MARK: A household whose time passes

  private static let start: Int64 = 1_790_000_000
  private static let day: Int64 = 86400

  /// A node with one destination that satisfies its class, and an attested wallet.
  private func makeHouse() throws -> Household {
    let house = try Household()
    for index in house.keeper.destinations.indices { house.keeper.destinations[index].location = .offsite }
    try set(house, day: 0)
    try house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: "Read the plate", by: "Ada", table: .standard)
    return house
  }

  private func set(_ house: Household, day: Double) throws {
    let seconds = Self.start + Int64(day * Double(Self.day))
    house.clock = { Timestamp(seconds: seconds) }
  }

  private func backUp(_ house: Household, day: Double) throws {
    try set(house, day: day)
    try house.write("file", "content of \(day)")
    #expect(try house.backup().map(\.status) == [.stored])
  }

  @Test func aNewSetIsNotProvenYetAndNoConcern() throws {
    let house = try makeHouse()
    try backUp(house, day: 0)
    _ = try house.makeKeeper().observe()
    let overview = try house.makeKeeper().overview()
    let set = try #require(overview.sets.first)
    #expect(set.places.map(\.standing) == [.notYet] && set.freshness.timeliness == .inTime)
    #expect(overview.concerns.isEmpty && overview.isSafe, "\(overview.concerns.map(\.text))")
  }
}
