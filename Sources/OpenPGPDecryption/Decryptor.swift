public import Files
public import OpenPGP

/// Opens messages with the secret keys of a gpg home; gpg-agent uses the keys, so that they may be on a smart card.
///
/// Any thread may use it, several at a time; each call runs gpg once, with the message in memory. Nothing of a plaintext is
/// handed out before gpg has ended well. A thrown error means "could not check"; damage is a returned value.
public final class Decryptor: Sendable {
  private let home: String?
  private let timeout: Int?

  /// - Parameters:
  ///   - home: gpg's home; nil for the user's own.
  ///   - timeout: seconds for one message; by its size where nil.
  /// - Throws: `notInstalled`; `failed` where the home is missing or its path too long for gpg-agent's socket.
  public init(home: String?, timeout: Int? = nil) throws(OpenPGPError) {
    if let home { try GPGHome.check(home) }
    _ = try GPGProcess.program()
    self.home = home
    self.timeout = timeout
  }

  /// Decrypts a message; signatures are not looked at. Memory: about twice the plaintext besides the message.
  ///
  /// Not every byte of an OpenPGP message is protected: a change in the lists of key ids or in lengths may leave the
  /// plaintext as it was, and is then no damage here.
  /// - Parameter maximumLength: bytes of plaintext; a longer one is damage, and never unpacked further than that.
  /// - Throws: `noSecretKey` where no recipient's secret key is here, `agent`, `timedOut`, `failed` where gpg was killed or has no memory.
  public func decrypt(_ message: [UInt8], maximumLength: Int) throws(OpenPGPError) -> Decryption {
    do {
      let plain = try MemoryFile()
      let damage = try decrypt(try MemoryFile(message), into: plain, maximumLength: maximumLength)
      return damage.map { .damaged(reason: $0) } ?? .plaintext(plain.array)
    } catch {
      throw OpenPGPError(error)
    }
  }

  /// The same of a message that is in a memory file. Memory: the plaintext besides the message.
  /// - Parameter plain: gets the plaintext; another file than `message`. Empty unless the whole message was good.
  /// - Returns: why the message is damaged; nil where `plain` holds all of it, integrity proven.
  /// - Throws: as the other.
  public func decrypt(
    _ message: MemoryFile, into plain: MemoryFile, maximumLength: Int
  ) throws(OpenPGPError) -> String? {
    plain.removeAll()
    if let reason = Decryptor.obviousDamage(message.bytes.first) { return reason }
    var isGood = false
    defer { if !isGood { plain.removeAll() } }
    let process = try run(["--skip-verify"], message, plain, maximumLength)
    if case .damaged(let reason) = try judgement(of: process, message, plain, maximumLength) { return reason }
    try Decryptor.requireSuccess(process)
    isGood = true
    return nil
  }

  /// Decrypts a message that must be signed, inside of the encryption, by nobody but trusted keys.
  /// - Parameters:
  ///   - trusted: fingerprints of primary keys (any signing subkey of theirs will do) or of single subkeys. gpg's own
  ///     trust settings play no part.
  ///   - time: a key that has expired by then is expired, besides one that has by the system's clock.
  /// - Throws: as `decrypt`.
  public func decryptVerified(
    _ message: [UInt8], maximumLength: Int, trusted: [Fingerprint], at time: Timestamp? = nil
  ) throws(OpenPGPError) -> SignedDecryption {
    try openVerified(message, maximumLength: maximumLength, trusted: trusted, at: time).decryption
  }

  /// The same, with the primary key's fingerprint of the secret key that opened the message, where gpg got so far.
  public func openVerified(
    _ message: [UInt8], maximumLength: Int, trusted: [Fingerprint], at time: Timestamp? = nil
  ) throws(OpenPGPError) -> (decryption: SignedDecryption, key: Fingerprint?) {
    do {
      let plain = try MemoryFile()
      let opened = try openVerified(
        try MemoryFile(message), into: plain, maximumLength: maximumLength, trusted: trusted, at: time)
      guard case .verified(_, let signer, let signedAt) = opened.decryption else { return opened }
      return (.verified(plain.array, signer: signer, signedAt: signedAt), opened.key)
    } catch {
      throw OpenPGPError(error)
    }
  }

  /// The same of a message that is in a memory file.
  /// - Parameter plain: gets the plaintext, which the returned value then does not have; another file than `message`. Empty
  ///   unless the message is verified.
  public func openVerified(
    _ message: MemoryFile, into plain: MemoryFile, maximumLength: Int, trusted: [Fingerprint], at time: Timestamp? = nil
  ) throws(OpenPGPError) -> (decryption: SignedDecryption, key: Fingerprint?) {
    plain.removeAll()
    if let reason = Decryptor.obviousDamage(message.bytes.first) { return (.damaged(reason: reason), nil) }
    var isGood = false
    defer { if !isGood { plain.removeAll() } }
    let process = try run([], message, plain, maximumLength)
    let decryption = try judge(process, plain, message, maximumLength: maximumLength, trusted: trusted, at: time)
    if case .verified = decryption { isGood = true }
    // DECRYPTION_KEY <fingerprint> <primary fingerprint> <trust>: its session key decrypted the message.
    return (decryption, process.status.all("DECRYPTION_KEY").first.flatMap { Fingerprint($0.argument(1)) })
  }

  private func judge(
    _ process: GPGProcess, _ plain: MemoryFile, _ message: MemoryFile, maximumLength: Int, trusted: [Fingerprint],
    at time: Timestamp?
  ) throws(OpenPGPError) -> SignedDecryption {
    if process.status.has("BADSIG") {
      // gpg stops there, before it looks at the integrity check: decay and forgery look alike until that is done.
      if let reason = try decrypt(message, into: plain, maximumLength: maximumLength) {
        return .damaged(reason: reason)
      }
      return .badSignature(reason: "the signature does not fit the content")
    }
    if case .damaged(let reason) = try judgement(of: process, message, plain, maximumLength) {
      return .damaged(reason: reason)
    }
    let judgement = SignatureJudgement(process.status, trusted: trusted)
    if let problem = judgement.problem { return problem }
    guard let signer = judgement.signer else { return .unsigned }
    if let time, let expired = try end(of: signer.fingerprint), expired <= time {
      return .expiredSigner(signer.fingerprint, expired: expired)
    }
    try Decryptor.requireSuccess(process)
    return .verified([], signer: signer.fingerprint, signedAt: signer.signedAt)
  }

  /// Which keys open a message stands in it unprotected. Where none of those is here, but one that is here opens it, the
  /// message was changed; else it is somebody else's.
  private func judgement(
    of process: GPGProcess, _ message: MemoryFile, _ plain: MemoryFile, _ maximumLength: Int
  ) throws(OpenPGPError) -> DecryptionJudgement {
    do throws(OpenPGPError) {
      return try DecryptionJudgement(process, maximumLength: maximumLength)
    } catch {
      guard error.code == .noSecretKey else { throw error }
      let second = try run(["--skip-verify", "--try-all-secrets"], message, plain, maximumLength)
      let outcome = try? DecryptionJudgement(second, maximumLength: maximumLength)
      plain.removeAll()
      // What the second try could not find out is told as the first one found it.
      guard case .decrypted = outcome else { throw error }
      return .damaged("the key id that tells who can open it was changed")
    }
  }

  /// The key ids (16 digits each; zeros for hidden ones) that a message is encrypted to. No secret key is needed.
  /// - Returns: none where it is no encrypted message.
  public func recipientKeyIDs(of message: [UInt8]) throws(OpenPGPError) -> [String] {
    // They stand at the start; 64 KiB hold some hundred.
    let (process, _) = try run(["--list-only"], Array(message.prefix(1 << 16)), 1 << 16)
    return process.status.all("ENC_TO").map { $0.argument(0) }
  }

  private func run(
    _ options: [String], _ message: [UInt8], _ maximumLength: Int
  ) throws(OpenPGPError) -> (GPGProcess, output: MemoryFile) {
    do {
      let output = try MemoryFile()
      return (try run(options, try MemoryFile(message), output, maximumLength), output)
    } catch {
      throw OpenPGPError(error)
    }
  }

  private func run(
    _ options: [String], _ message: MemoryFile, _ output: MemoryFile, _ maximumLength: Int
  ) throws(OpenPGPError) -> GPGProcess {
    // gpg takes 0 for "no limit".
    let limit = ["--max-output", String(max(maximumLength, 1))]
    return try GPGProcess(
      home: home, arguments: limit + options + ["--decrypt"], input: message, output: output,
      timeout: timeout ?? GPGProcess.timeout(forBytes: message.count))
  }

  /// A binary message to public keys begins with such a packet (tag 1; RFC 4880, section 4.2). Anything else never gets to
  /// gpg, which would unpack armor, verify signatures or ask for a passphrase.
  private static func obviousDamage(_ first: UInt8?) -> String? {
    guard let first else { return "it is empty" }
    return first == 0xC1 || (0x84...0x87).contains(first) ? nil : "it is not an OpenPGP message to public keys"
  }

  private static func requireSuccess(_ process: GPGProcess) throws(OpenPGPError) {
    guard process.exitCode == 0 else {
      throw OpenPGPError(
        .failed, "gpg", "gpg failed (exit code \(process.exitCode ?? -1)): \(process.lastComplaint)")
    }
  }

  /// When the key expires; nil for never.
  private func end(of fingerprint: Fingerprint) throws(OpenPGPError) -> Timestamp? {
    // Made when it is needed, which is seldom: gpgme starts six programs before its first answer.
    try KeyRing(home: home).keys(matching: "0x\(fingerprint)").first { $0.fingerprint == fingerprint }?.expires
  }
}
