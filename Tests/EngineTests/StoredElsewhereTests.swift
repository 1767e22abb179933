import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Sets are not at every destination of their node: choosing one asks for it where it should be, and nowhere else.
@Suite struct StoredElsewhereTests {
  private let house: Household

  /// `data` at both destinations, `site` at one.
  init() throws {
    house = try Household(destinations: ["disk", "offsite"])
    try house.write("data", "one")
    try house.write("site/page", "two")
    var site = house.node.sets[0]
    site.name = "site"
    site.paths = ["\(house.source)/site"]
    site.destinations = ["offsite"]
    house.node.sets.append(site)
    try house.backup()
  }

  private func verify(_ sets: [String], destinations: [String] = []) throws -> ([String], Bool) {
    let (verifications, isComplete) = try house.makeKeeper().verify(
      SnapshotSelection(sets: sets, destinations: destinations), level: .readable,
      scratch: "\(house.folder.path)/scratch")
    #expect(verifications.allSatisfy { $0.result == .sound })
    return (verifications.map { "\($0.set) \($0.destination)" }, isComplete)
  }

  @Test func aDestinationThatNeverGetsASetIsPassedOver() throws {
    // Where nobody has looked at the node's catalog, nobody knows.
    #expect(try verify(["site"]) == (["site offsite"], false))
    _ = try house.makeKeeper().observe()
    #expect(try verify(["site"]) == (["site offsite"], true))
    #expect(try verify(["data", "site"]) == (["data disk", "data offsite", "site offsite"], true))
    #expect(try verify(["site"], destinations: ["disk"]) == ([], true))
    // A set that is of no node is nowhere.
    #expect(try verify(["dta"]).0.isEmpty)
    var request = DrillRequest(selection: SnapshotSelection(sets: ["site"]))
    request.scratch = "\(house.folder.path)/scratch"
    let (outcomes, isComplete) = try house.makeKeeper().drill(request)
    #expect(outcomes.map(\.drill.result) == [.sound] && isComplete)
  }

  @Test func whatShouldBeThereIsMissed() throws {
    _ = try house.makeKeeper().observe()
    try Command.succeed("rm", ["-r", "\(house.folder.path)/disk/peer-1/data"])
    #expect(try verify(["data"]) == (["data offsite"], false))
    // Also beside another one that is there.
    try Command.succeed("rm", ["-r", "\(house.folder.path)/offsite/peer-1/data"])
    #expect(try verify(["data", "site"]) == (["site offsite"], false))
  }
}
