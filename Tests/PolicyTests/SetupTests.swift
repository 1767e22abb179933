import Files
import Glibc
import Policy
import TestKit
import Testing

/// The init commands of both programs.
@Suite struct SetupTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func endAgents() throws {
    for home in ["s/gnupg", "k/gnupg"] where Paths.exists("\(folder.path)/\(home)") {
      try Command.run("gpgconf", ["--homedir", "\(folder.path)/\(home)", "--kill", "all"])
    }
  }

  func mode(_ path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  func text(_ name: String) throws -> String {
    String(decoding: try FileContent.read("\(folder.path)/\(name)"), as: UTF8.self)
  }

  /// What a package installs is filled in as long as nobody has touched it.
  @Test func anUntouchedStarterIsFilledIn() throws {
    defer { try? endAgents() }
    for (program, arguments, state) in [
      (Program.redoubt, ["--host", "peer-1"], "s"), (Program.redoubtVerify, [], "k"),
    ] {
      let starter = try program.run(["init", "--print"])
      #expect(starter.status == 0 && starter.errorText == "" && !Paths.exists("\(folder.path)/\(state)"))
      let path = try folder.write("\(state).toml", starter.output)
      let initialize = ["init", "--config", path, "--state", "\(folder.path)/\(state)"] + arguments
      let made = try program.run(initialize)
      #expect(made.status == 0, "\(made.errorText)")
      let filled = try text("\(state).toml")
      #expect(filled != starter.text && filled.contains("\(folder.path)/\(state)/gnupg"))
      #expect(mode(path) == 0o600)
      // From now on it is somebody's.
      try FileContent.write(Array((filled + "# mine\n").utf8), to: path, mode: 0o640)
      let again = try program.run(initialize)
      #expect(again.status == 0 && again.text.contains("is there already, left as it is: configuration \(path)"))
      #expect(try text("\(state).toml") == filled + "# mine\n")
      #expect(mode(path) == 0o640)
    }
  }

  /// One more line and it is no starter any more: nothing is written, and what is missing is said.
  @Test func aTouchedStarterIsLeftAlone() throws {
    let starter = try Program.redoubt.run(["init", "--print"]).text + "# mine\n"
    let path = try folder.write("redoubt.toml", Array(starter.utf8))
    let refused = try Program.redoubt.run(["init", "--config", path, "--state", "\(folder.path)/s"])
    #expect(refused.status == 1 && refused.errorText.contains("hint: "), "\(refused.errorText)")
    #expect(try text("redoubt.toml") == starter)
    #expect(!Paths.exists("\(folder.path)/s"))
  }

  /// A node and a keeper set up after each other, up to a configuration that passes the check.
  @Test func fromNothingToACheckedNode() throws {
    defer { try? endAgents() }
    let recipient = try TestKeyRing()
    let fingerprint = try recipient.makeKey("backup@example.com")
    let key = try folder.write("backup.asc", try recipient.gpg(["--armor", "--export"]).output)
    let path = "\(folder.path)/etc/redoubt.toml"
    let made = try Program.redoubt.run(
      ["init", "--config", path, "--host", "peer-1", "--state", "\(folder.path)/s", "--recipient-key", key])
    #expect(made.status == 0, "\(made.errorText)")
    #expect(mode(path) == 0o600)
    #expect(mode("\(folder.path)/s") == 0o700)
    #expect(mode("\(folder.path)/s/gnupg") == 0o700)

    // gpg itself sees the key: ed25519, without an expiry, and the exported file is this key.
    let listed = try Command.succeed(
      "gpg", ["--homedir", "\(folder.path)/s/gnupg", "--batch", "--with-colons", "--list-secret-keys"])
    let signer = try #require(listed.lines.first { $0.hasPrefix("fpr") }?.split(separator: ":").last)
    #expect(listed.text.contains("redoubt@peer-1"))
    #expect(made.text.contains("trusted-signers = [\"\(signer)\"]"))
    let shown = try Command.succeed(
      "gpg", ["--batch", "--with-colons", "--show-keys", "\(folder.path)/s/peer-1-signer.asc"])
    #expect(shown.text.contains("fpr:::::::::\(signer):"))

    // What is left is what init says is left.
    let report = NodeConfiguration.inspect(path)
    #expect(
      report.problems.map(\.message) == [
        "there is no [[destination]]", "there is no [[set]]: nothing would be backed up",
      ])
    #expect(report.configuration?.keys.recipients == ["\(fingerprint)"])

    let keeper = try Program.redoubtVerify.run(
      [
        "init", "--config", "\(folder.path)/etc/verify.toml", "--state", "\(folder.path)/k", "--node-key",
        "\(folder.path)/s/peer-1-signer.asc",
      ])
    #expect(keeper.status == 0, "\(keeper.errorText)")
    let watched = KeeperConfiguration.inspect("\(folder.path)/etc/verify.toml")
    #expect(
      watched.configuration?.nodes == [WatchedNode(host: "peer-1", trustedSigners: ["\(signer)"], destinations: [])])
    #expect(keeper.text.contains("--import private.asc"))

    // The keeper's own key signs without anybody, opens nothing, and is not the node's.
    let own = try #require(watched.configuration?.keys.signer)
    let keys = try Command.succeed(
      "gpg", ["--homedir", "\(folder.path)/k/gnupg", "--batch", "--with-colons", "--list-secret-keys"])
    #expect(keys.text.contains("fpr:::::::::\(own):") && keys.text.contains("redoubt-verify@") && own != signer)
    #expect(keys.lines.allSatisfy { !$0.hasPrefix("ssb") })
    let file = try Command.succeed(
      "gpg", ["--batch", "--with-colons", "--show-keys", "\(folder.path)/k/keeper-signer.asc"])
    #expect(file.text.contains("fpr:::::::::\(own):"))

    try Paths.makeFolders("\(folder.path)/disk")
    try folder.write(
      "etc/redoubt.toml",
      try text("etc/redoubt.toml") + """
        [[destination]]
        name = "disk"
        kind = "directory"
        location = "offsite"
        path = "\(folder.path)/disk"
        [[set]]
        name = "data"
        class = "client-database"
        paths = ["\(folder.path)/etc"]
        destinations = ["disk"]

        """)
    let checked = try Program.redoubt.run(["check", "--config", path])
    #expect(checked.status == 0, "\(checked.text)")
  }

  @Test func nothingThatExistsIsChanged() throws {
    defer { try? endAgents() }
    let arguments = ["init", "--config", "\(folder.path)/c", "--state", "\(folder.path)/s"]
    #expect(try Program.redoubt.run(arguments + ["--host", "peer-1"]).status == 0)
    let before = (try text("c"), try text("s/peer-1-signer.asc"))
    // Another name now changes nothing: the configuration's own wins.
    let again = try Program.redoubt.run(arguments + ["--host", "peer-2"])
    #expect(again.status == 0)
    #expect(!again.text.contains("made: "))
    #expect((try text("c"), try text("s/peer-1-signer.asc")) == before)
    #expect(!Paths.exists("\(folder.path)/s/peer-2-signer.asc"))

    let keeper = ["init", "--config", "\(folder.path)/v", "--state", "\(folder.path)/k"]
    #expect(try Program.redoubtVerify.run(keeper).status == 0)
    let starter = try text("v")
    let twice = try Program.redoubtVerify.run(keeper)
    #expect(twice.status == 0)
    #expect(!twice.text.contains("made: "))
    #expect(try text("v") == starter)

    // A configuration from before the keeper had a signing key stays as it is; init says what to add.
    try folder.write(
      "v",
      starter.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("signer") }
        .joined(separator: "\n"))
    let older = try Program.redoubtVerify.run(keeper)
    #expect(older.status == 0 && older.text.contains("add to [keys]") && older.text.contains("signer = \""))
    #expect(try !text("v").contains("\nsigner"))
  }

  @Test func aBrokenConfigurationIsLeftAloneAndNamed() throws {
    try folder.write("c", "host = \n")
    let outcome = try Program.redoubt.run(["init", "--config", "\(folder.path)/c", "--state", "\(folder.path)/s"])
    #expect(outcome.status == 1)
    #expect(outcome.errorText.hasPrefix("error: \(folder.path)/c: not valid TOML"))
    #expect(try text("c") == "host = \n")
    #expect(!Paths.exists("\(folder.path)/s"))
  }

  @Test(arguments: ["Peer_1", "", "../x", "a b"])
  func aBadNameMakesNothing(_ host: String) throws {
    let outcome = try Program.redoubt.run(
      ["init", "--config", "\(folder.path)/c", "--state", "\(folder.path)/s", "--host", host])
    #expect(outcome.status == 1)
    #expect(outcome.errorText.contains("is no valid name"))
    #expect(!Paths.exists("\(folder.path)/c"))
    #expect(!Paths.exists("\(folder.path)/s"))
  }

  @Test func aFileThatIsNoKeyIsRefused() throws {
    defer { try? endAgents() }
    let file = try folder.write("key", "not a key\n")
    let outcome = try Program.redoubt.run(
      ["init", "--config", "\(folder.path)/c", "--state", "\(folder.path)/s", "--host", "a", "--recipient-key", file])
    #expect(outcome.status == 1)
    #expect(outcome.errorText.hasPrefix("error: \(file): "))
    #expect(!Paths.exists("\(folder.path)/c"))
  }
}
