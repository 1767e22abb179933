import Files
import OpenPGP
import OpenPGPDecryption
import TestKit
import Testing

@Suite struct EncryptionTests {
  @Test(arguments: [0, 1, 511, 8192, 100_000, 1_048_577])
  func gpgReadsWhatWeEncrypt(count: Int) throws {
    let people = try Correspondents()
    let plain = noise(count)
    let message = try people.encryptor().encrypt(plain)
    #expect(try people.keeper.gpg(["--decrypt"], input: message).output == plain)
    #expect(try people.decryptor().decrypt(message, maximumLength: count) == .plaintext(plain))
    people.close()
  }

  /// Messages of different sizes one after the other in the same memory, longer after shorter and the other way round.
  @Test func memoryThatIsUsedAgainHoldsOneMessage() throws {
    let people = try Correspondents()
    let (encryptor, decryptor, pool) = (try people.encryptor(), try people.decryptor(), MemoryFilePool())
    let opened = try MemoryFile()
    for count in [1_500_000, 100, 0, 2_000_000, 4096] {
      let content = noise(count)
      let (plain, message) = (try MemoryFile(from: pool), try MemoryFile(from: pool))
      try content.withUnsafeBytes { try plain.append($0) }
      try encryptor.encrypt(plain, into: message)
      #expect(plain.array == content)
      #expect(try people.keeper.gpg(["--decrypt"], input: message.array).output == content)
      #expect(try decryptor.decrypt(message, into: opened, maximumLength: count) == nil)
      #expect(opened.array == content)
      guard count > 0 else { continue }
      #expect(try decryptor.decrypt(message, into: opened, maximumLength: count - 1) != nil && opened.count == 0)
      let altered = try MemoryFile(Array(message.bytes.dropLast(30)))
      #expect(try decryptor.decrypt(altered, into: opened, maximumLength: count) != nil && opened.count == 0)
    }
    people.close()
  }

  @Test func weReadWhatGPGEncrypts() throws {
    let people = try Correspondents()
    let plain = noise(70_000)
    let ways: [[String]] = [
      [], ["-z", "6"], ["-z", "0"], ["--cipher-algo", "AES"], ["--sign", "-u", "peer-1@example.com"],
    ]
    for way in ways {
      let message = try people.node.gpg(
        way + ["--trust-model", "always", "-r", "backup@example.com", "--encrypt"], input: plain
      ).output
      #expect(try people.decryptor().decrypt(message, maximumLength: 70_000) == .plaintext(plain), "\(way)")
    }
    people.close()
  }

  @Test func messagesAreProtectedAndNotCompressed() throws {
    let people = try Correspondents()
    let plain = [UInt8](repeating: 65, count: 50_000)
    for message in [try people.encryptor().encrypt(plain), try people.sign(plain)] {
      #expect(message.count >= plain.count)
      let packets = try people.keeper.gpg(["--list-packets"], input: message).text
      #expect(packets.contains("literal data packet") && packets.contains("mdc_method: 2"))
      #expect(!packets.contains("compressed packet"))
    }
    people.close()
  }

  /// What the home's gpg.conf asks for must not change whom a message is for or what it looks like.
  @Test func configurationOfTheHomeDoesNotInterfere() throws {
    let people = try Correspondents()
    let stranger = try people.node.makeKey("stranger@example.com")
    let options = ["armor", "textmode", "encrypt-to \(stranger)", "throw-keyids", "compress-level 9", "no-batch"]
    try FileContent.write(Array(options.joined(separator: "\n").utf8), to: "\(people.node.home)/gpg.conf")
    let plain = Array("line\r\nline\n".utf8) + [0, 255]
    let message = try people.encryptor().encrypt(plain)
    #expect(try people.decryptor().decrypt(message, maximumLength: 100) == .plaintext(plain))
    #expect(try people.decryptor().recipientKeyIDs(of: message).count == 1)
    let signed = try people.sign(plain)
    guard case .verified(plain, people.signer, _) = try people.verify(signed) else {
      Issue.record("\(try people.verify(signed))")
      return
    }
    people.close()
  }

  @Test func eachOfTwoRecipientsCanRead() throws {
    let people = try Correspondents()
    let other = try TestKeyRing()
    let second = try other.makeKey("second@example.com", algorithm: .rsa2048)
    try people.node.importPublic(second, from: other)
    let message = try people.encryptor(to: ["backup@example.com", "second@example.com"]).encrypt(noise(1000))
    for home in [people.keeper.home, other.home] {
      let decryptor = try Decryptor(home: home)
      #expect(try decryptor.decrypt(message, maximumLength: 1000) == .plaintext(noise(1000)))
      let ids = try decryptor.recipientKeyIDs(of: message)
      let expected = try [people.keeper, other].map { ring in
        try #require(try KeyRing(home: ring.home).keys(secretOnly: true).first?.encryptionSubkey(at: .now()))
          .fingerprint
          .keyID
      }
      #expect(ids == expected)
    }
    people.close()
    other.close()
  }

  @Test func hiddenRecipientsCanReadAndAreNotNamed() throws {
    let people = try Correspondents()
    let message = try people.encryptor(hide: true).encrypt(noise(1000))
    #expect(try people.decryptor().recipientKeyIDs(of: message) == ["0000000000000000"])
    #expect(try people.decryptor().decrypt(message, maximumLength: 1000) == .plaintext(noise(1000)))
    let stranger = try TestKeyRing()
    try stranger.makeKey("stranger@example.com")
    let error = failure { _ = try Decryptor(home: stranger.home).decrypt(message, maximumLength: 1000) }
    #expect(error?.code == .noSecretKey, "\(String(describing: error))")
    people.close()
    stranger.close()
  }

  @Test func encryptingStartsNoAgent() throws {
    let people = try Correspondents()
    let node = try TestKeyRing()
    try node.importPublic(people.recipient.description, from: people.keeper)
    try Command.succeed("gpgconf", ["--homedir", node.home, "--kill", "all"])
    let key = try KeyRing(home: node.home).recipient("backup@example.com", at: .now())
    _ = try Encryptor(home: node.home, recipients: [key]).encrypt([1])
    #expect(!node.hasAgent)
    people.close()
    node.close()
  }

  @Test func refusesKeysThatCannotBeEncryptedTo() throws {
    let people = try Correspondents()
    let keys = try KeyRing(home: people.node.home)
    let signer = try keys.signer("peer-1@example.com", at: .now())
    #expect(failure { _ = try Encryptor(home: people.node.home, recipients: [signer]) }?.code == .unusableKey)
    #expect(failure { _ = try Encryptor(home: people.node.home, recipients: []) }?.code == .failed)
    // The key goes away, or is revoked, after the encryptor was made.
    let encryptor = try people.encryptor()
    try people.keeper.revoke(people.recipient.description)
    try people.node.importPublic(people.recipient.description, from: people.keeper)
    #expect(failure { _ = try encryptor.encrypt([1]) }?.code == .unusableKey)
    try people.node.gpg(["--delete-keys", people.recipient.description])
    #expect(failure { _ = try encryptor.encrypt([1]) }?.code == .noSuchKey)
    people.close()
  }

  @Test func signingNeedsTheSecretKey() throws {
    let people = try Correspondents()
    let key = try KeyRing(home: people.node.home).signer("peer-1@example.com", at: .now())
    let signer = try Signer(key: key, encryptor: people.encryptor())
    try people.node.deleteSecretKey(people.signer.description)
    #expect(failure { _ = try signer.signAndEncrypt([1]) }?.code == .noSecretKey)
    people.close()
  }

  @Test func severalThreadsEncryptAndDecrypt() async throws {
    let people = try Correspondents()
    let (encryptor, decryptor) = (try people.encryptor(), try people.decryptor())
    let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
      for thread in 0..<4 {
        group.addTask {
          var wrong = 0
          for round in 0..<5 {
            let plain = noise(1000 * (thread + 1) + round)
            let message = try encryptor.encrypt(plain)
            if try decryptor.decrypt(message, maximumLength: 10_000) != .plaintext(plain) { wrong += 1 }
          }
          return wrong
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(wrong == 0)
    people.close()
  }
}
