import Files
import FoundationEssentials
import Policy
import Repository
import TestKit
import Testing
import Verify

/// A keeper's catalog as version 1 wrote it is read, held to its signature and its archive, and used by today's keeper.
@Suite struct OldCatalogTests {
  private static let fixture =
    Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/Fixtures/catalogs/version-1/keeper"

  private func keeper(_ house: Household, _ ring: TestKeyRing) throws -> Keeper {
    let state = house.keeper.state
    try Paths.makeFolders("\(state)/catalog", mode: 0o700)
    for name in ["catalog.jsonl", "catalog.jsonl.asc"] {
      try FileContent.write(try FileContent.read("\(Self.fixture)/\(name)"), to: "\(state)/\(name)")
    }
    let text = String(decoding: try FileContent.read("\(Self.fixture)/archive-000001.jsonl.zst.base64"), as: UTF8.self)
    let packed = try #require(Data(base64Encoded: text.replacing("\n", with: "")))
    try FileContent.write([UInt8](packed), to: "\(state)/catalog/archive-000001.jsonl.zst")
    try ring.importKey(try FileContent.read("\(Self.fixture)/signer.asc"))
    house.keeper.keys = KeysConfiguration(gnupgHome: ring.home)
    return house.makeKeeper()
  }

  @Test func itHoldsAndAllOfItIsRead() throws {
    let ring = try TestKeyRing()
    defer { ring.close() }
    let house = try Household()
    let keeper = try keeper(house, ring)
    let condition = try #require(try keeper.checkCatalogs().first)
    #expect(condition.findings.isEmpty, "\(condition.findings)")
    #expect(condition.records == 22 && condition.archived == 2)
    #expect(condition.signature?.hasPrefix("24 records signed by ") == true, "\(condition.signature ?? "")")
    let whole = try #require(try keeper.catalogs(isWhole: true).first).records
    #expect(whole.count == condition.records + condition.archived)
    let types = Set(whole.map(\.event.type))
    #expect(
      types == [
        "verification", "prune", "observation", "attestation", "acknowledgement", "drill", "self-test", "proof", "run",
        "retirement", "damage-acknowledgement", "rotation", "signer",
      ])
    // And every one of them is known.
    #expect(
      !whole.contains { record in
        if case .unknown = record.event { true } else { false }
      })
  }

  @Test func itGoesOn() throws {
    let ring = try TestKeyRing()
    defer { ring.close() }
    let house = try Household()
    let keeper = try keeper(house, ring)
    let before = try #require(try keeper.catalogs(isWhole: false).first).records
    try keeper.attest(
      "wallet-seed-phrases", host: nil, note: "from steel", by: "Ada", table: house.keeper.frequencies)
    let after = try #require(try keeper.catalogs(isWhole: false).first).records
    #expect(Array(after.dropLast()) == before && after.last?.event.type == "attestation")
    #expect(try keeper.checkCatalogs().first?.findings.isEmpty == true)
    #expect(try keeper.overview().attestations.first?.last?.by == "Ada")
  }
}
