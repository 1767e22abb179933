internal import Files
internal import TestKit
internal import Testing

/// Keys that are wrong, missing or old, on either side.
struct KeyTests {
  /// A node with a key ring of its own: the shared signer, and what `prepare` adds.
  private func installation(
    _ prepare: (TestKeyRing) throws -> String
  ) throws -> (house: Installation, ring: TestKeyRing) {
    let house = try Installation()
    try house.write("file", "content\n")
    let ring = try TestKeyRing()
    try ring.importKey(try house.keys.node.exportSecret(house.keys.signer))
    let recipients = try prepare(ring)
    house.nodeKeys = "gnupg-home = \"\(ring.home)\"\nrecipients = \(recipients)\nsigner = \"\(house.keys.signer)\"\n"
    try house.configure()
    return (house, ring)
  }

  /// Nothing is stored for keys that are not right, not even a part.
  private func expectRefused(
    _ words: [String], _ location: SourceLocation = #_sourceLocation, _ prepare: (TestKeyRing) throws -> String
  ) throws {
    let (house, ring) = try installation(prepare)
    defer { ring.close() }
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 78, "\(outcome.text)\(outcome.errorText)", sourceLocation: location)
    for word in words { #expect(outcome.errorText.contains(word), "\(outcome.errorText)", sourceLocation: location) }
    #expect(try house.objects().isEmpty, sourceLocation: location)
    // `check` says so beforehand.
    let check = try house.node(["check"])
    #expect(check.status == 78, sourceLocation: location)
    for word in words where word != "hint: " {
      #expect(check.text.contains(word), "\(check.text)", sourceLocation: location)
    }
    // With the key mended, the next run succeeds.
    try ring.importPublic(house.keys.recipient, from: house.keys.keeper)
    house.nodeKeys = house.nodeKeys.replacing(
      try Regex("recipients = .*"), with: "recipients = [\"\(house.keys.recipient)\"]")
    try house.configure()
    #expect(try house.node(["backup"]).status == 0, sourceLocation: location)
    try house.expectSound(count: 1, location)
  }

  @Test func aRecipientThatIsMissing() throws {
    try expectRefused(["nobody@example.com", "no such key", "hint: "]) { _ in "[\"nobody@example.com\"]" }
  }

  @Test func oneRecipientOfTwoIsMissing() throws {
    try expectRefused(["nobody@example.com", "hint: "]) { ring in
      try ring.makeKey("here@example.com")
      return "[\"here@example.com\", \"nobody@example.com\"]"
    }
  }

  @Test func aRecipientThatHasExpired() throws {
    try expectRefused(["old@example.com", "expired at 2020-01-02"]) { ring in
      try ring.makeExpiredKey("old@example.com")
      return "[\"old@example.com\"]"
    }
  }

  @Test func aRecipientThatIsRevoked() throws {
    try expectRefused(["gone@example.com", "is revoked"]) { ring in
      try ring.revoke(try ring.makeKey("gone@example.com"))
      return "[\"gone@example.com\"]"
    }
  }

  @Test func aRecipientThatCannotEncrypt() throws {
    try expectRefused(["sign@example.com", "cannot encrypt"]) { ring in
      try ring.makeKey("sign@example.com", .signOnly)
      return "[\"sign@example.com\"]"
    }
  }

  @Test func aSignerWithoutItsSecret() throws {
    let (house, ring) = try installation { _ in "[\"backup@example.com\"]" }
    defer { ring.close() }
    try ring.importPublic(house.keys.recipient, from: house.keys.keeper)
    try ring.deleteSecretKey(house.keys.signer)
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 78 && outcome.errorText.contains("only the public key"), "\(outcome.errorText)")
    #expect(try house.objects().isEmpty)
  }

  /// Each of several recipients can open everything, alone.
  @Test func anyRecipientCanRestore() throws {
    let other = try TestKeyRing()
    defer { other.close() }
    let second = try other.makeKey("second@example.com")
    let (house, ring) = try installation { ring in
      try ring.importPublic(second, from: other)
      return "[\"backup@example.com\", \"\(second)\"]"
    }
    defer { ring.close() }
    try ring.importPublic(house.keys.recipient, from: house.keys.keeper)
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    try house.expectSound("restored")
    try other.importPublic(house.keys.signer, from: house.keys.node)
    house.keeperHome = other.home
    try house.configure()
    try house.expectSound("restored")
  }

  @Test func withoutThePrivateKeyNothingIsKnown() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    #expect(try house.node(["backup"]).status == 0)
    let poor = try TestKeyRing()
    defer { poor.close() }
    try poor.importPublic(house.keys.signer, from: house.keys.node)
    let rich = house.keeperHome
    house.keeperHome = poor.home
    try house.configure()
    for level in ["present", "intact", "readable", "restored"] {
      let outcome = try house.keeper(["verify", "--level", level, "--json"])
      #expect(outcome.status == 1, "\(level): \(outcome.errorText)")
      let lines = try Installation.json(outcome)
      let result = try #require(lines.first { $0.type == "verification" })
      #expect(result.result == "unchecked" && result.reason?.contains("key") == true, "\(outcome.text)")
      #expect(!outcome.text.contains(#""result":"damaged""#) && !outcome.errorText.contains("damaged"))
    }
    let listed = try house.keeper(["list"])
    #expect(listed.status == 0 && listed.text.contains("unchecked") && !listed.text.contains("damaged"))
    #expect(try house.keeper(["ls", "latest"]).status == 1)
    let restored = try house.keeper(["restore", "latest", "--target", house.folder("back")])
    #expect(restored.status == 1 && restored.errorText.contains("key"), "\(restored.errorText)")
    #expect(!Paths.exists(house.folder("back")))
    house.keeperHome = rich
    try house.configure()
    try house.expectSound()
  }

  @Test func aSnapshotOfAStrangerIsDamage() throws {
    let house = try Installation()
    try house.write("file", "content\n")
    #expect(try house.node(["backup"]).status == 0)
    let stranger = try TestKeyRing()
    defer { stranger.close() }
    let other = try stranger.makeKey("stranger@example.com", .signOnly)
    let text = String(decoding: try FileContent.read(house.folder("verify.toml")), as: UTF8.self)
    try FileContent.write(Array(text.replacing(house.keys.signer, with: other).utf8), to: house.folder("verify.toml"))
    let verified = try house.keeper(["verify", "--json"])
    #expect(
      verified.status == 4 && verified.text.contains("\"untrusted-signer\""), "\(verified.text)\(verified.errorText)")
    _ = try Installation.json(verified)
    for command in [["restore", "latest", "--target", house.folder("back")], ["ls", "latest"]] {
      let outcome = try house.keeper(command)
      #expect(
        outcome.status == 4 && outcome.errorText.contains("untrusted-signer"), "\(outcome.status) \(outcome.errorText)")
    }
    #expect(!Paths.exists(house.folder("back")))
  }
}
