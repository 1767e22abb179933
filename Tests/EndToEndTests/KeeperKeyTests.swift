internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// A keeper whose private key cannot be used: said in words that name the key, and soon.
struct KeeperKeyTests {
  private static let passphrase = "correct horse"

  /// A keeper with a key ring of its own, whose key the node encrypts to.
  private func installation(
    _ prepare: (TestKeyRing) throws -> String
  ) throws -> (house: Installation, ring: TestKeyRing, key: String) {
    let house = try Installation()
    try house.write("file", "content\n")
    let ring = try TestKeyRing()
    let key = try prepare(ring)
    try ring.importPublic(house.keys.signer, from: house.keys.node)
    let node = try TestKeyRing()
    defer { node.close() }
    try node.importKey(try house.keys.node.exportSecret(house.keys.signer))
    try node.importPublic(key, from: ring)
    house.nodeKeys = "gnupg-home = \"\(node.home)\"\nrecipients = [\"\(key)\"]\nsigner = \"\(house.keys.signer)\"\n"
    house.keeperHome = ring.home
    try house.configure()
    let stored = try house.node(["backup"])
    #expect(stored.status == 0, "\(stored.errorText)")
    return (house, ring, key)
  }

  /// Nothing is known, nothing is called damaged, nothing is written, and nobody waits for a terminal that is not there.
  private func expectUnchecked(_ house: Installation, _ words: [String], _ location: SourceLocation = #_sourceLocation)
    throws
  {
    let outcome = try Command.run(
      Installation.Program.redoubtVerify.path, ["verify", "--json", "--config", house.folder("verify.toml")],
      environment: house.environment, timeout: 60)
    #expect(outcome.status == 1, "\(outcome.status) \(outcome.text)", sourceLocation: location)
    let lines = try Installation.json(outcome)
    let result = try #require(lines.first { $0.type == "verification" }, sourceLocation: location)
    #expect(result.result == "unchecked", sourceLocation: location)
    for word in words { #expect(result.reason?.contains(word) == true, "\(outcome.text)", sourceLocation: location) }
    let restored = try Command.run(
      Installation.Program.redoubtVerify.path,
      ["restore", "latest", "--target", house.folder("back"), "--config", house.folder("verify.toml")],
      environment: house.environment, timeout: 60)
    #expect(
      restored.status == 1 && restored.errorText.contains("hint: "), "\(restored.errorText)", sourceLocation: location)
    for word in words { #expect(restored.errorText.contains(word), "\(restored.errorText)", sourceLocation: location) }
    #expect(!restored.errorText.contains("damaged"), sourceLocation: location)
    #expect(!Paths.exists(house.folder("back")), sourceLocation: location)
  }

  private func forget(_ ring: TestKeyRing) throws {
    try Command.succeed("gpgconf", ["--homedir", ring.home, "--kill", "gpg-agent"])
  }

  private func locked() throws -> (house: Installation, ring: TestKeyRing, key: String) {
    let made = try installation { try $0.makeKey("locked@example.com", passphrase: Self.passphrase) }
    try forget(made.ring)
    return made
  }

  @Test func aLockedKeyWithoutAPinentry() throws {
    let (house, ring, key) = try locked()
    defer { ring.close() }
    try FileContent.write(
      Array("pinentry-program /nonexistent/pinentry\n".utf8), to: "\(ring.home)/gpg-agent.conf")
    try expectUnchecked(house, [key, "no pinentry"])
  }

  @Test func aPinentryThatFails() throws {
    let (house, ring, key) = try locked()
    defer { ring.close() }
    for (name, script) in [
      ("exits", "exit 1"),
      (
        "cancels",
        "echo OK; while read -r line; do case $line in GETPIN*) echo 'ERR 83886179 canceled';; BYE*) echo OK; exit;; *) echo OK;; esac; done"
      ),
    ] {
      let program = house.folder("pinentry-\(name)")
      try FileContent.write(Array("#!/bin/sh\n\(script)\n".utf8), to: program, mode: 0o755)
      try FileContent.write(Array("pinentry-program \(program)\n".utf8), to: "\(ring.home)/gpg-agent.conf")
      try forget(ring)
      try expectUnchecked(house, [key])
    }
  }

  @Test func aPinentryThatGivesTheWrongPassphrase() throws {
    let (house, ring, key) = try locked()
    defer { ring.close() }
    try usePinentry(ring, house, passphrase: "wrong")
    try expectUnchecked(house, [key, "bad passphrase"])
    // With the right one all is well.
    try usePinentry(ring, house, passphrase: Self.passphrase)
    try house.expectSound("restored")
  }

  private func usePinentry(_ ring: TestKeyRing, _ house: Installation, passphrase: String) throws {
    let program = house.folder("pinentry")
    let script = """
      #!/bin/sh
      echo OK
      while read -r line; do
        case $line in
          GETPIN*) echo 'D \(passphrase)'; echo OK;;
          BYE*) echo OK; exit;;
          *) echo OK;;
        esac
      done

      """
    try FileContent.write(Array(script.utf8), to: program, mode: 0o755)
    try FileContent.write(Array("pinentry-program \(program)\n".utf8), to: "\(ring.home)/gpg-agent.conf")
    try forget(ring)
  }

  /// Old backups still open; who looks after the keys is told elsewhere (`check` on the node refuses the key).
  @Test func aKeyThatExpiredOrWasRevokedStillDecrypts() throws {
    let (house, ring, key) = try installation { try $0.makeKey("old@example.com", expires: "10d") }
    defer { ring.close() }
    try house.expectSound()
    // An expiry date that has passed, as it will be in ten days.
    try ring.gpg(["--faked-system-time", "20300101T000000!", "--quick-set-expire", key, "seconds=100"])
    try house.expectSound()
    try ring.revoke(key)
    try house.expectSound("restored")
  }

  @Test func anAgentThatCannotBeReached() throws {
    let (house, ring, _) = try installation { try $0.makeKey("plain@example.com") }
    defer { ring.close() }
    try forget(ring)
    // A folder where the agent's socket would be, so that none can be started.
    for name in ["S.gpg-agent"] {
      unlink("\(ring.home)/\(name)")
      try Paths.makeFolders("\(ring.home)/\(name)/x")
    }
    try expectUnchecked(house, ["agent"])
    try Command.succeed("rm", ["-r", "\(ring.home)/S.gpg-agent"])
    try house.expectSound()
  }
}
