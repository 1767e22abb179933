internal import Files
public import OpenPGP

/// Checks texts that `ClearSigner` signed. Any thread may use it; each call runs gpg once.
public struct ClearSignedText: Sendable {
  private let home: String?

  /// - Parameter home: gpg's home with the signers' public keys; nil for the user's own.
  public init(home: String?) { self.home = home }

  /// What the text says, where nobody but trusted keys signed all of it.
  ///
  /// Anything outside of the one signed text, which gpg would pass over, is damage.
  /// - Parameters:
  ///   - trusted: fingerprints of primary keys, or of single subkeys; gpg's own trust settings play no part.
  ///   - time: a key that has expired by then is expired.
  /// - Throws: where gpg could not be run.
  public func check(_ message: [UInt8], trusted: [Fingerprint]) throws(OpenPGPError) -> SignedDecryption {
    let lines = String(decoding: message, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
    guard lines.first == "-----BEGIN PGP SIGNED MESSAGE-----", lines.last == "-----END PGP SIGNATURE-----",
      lines.count(where: { $0.hasPrefix("-----") }) == 3
    else { return .damaged(reason: "it is not one clear-signed text") }
    let process: GPGProcess
    let output: MemoryFile
    do {
      output = try MemoryFile()
      process = try GPGProcess(
        home: home, arguments: ["--armor", "--max-output", "\(max(message.count, 1))", "--decrypt"],
        input: try MemoryFile(message), output: output, timeout: GPGProcess.timeout(forBytes: message.count))
    } catch {
      throw OpenPGPError(error)
    }
    let judgement = SignatureJudgement(clearSigned: process.status, trusted: trusted)
    if let problem = judgement.problem { return problem }
    guard let signer = judgement.signer else { return .unsigned }
    guard process.exitCode == 0, process.status.all("PLAINTEXT").count == 1 else {
      throw OpenPGPError(
        .failed, "gpg", "gpg failed (exit code \(process.exitCode ?? -1)): \(process.lastComplaint)")
    }
    return .verified(output.array, signer: signer.fingerprint, signedAt: signer.signedAt)
  }
}
