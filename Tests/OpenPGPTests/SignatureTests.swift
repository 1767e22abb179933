import Files
import OpenPGP
import OpenPGPDecryption
import TestKit
import Testing

@Suite struct SignatureTests {
  private let plain = noise(2000)

  /// What gpg itself signs and encrypts on a node's key ring.
  private func signedByGPG(_ people: Correspondents, _ options: [String]) throws -> [UInt8] {
    try people.node.gpg(
      options + ["--trust-model", "always", "-r", "backup@example.com", "--sign", "--encrypt"], input: plain
    ).output
  }

  /// Encrypts packets as they are: gpg wraps what it encrypts in a literal packet, but with --no-literal.
  private func wrapped(_ packets: [UInt8], _ people: Correspondents) throws -> [UInt8] {
    try people.node.gpg(
      ["--no-literal", "-z", "0", "--trust-model", "always", "-r", "backup@example.com", "--encrypt"], input: packets
    ).output
  }

  @Test func aTrustedSignatureIsVerified() throws {
    let people = try Correspondents()
    let before = Timestamp.now().seconds
    let message = try people.sign(plain)
    guard case .verified(let content, let signer, let signedAt) = try people.verify(message) else {
      Issue.record("\(try people.verify(message))")
      return
    }
    #expect(content == plain && signer == people.signer)
    #expect((before...Timestamp.now().seconds).contains(signedAt.seconds))
    let report = try people.keeper.gpg(["--status-fd", "2", "--decrypt"], input: message)
    #expect(report.output == plain)
    // VALIDSIG's hash algorithm 8 is SHA-256, class 00 covers the exact bytes.
    #expect(report.errorText.contains(" 22 8 00 \(people.signer)"))
    people.close()
  }

  @Test func anUnsignedMessageIsUnsigned() throws {
    let people = try Correspondents()
    #expect(try people.verify(people.encryptor().encrypt(plain)) == .unsigned)
    people.close()
  }

  @Test func onlyTheExactFingerprintIsTrusted() throws {
    let people = try Correspondents()
    let message = try people.sign(plain)
    #expect(try people.verify(message, trusted: []) == .untrustedSigner(people.signer.description))
    #expect(try people.verify(message, trusted: [people.recipient]) == .untrustedSigner(people.signer.description))
    // A stranger of the same name, known to the keeper's key ring, and there even of ultimate trust.
    let stranger = try people.keeper.makeKey("Stranger <peer-1@example.com>", .signOnly)
    let forged = try people.keeper.gpg(
      ["--trust-model", "always", "-u", stranger, "-r", "backup@example.com", "-se"], input: plain
    ).output
    #expect(try people.verify(forged) == .untrustedSigner(stranger))
    people.close()
  }

  @Test func anUnknownSignerIsUntrusted() throws {
    let people = try Correspondents()
    let message = try people.sign(plain)
    try people.keeper.gpg(["--delete-keys", people.signer.description])
    guard case .untrustedSigner(let name) = try people.verify(message) else {
      Issue.record("\(try people.verify(message))")
      return
    }
    #expect(people.signer.description.hasSuffix(name))
    people.close()
  }

  @Test func everySignatureMustBeGoodAndTrusted() throws {
    let people = try Correspondents()
    let second = try people.node.makeKey("second@example.com", .signOnly)
    let both = try signedByGPG(people, ["-u", people.signer.description, "-u", second])
    guard case .untrustedSigner = try people.verify(both) else {
      Issue.record("\(try people.verify(both))")
      return
    }
    try people.keeper.importPublic(second, from: people.node)
    #expect(try people.verify(both) == .untrustedSigner(second))
    let trusted = [people.signer, try #require(Fingerprint(second))]
    guard case .verified(plain, _, _) = try people.verify(both, trusted: trusted) else {
      Issue.record("\(try people.verify(both, trusted: trusted))")
      return
    }
    people.close()
  }

  @Test func anExpiredSignerIsNamedWithTheDate() throws {
    let people = try Correspondents()
    let old = try people.node.makeKey("old@example.com", .signOnly, at: "20200101T000000", expires: "1d")
    let fingerprint = try #require(Fingerprint(old))
    try people.keeper.importPublic(old, from: people.node)
    // Signed while the key was valid; encrypted now, because the recipient's key did not exist then.
    let signed = try people.node.gpg(
      ["--faked-system-time", "20200101T120000!", "-z", "0", "--sign", "-u", old], input: plain)
    let message = try wrapped(signed.output, people)
    guard case .expiredSigner(fingerprint, let date?) = try people.verify(message, trusted: [fingerprint]) else {
      Issue.record("\(try people.verify(message, trusted: [fingerprint]))")
      return
    }
    #expect(date.rfc3339.hasPrefix("2020-01-02"))
    #expect(try people.verify(message) == .untrustedSigner(old))
    // Extended, it is good again.
    try people.node.gpg(["--quick-set-expire", old, "never"])
    try people.keeper.importPublic(old, from: people.node)
    guard case .verified(plain, fingerprint, _) = try people.verify(message, trusted: [fingerprint]) else {
      Issue.record("\(try people.verify(message, trusted: [fingerprint]))")
      return
    }
    people.close()
  }

  @Test func aKeyThatWillHaveExpiredAtAChosenTimeIsExpired() throws {
    let people = try Correspondents()
    let brief = try people.node.makeKey("brief@example.com", .signOnly, expires: "10d")
    let fingerprint = try #require(Fingerprint(brief))
    try people.keeper.importPublic(brief, from: people.node)
    let message = try signedByGPG(people, ["-u", brief])
    let end = try #require(try KeyRing(home: people.keeper.home).keys(matching: brief).first?.expires)
    let before = Timestamp(seconds: end.seconds - 1)
    guard case .verified = try people.verify(message, trusted: [fingerprint], at: before) else {
      Issue.record("\(try people.verify(message, trusted: [fingerprint], at: before))")
      return
    }
    #expect(
      try people.verify(message, trusted: [fingerprint], at: end) == .expiredSigner(fingerprint, expired: end))
    people.close()
  }

  @Test func aRevokedSignerIsNamed() throws {
    let people = try Correspondents()
    let key = try people.node.makeKey("revoked@example.com", .signOnly)
    let fingerprint = try #require(Fingerprint(key))
    let message = try signedByGPG(people, ["-u", key])
    try people.node.revoke(key)
    try people.keeper.importPublic(key, from: people.node)
    #expect(try people.verify(message, trusted: [fingerprint]) == .revokedSigner(fingerprint))
    people.close()
  }

  @Test func weakSignaturesAreBad() throws {
    let people = try Correspondents()
    let rsa = try people.node.makeKey("rsa@example.com", .signOnly, algorithm: .rsa2048)
    try people.keeper.importPublic(rsa, from: people.node)
    let message = try signedByGPG(people, ["-u", rsa, "--digest-algo", "SHA1"])
    guard case .badSignature = try people.verify(message, trusted: [try #require(Fingerprint(rsa))]) else {
      Issue.record("\(try people.verify(message, trusted: [try #require(Fingerprint(rsa))]))")
      return
    }
    people.close()
  }

  /// A signature of other content inside of the encryption: packets are swapped before encrypting them.
  @Test func aSignatureOfOtherContentIsBad() throws {
    let people = try Correspondents()
    func signed(_ plain: [UInt8]) throws -> [UInt8] {
      try people.node.gpg(["-z", "0", "--sign", "-u", people.signer.description], input: plain).output
    }
    var forged = try signed(Array("the true content".utf8))
    let place = try #require(forged.indices.first { forged[$0...].starts(with: Array("true".utf8)) })
    forged.replaceSubrange(place..<place + 4, with: Array("fake".utf8))
    let message = try wrapped(forged, people)
    guard case .badSignature = try people.verify(message) else {
      Issue.record("\(try people.verify(message))")
      return
    }
    people.close()
  }

  /// A signed message that holds an encrypted one proves nothing about who encrypted.
  @Test func aSignatureAroundTheEncryptionDoesNotCount() throws {
    let people = try Correspondents()
    let inner = try people.encryptor().encrypt(plain)
    let outer = try people.node.gpg(["-z", "0", "--sign", "-u", people.signer.description], input: inner).output
    guard case .damaged = try people.verify(outer) else {
      Issue.record("\(try people.verify(outer))")
      return
    }
    people.close()
  }
}
