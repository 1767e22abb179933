import Files
import OpenPGP
import TestKit
import Testing

@Suite struct KeyRingTests {
  let now = Timestamp.now()

  @Test func fingerprintsAreReadAsPeopleWriteThem() throws {
    let digits = "0123456789ABCDEF0123456789ABCDEF01234567"
    #expect(Fingerprint(digits)?.description == digits)
    #expect(Fingerprint("0x" + digits.lowercased())?.description == digits)
    #expect(Fingerprint("0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567")?.description == digits)
    #expect(Fingerprint(digits)?.keyID == "89ABCDEF01234567")
    #expect(Fingerprint(String(repeating: "ab", count: 32))?.keyID == "ABABABABABABABAB")
    #expect(Fingerprint("89ABCDEF01234567") == nil)
    #expect(Fingerprint(digits.dropLast() + "G") == nil)
    #expect(Fingerprint("") == nil)
  }

  @Test func listsKeysWithTheirParts() throws {
    let ring = try TestKeyRing()
    let fingerprint = try ring.makeKey("Ann (work) <Ann@Example.com>", expires: "10d")
    let key = try #require(try KeyRing(home: ring.home).keys().first)
    #expect(key.fingerprint.description == fingerprint)
    #expect(key.userIDs.map(\.text) == ["Ann (work) <Ann@Example.com>"])
    #expect(key.userIDs.map(\.mail) == ["ann@example.com"])
    #expect(key.subkeys.map(\.canSign) == [true, false])
    #expect(key.subkeys.map(\.canEncrypt) == [false, true])
    #expect(!key.hasSecret)
    #expect(abs(try #require(key.expires).seconds(since: key.created) - 10 * 86400) < 86400)
    #expect(try KeyRing(home: ring.home).keys(secretOnly: true).map(\.hasSecret) == [true])
    #expect(try KeyRing(home: ring.home).keys(matching: "nobody").isEmpty)
    ring.close()
  }

  @Test func findsARecipientByEachOfItsNames() throws {
    let ring = try TestKeyRing()
    let fingerprint = try ring.makeKey("Ann <ann@example.com>")
    try ring.makeKey("Joann <joann@example.com>")
    let keys = try KeyRing(home: ring.home)
    let key = try keys.recipient("ann@example.com", at: now)
    #expect(key.fingerprint.description == fingerprint)
    let subkey = try #require(key.encryptionSubkey(at: now)).fingerprint
    let names: [String] = [
      fingerprint, fingerprint.lowercased(), "0x\(fingerprint.suffix(16))", String(fingerprint.suffix(8)), "Ann <ann",
      "ANN@example.com", "<ann@example.com>", subkey.description, "\(subkey)!",
    ]
    for name in names { #expect(try keys.recipient(name, at: now).fingerprint == key.fingerprint, "\(name)") }
    #expect(try keys.recipient("\(subkey)!", at: now).subkeys.map(\.fingerprint) == [subkey])
    ring.close()
  }

  @Test func refusesAmbiguousAndMissingNames() throws {
    let ring = try TestKeyRing()
    let one = try ring.makeKey("ann@example.com")
    let other = try ring.makeKey("Other <ann@example.com>")
    let keys = try KeyRing(home: ring.home)
    let ambiguous = failure { _ = try keys.recipient("ann@example.com", at: now) }
    #expect(ambiguous?.code == .ambiguousKey)
    #expect(ambiguous?.reason.contains(one) == true && ambiguous?.reason.contains(other) == true)
    let missing: [String] = ["bob@example.com", "example.com@", "", "!", String(one.dropLast()) + "x"]
    for name in missing {
      #expect(failure { _ = try keys.recipient(name, at: now) }?.code == .noSuchKey, "\(name)")
    }
    // An expired key of the same address does not make the good one ambiguous.
    try ring.gpg(["--quick-set-expire", other, "seconds=1"])
    let later = Timestamp(seconds: now.seconds + 3600)
    #expect(try keys.recipient("ann@example.com", at: later).fingerprint.description == one)
    ring.close()
  }

  @Test func saysWhyAKeyIsUnusable() throws {
    let ring = try TestKeyRing()
    try ring.makeExpiredKey("expired@example.com")
    try ring.makeKey("sign@example.com", .signOnly)
    try ring.revoke(ring.makeKey("revoked@example.com"))
    try ring.disable(ring.makeKey("disabled@example.com"))
    let keys = try KeyRing(home: ring.home)
    let reasons: [(String, String)] = [
      ("expired@example.com", "expired at 2020-01-02T"), ("sign@example.com", "cannot encrypt"),
      ("revoked@example.com", "revoked"), ("disabled@example.com", "disabled"),
    ]
    for (name, reason) in reasons {
      let error = failure { _ = try keys.recipient(name, at: now) }
      #expect(
        error?.code == .unusableKey && error?.reason.contains(reason) == true, "\(name): \(String(describing: error))")
    }
    ring.close()
  }

  @Test func makesASignerThatOnlySigns() throws {
    let ring = try TestKeyRing()
    let keys = try KeyRing(home: ring.home)
    let fingerprint = try keys.createSigner(userID: "peer-1@example.com")
    let key = try keys.signer("peer-1@example.com", at: now)
    #expect(key.fingerprint == fingerprint && key.hasSecret && key.expires == nil)
    #expect(!key.canEncrypt(at: now))
    let brief = try keys.createSigner(userID: "brief@example.com", validSeconds: 86400 * 5)
    #expect(try keys.signer(brief.description, at: now).expires != nil)
    #expect(throws: OpenPGPError.self) { try keys.createSigner(userID: "peer-1@example.com") }
    ring.close()
  }

  @Test func copiesPublicKeysAlone() throws {
    let (ring, other) = (try TestKeyRing(), try TestKeyRing())
    let (keys, others) = (try KeyRing(home: ring.home), try KeyRing(home: other.home))
    let fingerprint = try keys.createSigner(userID: "peer-1@example.com")
    let armored = try keys.exportPublic(fingerprint)
    #expect(String(decoding: armored, as: UTF8.self).hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
    #expect(try others.importKeys(armored) == [fingerprint])
    #expect(try others.importKeys(armored) == [fingerprint])
    #expect(try others.keys().map(\.fingerprint) == [fingerprint])
    #expect(failure { _ = try others.signer("peer-1@example.com", at: now) }?.code == .noSecretKey)
    #expect(failure { _ = try others.importKeys(Array("no key".utf8)) }?.code == .failed)
    #expect(failure { _ = try others.importKeys([]) }?.code == .failed)
    let unknown = try #require(Fingerprint(String(repeating: "0", count: 40)))
    #expect(failure { _ = try others.exportPublic(unknown) }?.code == .noSuchKey)
    ring.close()
    other.close()
  }

  @Test func preparesAHomeOnce() throws {
    let ring = try TestKeyRing()
    let home = "\(ring.home)/own/gnupg"
    try GPGHome.prepare(home)
    #expect(try Command.succeed("stat", ["-c", "%a", home]).text == "700\n")
    #expect(try FileContent.read("\(home)/gpg.conf") == Array("personal-digest-preferences SHA256\n".utf8))
    try FileContent.write([], to: "\(home)/gpg.conf")
    try GPGHome.prepare(home)
    #expect(try FileContent.read("\(home)/gpg.conf").isEmpty)
    ring.close()
  }

  @Test func refusesHomesThatCannotWork() throws {
    let ring = try TestKeyRing()
    #expect(failure { _ = try KeyRing(home: "\(ring.home)/missing") }?.code == .failed)
    let long = "\(ring.home)/" + String(repeating: "long", count: 20)
    let error = failure { try GPGHome.prepare(long) }
    #expect(error?.reason.contains("too long") == true && error?.hint != nil)
    #expect(!Paths.exists(long))
    // The longest path that is allowed does work.
    let longest = "\(ring.home)/" + String(repeating: "x", count: 86 - ring.home.utf8.count - 1)
    try GPGHome.prepare(longest)
    #expect(try KeyRing(home: longest).createSigner(userID: "a@example.com").description.count == 40)
    try Command.succeed("gpgconf", ["--homedir", longest, "--kill", "all"])
    ring.close()
  }
}

/// The module's error that `body` throws; nil where it throws none.
func failure(_ body: () throws -> Void) -> OpenPGPError? {
  do { try body() } catch { return error as? OpenPGPError }
  return nil
}
