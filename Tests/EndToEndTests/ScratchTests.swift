internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// What is decrypted to be looked at does not outlive the look, whatever tree it is and however the look ends.
struct ScratchTests {
  private let house: Installation
  private let scratch: String

  init() throws {
    house = try Installation()
    scratch = house.folder("scratch")
    try Paths.makeFolders(scratch, mode: 0o755)
    // Root's checks run as somebody else, who must reach the tree.
    try Command.succeed("chmod", ["755", house.folder.path])
  }

  /// Every level of a tree costs descriptors or it does not.
  @Test(arguments: ["full", "incremental"]) func aTreeDeeperThanTheLimitOfOpenFiles(_ mode: String) throws {
    house.sets[0].settings = "mode = \"\(mode)\""
    try house.configure()
    let script = """
      import os
      for n in range(1500):
        os.mkdir("dir"); os.chdir("dir")
        if n % 100 == 99: open("file", "w").write(str(n))
      """
    try Command.succeed("python3", ["-c", script], folder: house.source)
    func limited(_ program: Installation.Program, _ words: [String]) throws -> Command.Outcome {
      let configuration = program == .redoubt ? "redoubt.toml" : "verify.toml"
      return try Command.run(
        "prlimit", ["--nofile=200", try program.path] + words + ["--config", house.folder(configuration)],
        environment: house.environment)
    }
    let stored = try limited(.redoubt, ["backup"])
    #expect(stored.status == 0, "\(stored.errorText)")
    let verified = try limited(.redoubtVerify, ["verify", "--level", "restored", "--scratch", scratch])
    #expect(verified.status == 0 && verified.errorText.isEmpty, "\(verified.text)\(verified.errorText)")
    #expect(try Command.succeed("ls", ["-A", scratch]).lines == [])
    let target = house.folder("back")
    let restored = try limited(.redoubtVerify, ["restore", "latest", "--target", target])
    #expect(restored.status == 0, "\(restored.errorText)")
    #expect(try Command.succeed("find", [target, "-type", "f"]).lines.count == 15)
    // Other tools are not made for such trees.
    for folder in [house.source, target] { #expect(removeTree(folder)) }
  }

  @Test func whatACrashedDrillLeftIsRemovedByTheNext() throws {
    try house.write("a", "client's")
    #expect(try house.node(["backup"]).status == 0)
    let configuration = String(decoding: try FileContent.read(house.folder("verify.toml")), as: UTF8.self)
    let check = "\n[[check]]\nname = \"waits\"\nset = \"data\"\ncommand = [\"sh\", \"-c\", \"touch here; sleep 15\"]\n"
    try FileContent.write(Array((configuration + check).utf8), to: house.folder("drill.toml"), mode: 0o600)
    let drill = try Command(
      Installation.Program.redoubtVerify.path,
      ["drill", "--scratch", scratch, "--config", house.folder("drill.toml")], environment: house.environment)
    func found(_ name: String) throws -> [String] { try Command.succeed("find", [scratch, "-name", name]).lines }
    for _ in 0..<1000 where try found("here").isEmpty { usleep(20_000) }
    try #require(try found("here").count == 1)

    // Another keeper in the same folder lets it be while it runs.
    let other = configuration.replacing(
      "state = \"\(house.folder("keeper"))\"", with: "state = \"\(house.folder("2"))\"")
    try FileContent.write(Array(other.utf8), to: house.folder("other.toml"), mode: 0o600)
    func verify() throws -> Command.Outcome {
      try Command.run(
        Installation.Program.redoubtVerify.path,
        ["verify", "--level", "restored", "--scratch", scratch, "--config", house.folder("other.toml")],
        environment: house.environment)
    }
    let beside = try verify()
    #expect(beside.status == 0 && beside.errorText.isEmpty, "\(beside.errorText)")
    #expect(try found("here").count == 1)

    drill.signal(SIGKILL)
    _ = try drill.wait()
    #expect(try found("a").count == 1)
    let next = try verify()
    #expect(next.status == 0, "\(next.errorText)")
    #expect(next.errorText.contains("which an interrupted verification had left"), "\(next.errorText)")
    #expect(try Command.succeed("ls", ["-A", scratch]).lines == [])
  }

  @Test func aTreeThatIsKeptIsNobodysLeftover() throws {
    try house.write("a", "client's")
    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.keeper(["drill", "--keep", "--scratch", scratch]).status == 0)
    let verified = try house.keeper(["verify", "--level", "restored", "--scratch", scratch])
    #expect(verified.status == 0 && verified.errorText.isEmpty, "\(verified.errorText)")
    #expect(try Command.succeed("find", [scratch, "-name", "a"]).lines.count == 1)
  }
}
