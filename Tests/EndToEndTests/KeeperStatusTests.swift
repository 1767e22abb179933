import Files
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// `redoubt-verify status`, `keys` and `report --statement`, as they are installed.
@Suite struct KeeperStatusTests {
  private func makeInstallation() throws -> Installation {
    let house = try Installation()
    try house.write("file", "content")
    #expect(try house.node(["backup"]).status == 0)
    return house
  }

  /// What is not about the set: the wallets of the table, which nobody has tested.
  private func attest(_ house: Installation) throws {
    let outcome = try house.keeper(["attest", "wallet-seed-phrases", "--by", "Ada", "--note", "Read the plate"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
  }

  private func firstLine(_ outcome: Command.Outcome) -> String { outcome.lines.first ?? "" }

  @Test func theFirstLineIsTheAnswer() throws {
    let house = try makeInstallation()
    let unseen = try house.keeper(["status"])
    #expect(unseen.status == 5 && firstLine(unseen).hasPrefix("not safe: "), "\(unseen.text)\(unseen.errorText)")
    try attest(house)
    let nothing = try house.keeper(["status"])
    #expect(nothing.status == 5 && firstLine(nothing).hasPrefix("not safe: peer-1: nothing of this node was ever seen"))

    let young = try house.keeper(["status", "--look"])
    #expect(young.status == 0 && firstLine(young) == "safe so far: the one copy is in time, and not proven yet")

    #expect(try house.keeper(["verify"]).status == 0)
    let proven = try house.keeper(["status"])
    #expect(firstLine(proven) == "safe: the one copy is in time, and proven as often as asked for", "\(proven.text)")
    #expect(proven.status == 0 && proven.text.contains("proven readable"))
    #expect(proven.text.contains("recipient backup@example.com: proven"))

    let manifest = try #require(try house.manifests().first)
    try Command.succeed("truncate", ["-s", "100", "\(house.disk)/\(manifest)"])
    #expect(try house.keeper(["verify"]).status == 4)
    let damaged = try house.keeper(["status"])
    #expect(damaged.status == 4 && firstLine(damaged).hasPrefix("not safe: peer-1/data at disk: snapshot "))
    #expect(try house.keeper(["status", "--host", "peer-1", "--set", "data"]).status == 4)
  }

  @Test func aSetThatWasOnlyVerifiedIsNotSafe() throws {
    let house = try makeInstallation()
    try attest(house)
    #expect(try house.keeper(["verify"]).status == 0)
    let unseen = try house.keeper(["status"])
    #expect(unseen.status == 5 && firstLine(unseen).contains("its catalog was never looked at"), "\(unseen.text)")
  }

  @Test func scriptsAndNodesAreToldToo() throws {
    let house = try makeInstallation()
    try attest(house)
    #expect(try house.keeper(["catalog", "check"]).status == 0)
    #expect(try house.keeper(["verify"]).status == 0)
    let notes = "\(house.state)/verification.json"
    let outcome = try house.keeper(["status", "--json", "--write-notes", notes])
    let types = try Installation.json(outcome).map(\.type)
    #expect(types == ["node", "set", "attestation", "recipient", "signer", "key-rotation", "self-test", "summary"])
    let node = try house.node(["status"])
    #expect(node.status == 0 && node.text.contains("verified readable: sound"), "\(node.text)")
    // The copy is damaged: the node hears of that, and of no older proof.
    let manifest = try #require(try house.manifests().first)
    try Command.succeed("truncate", ["-s", "100", "\(house.disk)/\(manifest)"])
    #expect(try house.keeper(["verify"]).status == 4)
    #expect(try house.keeper(["status", "--write-notes", notes]).status == 4)
    let told = try house.node(["status"])
    #expect(told.status == 5 && told.text.contains("is damaged, as the keeper found"), "\(told.text)")
  }

  @Test func whatIsNotThereIsNoAnswer() throws {
    let house = try makeInstallation()
    #expect(try house.keeper(["catalog", "check"]).status == 0)
    for arguments in [["--host", "peer-2"], ["--set", "dta"]] {
      let outcome = try house.keeper(["status"] + arguments)
      #expect(outcome.status == 1 && outcome.errorText.contains("hint: "), "\(outcome.errorText)")
    }
  }

  @Test func keysAreListed() throws {
    let house = try makeInstallation()
    let before = try house.keeper(["keys"])
    #expect(before.status == 0 && before.text.contains("no recipient is known yet"), "\(before.text)")
    #expect(try house.keeper(["verify"]).status == 0)
    let after = try house.keeper(["keys"])
    #expect(after.status == 0 && after.text.contains(house.keys.recipient) && after.text.contains(house.keys.signer))
    #expect(after.text.contains("sets: peer-1/data"))
    let reviewed = try house.keeper(["attest", "key-rotation", "--by", "Ada", "--note", "All are kept for a year"])
    #expect(reviewed.status == 0, "\(reviewed.errorText)")
    #expect(try house.keeper(["keys"]).text.contains("by Ada"))
  }

  @Test func aStatementIsSignedAndSaysWhatIsWrong() throws {
    let house = try makeInstallation()
    let file = house.folder("statement.asc")
    let unsigned = try house.keeper(["report", "--statement", "data", "--output", file])
    #expect(unsigned.status == 1 && unsigned.errorText.contains("signer"), "\(unsigned.errorText)")
    let configuration = house.folder("verify.toml")
    let text = String(decoding: try FileContent.read(configuration), as: UTF8.self)
    let signed = text.replacing("[keys]\n", with: "[keys]\nsigner = \"\(house.keys.recipient)\"\n")
    try FileContent.write(Array(signed.utf8), to: configuration, mode: 0o600)

    #expect(try house.keeper(["verify"]).status == 0)
    let early = try house.keeper(["report", "--statement", "data", "--output", file])
    #expect(early.status == 1 && early.errorText.contains("hint: redoubt-verify drill"), "\(early.errorText)")
    #expect(!Paths.exists(file))
    let drill = try house.keeper(["drill", "--scratch", house.folder.path])
    #expect(drill.status == 0, "\(drill.text)\(drill.errorText)")
    let made = try house.keeper(["report", "--statement", "data", "--output", file])
    #expect(made.status == 0 && made.errorText.contains("open concern"), "\(made.errorText)")
    #expect(try house.keys.keeper.tryGPG(["--verify", file]).status == 0)
    let shown = try house.keeper(["report", "--statement", "data", "--host", "peer-1"])
    #expect(shown.status == 0 && shown.lines.first == "-----BEGIN PGP SIGNED MESSAGE-----")
  }

  @Test func somebodyIsToldOfWhatIsOverdueAfterEachRun() throws {
    let house = try makeInstallation()
    let (told, metrics) = (house.folder("told"), house.folder("redoubt.prom"))
    house.alerts = "metrics-file = \"\(metrics)\"\non-overdue = [\"sh\", \"-c\", \"cat > \(told)\"]\n"
    try house.configure()
    #expect(try house.keeper(["verify"]).status == 0)
    let document = String(decoding: try FileContent.read(told), as: UTF8.self)
    #expect(document.contains(#""overdue":["peer-1","attestation"]"#), "\(document)")
    let text = String(decoding: try FileContent.read(metrics), as: UTF8.self)
    #expect(text.contains(#"redoubt_key_decrypted_timestamp_seconds{key="\#(house.keys.recipient)",use="recipient"} "#))
    #expect(text.contains(#"severity="overdue"} 2"#), "\(text)")
    // Once all is well, nobody is.
    try attest(house)
    #expect(try house.keeper(["catalog", "check"]).status == 0)
    #expect(unlink(told) == 0)
    #expect(try house.keeper(["self-test"]).status == 0)
    #expect(!Paths.exists(told))
    let after = String(decoding: try FileContent.read(metrics), as: UTF8.self)
    #expect(after.contains("redoubt_self_test_passed{") && after.contains(#"severity="overdue"} 0"#), "\(after)")
  }
}
