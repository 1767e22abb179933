import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// The keeper shows that it would notice, and says so when it cannot show it.
@Suite struct SelfTestTests {
  private let house: Household

  init() throws {
    house = try Household()
    for number in 0..<3 { try house.write("noise-\(number)", Household.noise(700_000, seed: UInt64(number + 1))) }
  }

  private func selfTest() throws -> SelfTest {
    try house.makeKeeper().selfTest(SnapshotSelection(), scratch: "\(house.folder.path)/scratch")
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func everyKindOfDamageIsFoundAndStorageUntouched(_ mode: SetConfiguration.Mode) throws {
    house.node.sets[0].mode = mode
    try house.backup()
    try house.write("more", "content")
    try house.backup()
    let before = try Command.succeed(
      "sh", ["-c", "cd '\(house.folder.path)/disk' && find . -type f | sort | xargs sha256sum"])
    let test = try selfTest()
    #expect(test.passed, "\(test.cases.filter { !$0.found })")
    let expected: Set = [
      "a lost volume", "a volume cut short", "a flipped bit in a volume", "another object in a volume's place",
      "a volume that somebody else encrypted", "a lost manifest", "a flipped bit in the manifest",
      "a manifest with a stranger's signature", "a manifest without a signature", "an old manifest under a new name",
      "a catalog that was put back", "a flipped bit in the catalog", "a catalog with a stranger's signature",
      "an old segment in a new one's place", "a snapshot that is too old",
    ]
    #expect(Set(test.cases.map(\.name)) == expected)
    let after = try Command.succeed(
      "sh", ["-c", "cd '\(house.folder.path)/disk' && find . -type f | sort | xargs sha256sum"])
    #expect(before.output == after.output)
    #expect(try Command.succeed("ls", ["-A", "\(house.folder.path)/scratch"]).lines.isEmpty)
    let records = try CatalogFile.records("\(house.keeper.state)/catalog.jsonl")
    #expect(records.contains { if case .selfTest(let recorded) = $0.event { recorded == test } else { false } })
  }

  @Test func damageThatIsThereAlreadyIsNoGround() throws {
    try house.backup()
    let path = "\(house.folder.path)/disk/\(try #require(try house.volumes().first))"
    var bytes = try FileContent.read(path)
    bytes[bytes.count / 2] ^= 1
    try FileContent.write(bytes, to: path)
    let error = #expect(throws: VerifyError.self) { _ = try selfTest() }
    #expect(error?.code == .damaged && error?.hint != nil)
    #expect(try Command.succeed("ls", ["-A", "\(house.folder.path)/scratch"]).lines.isEmpty)
  }

  @Test func withoutASnapshotThereIsNothingToTestWith() throws {
    let error = #expect(throws: VerifyError.self) { _ = try selfTest() }
    #expect(error?.code == .notFound)
  }
}
