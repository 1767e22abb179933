import Files
import Glibc
import TestKit
import Testing

/// Both programs, from an empty machine to a restored tree, as a person types it.
@Suite struct JourneyTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func endAgents() {
    for home in ["node/gnupg", "keeper/gnupg"] {
      // Best effort: an agent that never ran cannot be ended.
      _ = try? Command.run("gpgconf", ["--homedir", "\(folder.path)/\(home)", "--kill", "all"])
    }
  }

  func node(_ arguments: [String]) throws -> Command.Outcome {
    try Program.redoubt.run(arguments + ["--config", "\(folder.path)/redoubt.toml"])
  }

  func keeper(_ arguments: [String]) throws -> Command.Outcome {
    try Program.redoubtVerify.run(arguments + ["--config", "\(folder.path)/verify.toml"])
  }

  func append(_ name: String, _ text: String) throws {
    let old = String(decoding: try FileContent.read("\(folder.path)/\(name)"), as: UTF8.self)
    try folder.write(
      name, old.replacing("destinations = []               # names", with: "destinations = [\"disk\"] #") + text)
  }

  /// Sets up a keeper with its key, and a node that stores to a folder.
  func setUp() throws {
    let gpg = ["--homedir", "\(folder.path)/keeper/gnupg", "--batch", "--quiet"]
    try #require(keeper(["init", "--state", "\(folder.path)/keeper"]).status == 0)
    // Written again below, with the node.
    unlink("\(folder.path)/verify.toml")
    try Command.succeed(
      "gpg",
      gpg + ["--passphrase", "", "--quick-generate-key", "backup@example.com", "future-default", "default", "never"])
    let key = try folder.write("backup.asc", try Command.succeed("gpg", gpg + ["--armor", "--export"]).output)
    try #require(
      node(["init", "--host", "peer-1", "--state", "\(folder.path)/node", "--recipient-key", key]).status == 0)
    try #require(
      keeper(["init", "--state", "\(folder.path)/keeper", "--node-key", "\(folder.path)/node/peer-1-signer.asc"]).status
        == 0)
    for name in ["disk", "source/deep"] { try Paths.makeFolders("\(folder.path)/\(name)") }
    try folder.write("source/deep/keys.dat", "the keys\n", mode: 0o640)
    try folder.write("source/other", "something else\n")
    let destination = """

      [[destination]]
      name = "disk"
      kind = "directory"
      location = "offsite"
      path = "\(folder.path)/disk"

      """
    try append(
      "redoubt.toml",
      destination + """
        [[set]]
        name = "keys"
        class = "client-database"
        paths = ["\(folder.path)/source"]
        destinations = ["disk"]

        """)
    try append("verify.toml", destination)
  }

  @Test func fromAnEmptyMachineToARestoredTree() throws {
    defer { endAgents() }
    try setUp()
    #expect(try node(["check", "--online"]).status == 0)
    let status = try node(["status"])
    #expect(status.status == 5)
    #expect(status.lines.first == "not safe: keys at disk was never backed up")

    let dry = try node(["backup", "--dry-run"])
    #expect(dry.status == 0 && dry.text.hasPrefix("keys: would store 4 entries, 24 B"), "\(dry.text)\(dry.errorText)")
    #expect(!Paths.exists("\(folder.path)/disk/peer-1/keys"))

    let backup = try node(["backup", "keys", "--json"])
    #expect(backup.status == 0, "\(backup.text)\(backup.errorText)")
    let summary = #"{"type":"summary","exit":0,"sets":1,"stored":1,"unchanged":0,"findings":0,"bytes":24,"#
    #expect(backup.lines.last?.hasPrefix(summary) == true, "\(backup.text)")
    let line = try #require(backup.lines.first { $0.hasPrefix(#"{"type":"set""#) })
    let id = try #require(line.split(separator: "\"snapshot\":\"").last?.split(separator: "\"").first)
    let after = try node(["status"])
    #expect(after.status == 0 && after.lines.first == "safe: the one copy is in time", "\(after.text)")
    #expect(after.text.contains("\n    disk  in time        \(id), "), "\(after.text)")

    let listed = try keeper(["list"])
    #expect(listed.status == 0)
    #expect(
      listed.text.contains("peer-1/keys/\(id)  disk  ") && listed.text.hasSuffix("  not verified\n"), "\(listed.text)")
    let files = try keeper(["ls", "latest", "\(folder.path)/source/deep"])
    #expect(files.lines.count == 2, "\(files.text)\(files.errorText)")
    #expect(
      files.lines.last?.hasPrefix("0640 ") == true && files.lines.last?.hasSuffix("/source/deep/keys.dat") == true)
    #expect(try keeper(["ls", "latest", "/nowhere"]).status == 1)

    for level in ["present", "intact", "readable", "restored"] {
      let verified = try keeper(["verify", "--level", level])
      #expect(verified.status == 0, "\(verified.text)\(verified.errorText)")
      #expect(verified.text.hasPrefix("peer-1/keys/\(id) at disk: \(level): sound "))
    }
    #expect(try keeper(["list"]).text.contains("restored: sound at "))

    let restored = try keeper(["restore", "\(id)", "--target", "\(folder.path)/back", "\(folder.path)/source/deep"])
    #expect(restored.status == 0, "\(restored.text)\(restored.errorText)")
    let back = "\(folder.path)/back\(folder.path)/source"
    #expect(try FileContent.read("\(back)/deep/keys.dat") == Array("the keys\n".utf8))
    #expect(!Paths.exists("\(back)/other"))
    // A target that is not empty is refused, unless told otherwise.
    let again = try keeper(["restore", "latest", "--target", "\(folder.path)/back"])
    #expect(again.status == 1 && again.errorText.hasPrefix("error: "))
    #expect(try keeper(["restore", "latest", "--target", "\(folder.path)/back", "--force"]).status == 0)
    #expect(Paths.exists("\(back)/other"))
  }

  @Test func exitCodesSayWhatHappened() throws {
    defer { endAgents() }
    try setUp()
    #expect(try node(["backup", "nothing"]).status == 78)
    let lock = try #require(try FileLock.acquire("\(folder.path)/node/lock"))
    let locked = try node(["backup"])
    withExtendedLifetime(lock) { #expect(locked.status == 75, "\(locked.errorText)") }
  }

  @Test func damageIsExitCode4AndRecorded() throws {
    defer { endAgents() }
    try setUp()
    #expect(try node(["backup"]).status == 0)
    let volume = try #require(
      try Command.succeed("find", ["\(folder.path)/disk", "-name", "volume-*"]).lines.first)
    var content = try FileContent.read(volume)
    content[content.count / 2] ^= 1
    try FileContent.write(content, to: volume)
    let verified = try keeper(["verify", "--json"])
    #expect(verified.status == 4)
    #expect(verified.text.contains(#""result":"damaged""#))
    #expect(try keeper(["list"]).text.contains("readable: damaged at "))
    let restored = try keeper(["restore", "latest", "--target", "\(folder.path)/back"])
    #expect(restored.status == 4, "\(restored.status) \(restored.text)\(restored.errorText)")
    #expect(try keeper(["verify", "--snapshot", "yesterday"]).status == 1)
  }
}
