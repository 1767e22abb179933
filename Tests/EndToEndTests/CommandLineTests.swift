internal import Files
internal import TestKit
internal import Testing

/// What every command does, whatever it is for.
struct CommandLineTests {
  /// The subcommands as a program's own help lists them.
  private func commands(_ program: Installation.Program) throws -> [String] {
    let help = try Command.succeed(try program.path, ["--help"]).text
    let list = try #require(help.split(separator: "SUBCOMMANDS:\n").last)
    return list.split(separator: "\n").prefix { $0.hasPrefix("  ") }.filter {
      !$0.hasPrefix("   ") && !$0.contains("See '")
    }
    .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  /// What a command demands before it looks at its options.
  private static let demanded = [
    "ls": ["latest"], "restore": ["latest", "--target", "/nowhere/at/all"], "find": ["name"],
    "diff": ["20261121T020000Z-7f3a", "20261122T020000Z-1c9b"],
    "retire": ["peer-1/data", "--by", "Ada", "--note", "sold"],
    "acknowledge": ["20261121T020000Z-7f3a", "--destination", "disk", "--by", "Ada", "--note", "deleted"],
    "attest": ["--list"], "report": ["--html", "/nowhere/at/all"],
  ]

  @Test(arguments: Installation.Program.allCases)
  func everyCommandHasHelpAndRefusesUnknownOptions(_ program: Installation.Program) throws {
    let commands = try commands(program)
    #expect(commands.count >= 4, "\(commands)")
    for command in commands {
      let help = try Command.run(try program.path, [command, "--help"])
      #expect(help.status == 0 && help.text.contains("USAGE: \(program.rawValue) \(command)"), "\(command)")
      #expect(help.text.contains("Exit codes: 0 "), "\(command)")
      #expect(help.errorText == "")
      let unknown = try Command.run(
        try program.path, [command] + Self.demanded[command, default: []] + ["--no-such-option"])
      #expect(unknown.status == 64 && unknown.errorText.contains("--no-such-option"), "\(command)")
      #expect(unknown.text == "")
    }
  }

  /// A configuration that is not there: 78, with the file's name, as JSON too.
  @Test func withoutAConfigurationNothingIsDone() throws {
    let house = try Installation()
    for name in ["redoubt.toml", "verify.toml"] { try Command.succeed("rm", [house.folder(name)]) }
    for command in [["backup"], ["status"], ["check"]] {
      let outcome = try house.node(command + ["--json"])
      #expect(outcome.status == 78, "\(command)")
      #expect(outcome.text.contains("redoubt.toml"), "\(outcome.text)")
      _ = try Installation.json(outcome)
    }
    let target = house.folder("back")
    for command in [["list"], ["ls", "latest"], ["verify"], ["restore", "latest", "--target", target]] {
      let outcome = try house.keeper(command + ["--json"])
      #expect(outcome.status == 78 && outcome.errorText.contains("verify.toml"), "\(command)")
      _ = try Installation.json(outcome)
    }
    #expect(!Paths.exists(target) && !Paths.exists(house.state))
  }

  @Test func whatIsNotThereIsNamed() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    let empty = try house.keeper(["list"])
    #expect(empty.status == 0 && empty.text == "no snapshots\n")
    for command in [["verify"], ["ls", "latest"], ["restore", "latest", "--target", house.folder("back")]] {
      let outcome = try house.keeper(command)
      // Nothing verified is never success.
      #expect(outcome.status == 1 && !outcome.errorText.isEmpty, "\(command): \(outcome.text)\(outcome.errorText)")
    }
    #expect(!Paths.exists(house.folder("back")))
    #expect(try house.node(["backup"]).status == 0)
    let unknown = ["20200101T000000Z-0000", "yesterday"]
    for name in unknown {
      let outcome = try house.keeper(["restore", name, "--target", house.folder("back")])
      #expect(outcome.status == 1 && !outcome.errorText.isEmpty)
      #expect(!Paths.exists(house.folder("back")))
    }
    let path = try house.keeper(["restore", "latest", "--target", house.folder("back"), "/no/such/path"])
    #expect(path.status == 1 && path.errorText.contains("no/such/path"), "\(path.errorText)")
    #expect(!Paths.exists(house.folder("back")))
    let set = try house.node(["backup", "nothing"])
    #expect(set.status != 0 && set.errorText.contains("nothing") && set.errorText.contains("hint: "))
    let node = try house.keeper(["verify", "--host", "peer-9"])
    #expect(node.status == 1 && node.errorText.contains("peer-9") && node.errorText.contains("hint: "))
  }
}
