internal import OpenPGP

/// What gpg's exit code and status lines say about a decryption.
///
/// The rule: a message is good only if everything that must be said was said exactly once and nothing speaks against it.
/// Else it is damage if gpg got as far as the content (or found none), and an error where gpg could not try.
enum DecryptionJudgement {
  case decrypted
  case damaged(String)

  /// Whether the decryption itself is complete. The exit code is left to the caller: gpg's is not 0 either for a bad signature.
  init(_ process: GPGProcess, maximumLength: Int) throws(OpenPGPError) {
    if let signal = process.signal { throw OpenPGPError(.failed, "gpg", "gpg was ended by signal \(signal)") }
    let status = process.status
    // Having written too much or failed to write, gpg still says that all is well but for its exit code (gpg 2.2.40).
    if process.complaints.contains("--max-output") || process.written > maximumLength {
      self = .damaged("it holds more than the \(maximumLength) bytes expected")
      return
    }
    if DecryptionJudgement.isComplete(status) {
      guard !process.complaints.contains("handle plaintext failed") else {
        throw OpenPGPError(.failed, "gpg", "gpg failed: \(process.lastComplaint)")
      }
      self =
        status.all("PLAINTEXT")[0].argument(0) == "62"
        ? .decrypted : .damaged("it is marked as text, whose line ends gpg changes")
      return
    }
    if let number = status.errorNumbers.first(where: GPGErrorCode.isShortage) {
      throw OpenPGPError(.failed, "gpg", "gpg failed: \(GPGErrorCode.text(number))")
    }
    if status.has("DECRYPTION_INFO") {
      self = .damaged(DecryptionJudgement.contentReason(process))
    } else if status.has("PLAINTEXT") {
      self = .damaged("it is not encrypted")
    } else if status.has("NODATA") || status.has("UNEXPECTED") {
      self = .damaged(status.has("ENC_TO") ? "it breaks off or is malformed" : "it is not an OpenPGP message")
    } else {
      self = .damaged(try DecryptionJudgement.sessionKeyReason(process))
    }
  }

  private static func isComplete(_ status: [GPGStatus]) -> Bool {
    let once = ["BEGIN_DECRYPTION", "DECRYPTION_INFO", "PLAINTEXT", "DECRYPTION_OKAY", "END_DECRYPTION"]
    let never = ["DECRYPTION_FAILED", "BADMDC", "ERRMDC", "NODATA", "UNEXPECTED", "TRUNCATED", "BADARMOR"]
    guard once.allSatisfy({ keyword in status.all(keyword).count == 1 }), !never.contains(where: status.has) else {
      return false
    }
    // Another recipient's key may have failed first; gpg 2.4 reports its exit code as a failure.
    let failures = status.all("ERROR") + status.all("FAILURE")
    guard failures.allSatisfy({ ["pkdecrypt_failed", "gpg-exit"].contains($0.argument(0)) }) else { return false }
    // DECRYPTION_INFO <mdc_method> <sym_algo> <aead_algo>
    let aead = status.all("DECRYPTION_INFO")[0].argument(2)
    return status.all("GOODMDC").count == 1 || (!status.has("GOODMDC") && !["", "0"].contains(aead))
  }

  /// gpg had the session key: whatever went wrong then is the content's fault.
  private static func contentReason(_ process: GPGProcess) -> String {
    let status = process.status
    if status.has("BADMDC") { return "its content was changed (integrity check failed)" }
    if status.all("PLAINTEXT").count > 1 || process.complaints.contains("multiple plaintexts") {
      return "it is several messages joined"
    }
    if status.has("DECRYPTION_OKAY") { return "something follows its end" }
    if status.has("ERRMDC") || process.complaints.contains("not integrity protected") {
      return "it has no integrity protection"
    }
    return "it breaks off or its content was changed (\(process.lastComplaint))"
  }

  private static func sessionKeyReason(_ process: GPGProcess) throws(OpenPGPError) -> String {
    let status = process.status
    let attempts = status.all("ERROR").filter { $0.argument(0) == "pkdecrypt_failed" }.errorNumbers
    let recipients = status.all("ENC_TO").map { $0.argument(0) }
    if let other = attempts.first(where: { !GPGErrorCode.isDamage($0) }) {
      let meaning = GPGErrorCode.meaning(other)
      // KEY_CONSIDERED <primary fingerprint> <flags>: of the keys that gpg tried, by which a person knows them.
      var tried: [String] = []
      for key in status.all("KEY_CONSIDERED").map({ $0.argument(0) }) where !tried.contains(key) { tried.append(key) }
      throw OpenPGPError(
        meaning == .failed ? .agent : meaning, (tried.isEmpty ? recipients : tried).joined(separator: ", "),
        "cannot use the secret key: \(GPGErrorCode.text(other))", hint: GPGErrorCode.hint(other))
    }
    let isHidden = recipients.contains { $0.allSatisfy { $0 == "0" } }
    if !attempts.isEmpty, !isHidden { return "its session key was changed" }
    // gpg asks the agent which keys there are; where it cannot, it takes that for none.
    if process.complaints.contains("can't connect to the agent") {
      throw OpenPGPError(
        .agent, "gpg-agent", "cannot be reached, so that no secret key can be used",
        hint: "see why it does not start: gpgconf --launch gpg-agent")
    }
    if status.has("NO_SECKEY") || isHidden {
      throw OpenPGPError(
        .noSecretKey, recipients.joined(separator: ", "),
        isHidden
          ? "no secret key here opens it; its recipients are hidden" : "there is no secret key for any recipient",
        hint: "see the secret keys that are here: gpg --list-secret-keys")
    }
    if status.has("NEED_PASSPHRASE_SYM") { return "it is encrypted with a passphrase, not to a key" }
    let failures = (status.all("ERROR") + status.all("FAILURE")).filter { $0.argument(0) != "gpg-exit" }
    let speaks = failures.errorNumbers.contains { !GPGErrorCode.isSystem($0) }
    let isFatal = ["Fatal", "fatal", "out of ", "memory"].contains(where: process.complaints.contains)
    if status.has("ENC_TO"), !status.has("BEGIN_DECRYPTION"), !speaks, !isFatal {
      return "it breaks off before its content"
    }
    let number = status.errorNumbers.first
    throw OpenPGPError(
      number.map(GPGErrorCode.meaning) ?? .failed, "gpg",
      "gpg failed (exit code \(process.exitCode ?? -1)): \(process.lastComplaint)",
      hint: number.flatMap(GPGErrorCode.hint))
  }
}
