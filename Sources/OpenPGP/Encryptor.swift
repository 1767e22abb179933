public import Files

/// Encrypts messages to a fixed list of recipients, not signed and not compressed. Any thread may use it, several at a
/// time; each call runs gpg once, with the message in memory.
public final class Encryptor: Sendable {
  let home: String?
  /// The primary keys' fingerprints.
  public let recipients: [Fingerprint]
  private let arguments: [String]
  private let timeout: Int?

  /// - Parameters:
  ///   - home: gpg's home with the recipients' public keys; nil for the user's own.
  ///   - recipients: at least one; each message can be read with the secret key of any of them, as
  ///     `KeyRing.recipient(_:at:)` returns them.
  ///   - hideRecipients: leaves the key ids out of the messages. Who decrypts must then try every secret key.
  ///   - timeout: seconds for one message; by its size where nil.
  /// - Throws: `unusableKey` for a key that cannot be encrypted to at `time`, `failed` for an empty list.
  public init(
    home: String?, recipients: [Key], hideRecipients: Bool = false, at time: Timestamp = .now(), timeout: Int? = nil
  ) throws(OpenPGPError) {
    guard !recipients.isEmpty else { throw OpenPGPError(.failed, "", "there is no recipient to encrypt to") }
    var arguments = ["--no-textmode", "--no-encrypt-to", "--no-throw-keyids", "--compress-algo", "none", "-z", "0"]
    for key in recipients {
      guard let subkey = key.encryptionSubkey(at: time) else { throw key.unusable(for: .encryption, at: time) }
      // The exclamation mark: exactly this subkey, not the one gpg would choose.
      arguments += [hideRecipients ? "--hidden-recipient" : "--recipient", "\(subkey.fingerprint)!"]
    }
    self.home = home
    self.recipients = recipients.map(\.fingerprint)
    self.arguments = arguments
    self.timeout = timeout
  }

  /// Encrypts a message. Memory: about the message besides it.
  /// - Returns: a binary OpenPGP message with integrity protection.
  /// - Throws: whatever gpg's end was but a complete success.
  public func encrypt(_ plain: [UInt8]) throws(OpenPGPError) -> [UInt8] { try run(["--encrypt"], plain, signer: nil) }

  /// Encrypts a message that is in a memory file.
  /// - Parameter message: gets the binary OpenPGP message, with integrity protection; another file than `plain`.
  /// - Throws: whatever gpg's end was but a complete success; `message` then holds nothing of use.
  public func encrypt(_ plain: MemoryFile, into message: MemoryFile) throws(OpenPGPError) {
    try run(["--encrypt"], plain, into: message, signer: nil)
  }

  func run(_ operation: [String], _ plain: [UInt8], signer: Fingerprint?) throws(OpenPGPError) -> [UInt8] {
    do {
      let (input, message) = (try MemoryFile(plain), try MemoryFile())
      try run(operation, input, into: message, signer: signer)
      return message.array
    } catch {
      throw OpenPGPError(error)
    }
  }

  /// - Parameter signer: the key that `--local-user` names in `operation`.
  private func run(
    _ operation: [String], _ plain: MemoryFile, into message: MemoryFile, signer: Fingerprint?
  ) throws(OpenPGPError) {
    let process = try GPGProcess(
      home: home, arguments: arguments + operation, input: plain, output: message,
      timeout: timeout ?? GPGProcess.timeout(forBytes: plain.count))
    let status = process.status
    let isComplete =
      process.exitCode == 0 && status.all("BEGIN_ENCRYPTION").count == 1 && status.all("END_ENCRYPTION").count == 1
      && !status.has("INV_RECP") && !status.has("FAILURE") && process.written > 0
      && status.all("SIG_CREATED").count == (signer == nil ? 0 : 1)
    guard isComplete else { throw Encryptor.failure(process, signer: signer) }
  }

  private static func failure(_ process: GPGProcess, signer: Fingerprint?) -> OpenPGPError {
    if let signal = process.signal { return OpenPGPError(.failed, "gpg", "gpg was ended by signal \(signal)") }
    let status = process.status
    if let invalid = status.all("INV_RECP").first {
      // Reason codes of INV_RECP and INV_SGNR (doc/DETAILS).
      switch invalid.argument(0) {
      case "1": return OpenPGPError(.noSuchKey, invalid.argument(1), "there is no such public key")
      case "4": return OpenPGPError(.unusableKey, invalid.argument(1), "the recipient's key is revoked")
      case "5": return OpenPGPError(.unusableKey, invalid.argument(1), "the recipient's key has expired")
      default: return OpenPGPError(.unusableKey, invalid.argument(1), "cannot encrypt to it: \(process.lastComplaint)")
      }
    }
    let number = status.errorNumbers.first { GPGErrorCode.meaning($0) != .failed }
    let subject = signer?.description ?? ""
    if let invalid = status.all("INV_SGNR").first, invalid.argument(0) == "1" || invalid.argument(0) == "9" {
      return OpenPGPError(.noSecretKey, subject, "there is no secret key to sign with")
    }
    if let number {
      return OpenPGPError(
        GPGErrorCode.meaning(number), subject, "gpg failed: \(GPGErrorCode.text(number))",
        hint: GPGErrorCode.hint(number))
    }
    if status.has("INV_SGNR") {
      return OpenPGPError(.unusableKey, subject, "cannot sign with it: \(process.lastComplaint)")
    }
    let complaint = process.lastComplaint
    return OpenPGPError(
      .failed, subject,
      "gpg failed (exit code \(process.exitCode ?? -1)): \(complaint.isEmpty ? "no message" : complaint)")
  }
}
