import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Tests of recovery that only people can make.
@Suite struct AttestationTests {
  private static let wallets = "wallet-seed-phrases"

  private func attest(
    _ house: Household, host: String? = nil, _ note: String = "Metal plate, spare device: addresses match"
  )
    throws
  {
    try house.makeKeeper().attest(Self.wallets, host: host, note: note, by: "Ada", table: .standard)
  }

  private func days(_ number: Int64, _ house: Household) {
    let now = Timestamp.now().seconds + number * 86400
    house.clock = { Timestamp(seconds: now) }
  }

  @Test func neverAttestedIsOverdue() throws {
    let status = try #require(try Household().makeKeeper().attestations(.standard).first)
    #expect(status.dataClass == Self.wallets && status.last == nil && status.isOverdue)
  }

  @Test func itComesDueByTheTable() throws {
    let house = try Household()
    try attest(house)
    for (day, isOverdue) in [(0, false), (364, false), (394, false), (396, true)] as [(Int64, Bool)] {
      days(day, house)
      let statuses = try house.makeKeeper().attestations(.standard)
      #expect(statuses.map(\.isOverdue) == [isOverdue], "day \(day)")
    }
    try attest(house, "Paper copy typed in anew")
    let status = try #require(try house.makeKeeper().attestations(.standard).first)
    #expect(status.last == Attestation(class: Self.wallets, host: nil, by: "Ada", note: "Paper copy typed in anew"))
    #expect(!status.isOverdue)
    // A clock that was wrong makes nothing valid for years.
    days(-1000, house)
    #expect(try house.makeKeeper().attestations(.standard).map(\.isOverdue) == [true])
  }

  @Test func eachNodeThatIsNamedComesDueByItself() throws {
    let house = try Household()
    house.keeper.nodes.append(WatchedNode(host: "peer-2", trustedSigners: [house.keys.signer], destinations: ["disk"]))
    try attest(house, host: "peer-1")
    days(300, house)
    try attest(house, host: "peer-2")
    days(400, house)
    let statuses = try house.makeKeeper().attestations(.standard)
    #expect(statuses.map(\.host) == ["peer-1", "peer-2"])
    #expect(statuses.map(\.isOverdue) == [true, false])
    #expect(throws: VerifyError.self) { try attest(house, host: "peer-3") }
  }

  @Test(arguments: ["client-database", "wallet-seed-phrase", ""])
  func onlyWhatIsKeptOfflineIsAttested(_ name: String) throws {
    let keeper = try Household().makeKeeper()
    #expect(throws: VerifyError.self) {
      try keeper.attest(name, host: nil, note: "Looked at it", by: "Ada", table: .standard)
    }
  }

  /// Words of BIP-39's own test vectors.
  @Test(arguments: [
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "LEGAL winner Thank year wave sausage worth useful legal winner thank yellow",
    "1. legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal 10. winner 11. thank 12. yellow",
    "the words are: legal,winner,thank,year,wave,sausage,worth,useful,legal,winner,thank,yellow (paper)",
    "", " \u{A0}", "line\nbreak", "bell\u{7}", "escape \u{1B}[31m", "next line \u{85}",
  ])
  func whatMustNotBeKeptIsRefused(_ text: String) throws {
    let house = try Household()
    #expect(throws: VerifyError.self) { try attest(house, text) }
    #expect(throws: VerifyError.self) {
      try house.makeKeeper().attest(Self.wallets, host: nil, note: "Looked at it", by: text, table: .standard)
    }
    #expect(!Paths.exists("\(house.keeper.state)/catalog.jsonl"), "nothing of it is written")
  }

  @Test(arguments: [
    "Restored the metal plate of peer 1 to a spare device in the vault; the first address was the one on file.",
    "Gelesen, geprüft, in Ordnung", "all 24 words legible",
  ])
  func plainWordsAreTaken(_ text: String) throws {
    let house = try Household()
    try attest(house, text)
    #expect(try house.makeKeeper().attestations(.standard).first?.last?.note == text)
  }
}
