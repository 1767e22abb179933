import Files
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Statements for clients, checked with gpg and standard tools as a client would.
@Suite struct StatementTests {
  private func makeHouse() throws -> Household {
    let house = try Household()
    for index in house.keeper.destinations.indices { house.keeper.destinations[index].location = .offsite }
    house.keeper.keys.signer = house.keys.recipient
    try house.write("orders/2026.csv", "1,acme\n")
    try house.write("orders/with space and 'quotes'", "x")
    try house.write("new\nline", "y")
    try house.write("empty", "")
    try Command.succeed("ln", ["\(house.source)/orders/2026.csv", "\(house.source)/linked"])
    try Command.succeed("ln", ["-s", "orders", "\(house.source)/soft"])
    try house.backup()
    return house
  }

  private func drill(_ house: Household) throws {
    var request = DrillRequest(selection: SnapshotSelection())
    request.scratch = "\(house.folder.path)/scratch"
    request.by = "Ada"
    let outcomes = try house.makeKeeper().drill(request).outcomes
    #expect(outcomes.map(\.drill.result) == [.sound])
  }

  private func statement(_ house: Household) throws -> (statement: Statement, text: String, file: String) {
    let statement = try house.makeKeeper().statement(of: "data", host: nil)
    let file = house.folder("statement.asc")
    try FileContent.write(statement.signed, to: file)
    return (statement, String(decoding: statement.signed, as: UTF8.self), file)
  }

  /// A client's key ring has the keeper's public key alone.
  private func verify(_ house: Household, _ file: String) throws -> Command.Outcome {
    let client = try TestKeyRing()
    try client.importPublic(house.keys.recipient, from: house.keys.keeper)
    return try client.tryGPG(["--status-fd", "1", "--verify", file])
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aClientChecksItWithStandardTools(_ mode: SetConfiguration.Mode) throws {
    let house = try makeHouse()
    house.node.sets[0].mode = mode
    try house.backup(readsAll: true)
    try drill(house)
    let (statement, text, file) = try statement(house)
    #expect(statement.restores == 1 && statement.signer == house.keys.recipient)
    let checked = try verify(house, file)
    #expect(checked.status == 0 && checked.text.contains("VALIDSIG"), "\(checked.errorText)")
    // One changed byte, and it is nobody's.
    let changed = text.replacing("class client-database", with: "class server-configs")
    #expect(changed != text)
    try FileContent.write(Array(changed.utf8), to: file)
    #expect(try verify(house, file).status != 0)
    // The digests are what standard tools compute.
    let restored = try house.restore().folder
    let content = try Command.succeed("sh", ["-c", "cd '\(restored)' && \(Self.pipeline)"])
    #expect(text.contains(String(content.text.prefix(64))), "\(text)\n\(content.text)")
    let manifest = try #require(try house.manifests().last)
    let stored = try Command.succeed("sha256sum", ["\(house.folder.path)/disk/\(manifest)"])
    #expect(text.contains(String(stored.text.prefix(64))))
    // A file more, and the tree is another one.
    try FileContent.write([1], to: "\(restored)/more")
    let other = try Command.succeed("sh", ["-c", "cd '\(restored)' && \(Self.pipeline)"])
    #expect(!text.contains(String(other.text.prefix(64))))
    // The pipeline is the one that the statement and the manual name.
    #expect(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(Self.pipeline))
    #expect(!text.split(separator: "\n").contains { $0.hasPrefix("- ") }, "nothing had to be escaped")
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 && $0.last != " " })
  }

  private static let pipeline = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum -z | sha256sum"

  @Test func itTellsWhatIsNotProvenAndWhatIsWrong() throws {
    let house = try makeHouse()
    try drill(house)
    try house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: "Read the plate", by: "Ada", table: .standard)
    _ = try house.makeKeeper().observe()
    let sound = try statement(house)
    #expect(sound.statement.openConcerns == 0 && sound.text.contains("No concern is open"), "\(sound.text)")
    #expect(!sound.text.contains("NOT ALL IS WELL"))
    try house.write("orders/2027.csv", "2,acme\n")
    try house.backup()
    _ = try house.makeKeeper().observe()
    let manifest = try #require(try house.manifests().last)
    try Command.succeed("truncate", ["-s", "100", "\(house.folder.path)/disk/\(manifest)"])
    _ = try house.verify(.readable)
    let wrong = try statement(house)
    #expect(wrong.statement.openConcerns == 1 && wrong.text.contains("NOT ALL IS WELL"))
    #expect(wrong.text.contains("damage: peer-1/data at disk"))
    #expect(wrong.text.contains("not the newest one"))
    #expect(try verify(house, wrong.file).status == 0)
  }

  @Test func nothingIsStatedOfWhatWasNotRestored() throws {
    let house = try makeHouse()
    for level in [VerificationLevel.present, .intact, .readable] {
      _ = try house.verify(level)
      let error = #expect(throws: VerifyError.self) { try statement(house) }
      #expect(error?.code == .notFound && error?.hint?.contains("drill") == true)
    }
    try drill(house)
    #expect(try statement(house).statement.restores == 1)
    // It was found damaged since.
    try Command.succeed("truncate", ["-s", "100", "\(house.folder.path)/disk/\(try house.manifests()[0])"])
    _ = try house.verify(.present)
    #expect(throws: VerifyError.self) { try statement(house) }
  }

  @Test func withoutASigningKeyThereIsNoStatement() throws {
    let house = try makeHouse()
    try drill(house)
    for (signer, part) in [("", "[keys] signer"), (house.keys.signer, "")] {
      house.keeper.keys.signer = signer
      let error = #expect(throws: VerifyError.self) { try statement(house) }
      #expect(error?.code == .keys && error?.hint?.contains(part) == true || part.isEmpty)
      #expect(!Paths.exists(house.folder("statement.asc")))
    }
    house.keeper.keys.signer = house.keys.recipient
    #expect(throws: VerifyError.self) { try house.makeKeeper().statement(of: "other", host: nil) }
    #expect(throws: VerifyError.self) { try house.makeKeeper().statement(of: "data", host: "peer-2") }
  }
}
