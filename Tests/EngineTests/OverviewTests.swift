import Backup
import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// What the keeper knows of all nodes at a time, and what of it is not as it should be.
@Suite struct OverviewTests {
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
}
