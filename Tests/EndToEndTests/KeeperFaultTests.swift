internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// A keeper that cannot finish: never taken for damage, and nothing half-written is left.
struct KeeperFaultTests {
  @Test func aNetworkThatFailsWhileVerifyingIsNoDamage() throws {
    let server = try S3Server.shared(.moto)
    let house = try Installation([.s3(server, bucket: try server.makeBucket())])
    house.use(server)
    // One file over many volumes: the first ones arrive, the others do not.
    try house.writeNoise("large", megabytes: 9)
    #expect(try house.node(["backup"]).status == 0)
    let direct = house.destinations[0].settings
    for attempt in 0..<4 {
      // Requests of some 500 bytes: listings, the manifest, and then some of the volumes.
      let gate = try GatedProxy(to: server.endpoint, holdingAfter: 3000 + attempt * 700)
      defer { gate.stop() }
      house.destinations[0].settings = direct.replacing(server.endpoint, with: gate.url) + "attempts = 1\n"
      try house.configure()
      let run = try Command(
        Installation.Program.redoubtVerify.path, ["verify", "--json", "--config", house.folder("verify.toml")],
        environment: house.environment)
      #expect(gate.waitUntilHeld())
      gate.cut(refusing: true)
      let outcome = try run.wait()
      #expect(outcome.status == 1, "\(outcome.text)\(outcome.errorText)")
      let lines = try Installation.json(outcome)
      #expect(lines.allSatisfy { $0.type != "finding" && $0.result != "damaged" }, "\(outcome.text)")
      gate.restore()

      let target = house.folder("back-\(attempt)")
      let again = try GatedProxy(to: server.endpoint, holdingAfter: 3000 + attempt * 700)
      defer { again.stop() }
      house.destinations[0].settings = direct.replacing(server.endpoint, with: again.url) + "attempts = 1\n"
      try house.configure()
      let restore = try Command(
        Installation.Program.redoubtVerify.path,
        ["restore", "latest", "--target", target, "--config", house.folder("verify.toml")],
        environment: house.environment)
      #expect(again.waitUntilHeld())
      again.cut(refusing: true)
      let restored = try restore.wait()
      #expect(restored.status == 1, "\(restored.text)\(restored.errorText)")
      #expect(
        !restored.errorText.contains("damaged") && restored.errorText.contains("127.0.0.1"), "\(restored.errorText)")
      #expect(try Command.run("find", [target, "-type", "f"]).text == "")
    }
    house.destinations[0].settings = direct
    try house.configure()
    try house.expectSound("restored")
  }

  @Test func aScratchFolderThatIsFullIsNoDamage() throws {
    let house = try Installation()
    try house.writeNoise("large", megabytes: 6)
    #expect(try house.node(["backup"]).status == 0)
    let scratch = house.folder("scratch")
    try Paths.makeFolders(scratch)
    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", scratch])
    defer { _ = try? Command.run("umount", [scratch]) }
    let verified = try house.keeper(["verify", "--level", "restored", "--scratch", scratch, "--json"])
    #expect(verified.status == 1, "\(verified.text)\(verified.errorText)")
    let lines = try Installation.json(verified)
    let result = try #require(lines.first { $0.type == "verification" })
    #expect(result.result == "unchecked" && result.reason?.contains("no space left") == true, "\(verified.text)")
    #expect(lines.allSatisfy { $0.type != "finding" })
    #expect(try Command.succeed("find", [scratch, "-mindepth", "1"]).text == "")

    let restored = try house.keeper(["restore", "latest", "--target", scratch])
    #expect(restored.status == 1 && restored.errorText.contains("no space left"), "\(restored.errorText)")
    #expect(try Command.succeed("find", [scratch, "-type", "f"]).text == "", "nothing half-written")
    try Command.succeed("mount", ["-o", "remount,size=20m", scratch])
    let next = try house.keeper(["restore", "latest", "--target", scratch, "--force"])
    #expect(next.status == 0, "\(next.errorText)")
    #expect(try TreeWitness.differences(house.source, scratch + house.source) == [])
  }

  /// A keeper need not be root, though it cannot give files away then; nor is a file system without attributes damage.
  @Test(arguments: ["full", "incremental"])
  func whatTheKeepersMachineCannotDoIsNoDamage(_ mode: String) throws {
    let house = try Installation()
    house.sets[0].settings = "mode = \"\(mode)\""
    try house.configure()
    try HostileTree.make(in: house.source, [])
    try Command.succeed("ln", ["closed/inside", "zz name of what a closed folder holds"], folder: house.source)
    #expect(try house.node(["backup"]).status == 0)
    let scratch = house.folder("scratch")
    try Paths.makeFolders(scratch)
    let outcome = try verifyWithoutRoot(house, scratch)
    let lines = try Installation.json(outcome)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    #expect(lines.first { $0.type == "verification" }?.result == "sound")
    #expect(outcome.errorText.contains("warning: without root, "), "what was not proven is told")
    #expect(try Command.succeed("find", [scratch, "-mindepth", "1"]).text == "")

    try house.configure()
    try Command.succeed("mount", ["-t", "ramfs", "ramfs", scratch])
    defer { _ = try? Command.run("umount", [scratch]) }
    let plain = try house.keeper(["verify", "--level", "restored", "--scratch", scratch, "--json"])
    #expect(plain.status == 1, "\(plain.errorText)")
    let result = try #require(try Installation.json(plain).first { $0.type == "verification" })
    #expect(result.result == "unchecked" && result.reason?.contains("the scratch folder cannot hold") == true)
    try house.expectSound("restored")
  }

  /// Level restored as another user, with a copy of the key ring and of the program, which may be where only root can look.
  private func verifyWithoutRoot(_ house: Installation, _ scratch: String) throws -> Command.Outcome {
    let home = try TestKeyRing()
    defer { home.close() }
    try home.importKey(try house.keys.keeper.exportSecret(house.keys.recipient))
    try home.importPublic(house.keys.signer, from: house.keys.node)
    let shared = house.keeperHome
    house.keeperHome = home.home
    try house.configure()
    defer { house.keeperHome = shared }
    let arguments = [
      "verify", "--level", "restored", "--scratch", scratch, "--json", "--config", house.folder("verify.toml"),
    ]
    guard geteuid() == 0 else { return try house.keeper(Array(arguments.dropLast(2))) }
    let program = house.folder("program")
    try Command.succeed("cp", [try Installation.Program.redoubtVerify.path, program])
    try Paths.makeFolders(house.folder("keeper"))
    try Command.succeed(
      "chown", ["-R", "65534:65534", home.home, scratch, house.folder("keeper"), house.folder("verify.toml"), program])
    try Command.succeed("chmod", ["-R", "a+rX", house.disk])
    try Command.succeed("chmod", ["755", house.folder.path])
    let outcome = try Command.run(
      "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", program] + arguments,
      environment: house.environment)
    try Command.succeed("chown", ["-R", "0:0", house.folder("keeper"), scratch, house.folder("verify.toml")])
    return outcome
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsARestoreInOrder(_ signal: Int32) throws {
    let server = try S3Server.shared(.moto)
    let house = try Installation([.s3(server, bucket: try server.makeBucket())])
    house.use(server)
    try house.writeNoise("large", megabytes: 9)
    #expect(try house.node(["backup"]).status == 0)
    let gate = try GatedProxy(to: server.endpoint, holdingAfter: 4000)
    defer { gate.stop() }
    house.destinations[0].settings.replace(server.endpoint, with: gate.url)
    try house.configure()
    let target = house.folder("back")
    let run = try Command(
      Installation.Program.redoubtVerify.path,
      ["restore", "latest", "--target", target, "--config", house.folder("verify.toml")],
      environment: house.environment)
    #expect(gate.waitUntilHeld())
    run.signal(signal)
    let outcome = try run.wait(timeout: 30)
    #expect(outcome.status == 1 && outcome.errorText.contains("stopped"), "\(outcome.status) \(outcome.errorText)")
    #expect(!outcome.errorText.contains("damaged") && !outcome.errorText.contains("content-mismatch"))
    #expect(try Command.run("find", [target, "-type", "f"]).text == "")
  }

  /// What `ls` shows can be asked for, whatever bytes are in it.
  @Test func pathsAreNamedAsTheyAreShown() throws {
    let house = try Installation()
    try Command.succeed(
      "bash", ["-c", #"printf a > $'new\nline'; printf b > $'\xff\xfe'; printf c > 'back\slash'; printf d > '\101'"#],
      folder: house.source)
    #expect(try house.node(["backup"]).status == 0)
    let shown = try Installation.json(try house.keeper(["ls", "latest", "--json"])).compactMap(\.path)
      .filter { $0.contains("/source/") }
    #expect(shown.count == 4, "\(shown)")
    for (number, path) in shown.enumerated() {
      #expect(try house.keeper(["ls", "latest", path]).lines.count == 1, "\(path)")
      let target = house.folder("back-\(number)")
      let outcome = try house.keeper(["restore", "latest", path, "--target", target])
      #expect(outcome.status == 0, "\(outcome.errorText)")
      #expect(try Command.succeed("find", [target, "-type", "f", "-printf", "x"]).text == "x", "\(path)")
    }
    // A name that looks like an escape is itself first.
    let target = house.folder("literal")
    #expect(try house.keeper(["restore", "latest", "\(house.source)/\\101", "--target", target]).status == 0)
    #expect(try FileContent.read("\(target)\(house.source)/\\101") == Array("d".utf8))
  }
}
