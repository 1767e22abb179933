public import Files

/// Signs texts so that they stay readable (RFC 4880, section 7). Any thread may use it; each call runs gpg once.
public struct ClearSigner: Sendable {
  /// The primary key.
  public let key: Key
  private let home: String?
  private let signingSubkey: Fingerprint

  /// - Parameters:
  ///   - home: gpg's home; nil for the user's own.
  ///   - key: as `KeyRing.signer(_:at:)` returns it; its secret key is in that home.
  /// - Throws: `unusableKey` for a key that cannot sign at `time`.
  public init(home: String?, key: Key, at time: Timestamp) throws(OpenPGPError) {
    guard let subkey = key.signingSubkey(at: time) else { throw key.unusable(for: .signing, at: time) }
    self.home = home
    self.key = key
    signingSubkey = subkey.fingerprint
  }

  /// - Parameter text: UTF-8, with LF; spaces at the ends of lines are not covered by such a signature.
  /// - Returns: the text with its signature, as `gpg --verify` takes it.
  /// - Throws: `noSecretKey`, `agent`, or whatever gpg's end was but a complete success.
  public func sign(_ text: String) throws(OpenPGPError) -> [UInt8] {
    let process: GPGProcess
    let output: MemoryFile
    do {
      output = try MemoryFile()
      process = try GPGProcess(
        home: home,
        arguments: ["--digest-algo", "SHA256", "--local-user", "\(signingSubkey)!", "--clear-sign"],
        input: try MemoryFile(Array(text.utf8)), output: output, timeout: GPGProcess.timeout(forBytes: text.utf8.count))
    } catch {
      throw OpenPGPError(error)
    }
    guard process.exitCode == 0, process.status.all("SIG_CREATED").count == 1, process.written > text.utf8.count else {
      throw ClearSigner.failure(process, key.fingerprint)
    }
    return output.array
  }

  private static func failure(_ process: GPGProcess, _ signer: Fingerprint) -> OpenPGPError {
    let subject = signer.description
    if let signal = process.signal { return OpenPGPError(.failed, subject, "gpg was ended by signal \(signal)") }
    if let number = process.status.errorNumbers.first(where: { GPGErrorCode.meaning($0) != .failed }) {
      return OpenPGPError(
        GPGErrorCode.meaning(number), subject, "gpg failed: \(GPGErrorCode.text(number))",
        hint: GPGErrorCode.hint(number))
    }
    return OpenPGPError(
      .failed, subject, "gpg failed (exit code \(process.exitCode ?? -1)): \(process.lastComplaint)")
  }
}
