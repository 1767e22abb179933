import OpenPGP
import OpenPGPDecryption
import TestKit
import Testing

@Suite struct DamageTests {
  /// What an altered message may become: damage, an error, or what it was (a change where OpenPGP protects nothing, such
  /// as in a length's encoding). Never another plaintext.
  private func verdict(_ decryptor: Decryptor, _ message: [UInt8], _ plain: [UInt8]) throws -> String {
    do {
      switch try decryptor.decrypt(message, maximumLength: 1 << 20) {
      case .plaintext(plain): return "unchanged"
      case .plaintext: return "another plaintext"
      case .damaged: return "damaged"
      }
    } catch {
      return error.code == .noSecretKey ? "noSecretKey" : "\(error.code): \(error)"
    }
  }

  /// Where the encrypted content begins: after the packet that holds the session key (old format, one byte of length).
  private func contentStart(_ message: [UInt8]) -> Int { 2 + Int(message[1]) }

  @Test func noFlippedBitGivesAnotherPlaintext() throws {
    let people = try Correspondents()
    let plain = noise(3000)
    let message = try people.encryptor().encrypt(plain)
    let decryptor = try people.decryptor()
    let start = contentStart(message)
    #expect(message[0] == 0x84 && message.count > start + 3000)
    let content: [Int] = [
      start, start + 1, start + 3, start + 4, start + 5, start + 22, start + 30, message.count / 2, message.count - 23,
      message.count - 2, message.count - 1,
    ]
    for offset in content {
      var altered = message
      altered[offset] ^= 1 << UInt8(offset % 8)
      #expect(try verdict(decryptor, altered, plain) == "damaged", "offset \(offset) of \(message.count)")
    }
    for offset in stride(from: 0, to: start, by: 3) {
      var altered = message
      altered[offset] ^= 0x10
      let result = try verdict(decryptor, altered, plain)
      #expect(["damaged", "noSecretKey", "unchanged"].contains(result), "offset \(offset): \(result)")
    }
    people.close()
  }

  @Test func noTruncationGivesAPlaintext() throws {
    let people = try Correspondents()
    let plain = noise(20_000)
    let message = try people.encryptor().encrypt(plain)
    let start = contentStart(message)
    let lengths: [Int] = [
      0, 1, 2, 10, start - 1, start, start + 1, start + 2, start + 20, start + 40, 1000, 8192, 16384,
      message.count - 23,
      message.count - 22, message.count - 20, message.count - 2, message.count - 1,
    ]
    for length in lengths {
      let result = try verdict(people.decryptor(), Array(message.prefix(length)), plain)
      #expect(result == "damaged", "\(length) of \(message.count) bytes: \(result)")
    }
    people.close()
  }

  /// Messages of unknown length are written in partial-length packets, where cuts fall elsewhere.
  @Test func noTruncationOfASignedMessageGivesAPlaintext() throws {
    let people = try Correspondents()
    let message = try people.sign(noise(40_000))
    for part in 1...12 {
      let result = try people.verify(Array(message.prefix(message.count * part / 13)))
      guard case .damaged = result else {
        Issue.record("\(part)/13: \(result)")
        continue
      }
    }
    for offset in [message.count / 3, message.count - 100, message.count - 10, message.count - 1] {
      var altered = message
      altered[offset] ^= 4
      guard case .damaged = try people.verify(altered) else {
        Issue.record("offset \(offset)")
        continue
      }
    }
    people.close()
  }

  @Test func whatIsAddedIsDamage() throws {
    let people = try Correspondents()
    let (one, other) = (try people.encryptor().encrypt(noise(500)), try people.encryptor().encrypt(noise(600)))
    let decryptor = try people.decryptor()
    let additions: [[UInt8]] = [
      [0], [0x84], Array("garbage".utf8), one, other, noise(5000), [UInt8](repeating: 0, count: 512),
    ]
    for added in additions {
      let result = try verdict(decryptor, one + added, noise(500))
      #expect(result == "damaged", "\(added.count) bytes: \(result)")
    }
    people.close()
  }

  @Test func whatIsNoEncryptedMessageIsDamage() throws {
    let people = try Correspondents()
    let plain = noise(500)
    let armored = try people.keeper.gpg(["--trust-model", "always", "-ear", "backup@example.com"], input: plain).output
    let signed = try people.node.gpg(["--sign", "-u", "peer-1@example.com"], input: plain).output
    let literal = try people.node.gpg(["--store"], input: plain).output
    let passphrase = try people.node.gpg(["--symmetric", "--passphrase", "x"], input: plain).output
    let key = try people.keeper.gpg(["--export", "backup@example.com"]).output
    let cases: [[UInt8]] = [[], [0], plain, Array("hello".utf8), armored, signed, literal, passphrase, key]
    for (index, bytes) in cases.enumerated() {
      #expect(try verdict(people.decryptor(), bytes, plain) == "damaged", "case \(index)")
    }
    people.close()
  }

  @Test func messagesWithoutIntegrityProtectionAreDamage() throws {
    let people = try Correspondents()
    let made = try people.node.tryGPG(
      ["--trust-model", "always", "--rfc2440", "--cipher-algo", "3DES", "--disable-mdc", "-er", "backup@example.com"],
      input: noise(500))
    let packets = try people.keeper.tryGPG(["--list-packets"], input: made.output).text
    try #require(made.status == 0 && !packets.contains("mdc_method: 2"), "\(made.errorText) \(packets)")
    #expect(try verdict(people.decryptor(), made.output, noise(500)) == "damaged")
    // Even where the home's configuration lets them pass.
    try people.keeper.gpg(["--version"])
    try Command.succeed("sh", ["-c", "echo ignore-mdc-error > \(people.keeper.home)/gpg.conf"])
    #expect(try verdict(people.decryptor(), made.output, noise(500)) == "damaged")
    people.close()
  }

  @Test func moreThanExpectedIsDamage() throws {
    let people = try Correspondents()
    let bomb = try people.node.gpg(
      ["--trust-model", "always", "-z", "9", "-er", "backup@example.com"], input: [UInt8](repeating: 0, count: 8 << 20)
    ).output
    #expect(bomb.count < 100_000)
    let tooLong = Decryption.damaged(reason: "it holds more than the 1000000 bytes expected")
    #expect(try people.decryptor().decrypt(bomb, maximumLength: 1_000_000) == tooLong)
    for (length, limit) in [(1, 0), (1000, 999), (100_000, 99_999)] {
      let message = try people.encryptor().encrypt(noise(length))
      guard case .damaged = try people.decryptor().decrypt(message, maximumLength: limit) else {
        Issue.record("\(length) bytes pass a limit of \(limit)")
        continue
      }
    }
    people.close()
  }

  @Test func textMessagesAreDamageBecauseTheirBytesAreNotKept() throws {
    let people = try Correspondents()
    let message = try people.node.gpg(
      ["--trust-model", "always", "--textmode", "-er", "backup@example.com"], input: Array("a\nb\r\n".utf8)
    ).output
    #expect(try verdict(people.decryptor(), message, Array("a\nb\r\n".utf8)) == "damaged")
    people.close()
  }

  @Test func withoutTheSecretKeyNothingIsSaidAboutTheMessage() throws {
    let people = try Correspondents()
    let message = try people.encryptor().encrypt(noise(100))
    let error = failure { _ = try Decryptor(home: people.node.home).decrypt(message, maximumLength: 100) }
    #expect(error?.code == .noSecretKey)
    let keyID = try people.decryptor().recipientKeyIDs(of: message)
    #expect(keyID.count == 1 && error?.subject == keyID.first)
    #expect(try people.decryptor().recipientKeyIDs(of: noise(100)).isEmpty)
    people.close()
  }

  /// The passphrase cannot be asked for here: an error that may pass, never damage.
  @Test func aPassphraseThatIsNotGivenIsAnAgentError() throws {
    let people = try Correspondents()
    let locked = try TestKeyRing()
    try Command.succeed("sh", ["-c", "echo 'pinentry-program /bin/false' > \(locked.home)/gpg-agent.conf"])
    let recipient = try locked.makeKey("locked@example.com", passphrase: "secret")
    try Command.succeed("gpgconf", ["--homedir", locked.home, "--kill", "gpg-agent"])
    try people.node.importPublic(recipient, from: locked)
    let message = try people.encryptor(to: ["locked@example.com"]).encrypt(noise(100))
    let error = failure { _ = try Decryptor(home: locked.home).decrypt(message, maximumLength: 100) }
    #expect(error?.code == .agent && error?.isTransient == true && error?.hint != nil, "\(String(describing: error))")
    people.close()
    locked.close()
  }
}
