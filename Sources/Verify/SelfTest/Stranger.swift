internal import Files
internal import Glibc
internal import Processes

/// Somebody who knows the recipients' public keys and has a signing key of his own, as anyone may who can write to a bucket.
final class Stranger {
  private let home: String
  private let recipients: [String]

  /// - Parameters:
  ///   - keeperHome: where the recipients' public keys are.
  ///   - recipients: fingerprints; those that the keeper does not have are left out.
  /// - Throws: `.keys` where gpg cannot make a key.
  init(keeperHome: String, recipients: [String]) throws {
    // Short, because the agent's socket is in it.
    var template = Array("/tmp/redoubt-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw VerifyError(.keys, "\(FileError("make folder", "/tmp", .current))") }
    home = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    self.recipients = recipients
    do {
      let keys = try Self.gpg(keeperHome, ["--export"] + recipients)
      _ = try Self.gpg(home, ["--import"], input: keys)
      _ = try Self.gpg(
        home, ["--passphrase", "", "--quick-generate-key", "stranger@localhost", "ed25519", "sign", "1d"])
    } catch {
      remove()
      throw error
    }
  }

  func signAndEncrypt(_ plaintext: [UInt8]) throws -> [UInt8] {
    try Self.gpg(home, ["--compress-algo", "none", "--sign", "--encrypt"] + addressees, input: plaintext)
  }

  func encrypt(_ plaintext: [UInt8]) throws -> [UInt8] {
    try Self.gpg(home, ["--compress-algo", "none", "--encrypt"] + addressees, input: plaintext)
  }

  private var addressees: [String] { recipients.flatMap { ["--recipient", $0] } }

  func remove() {
    // An agent that does not end goes with its folder.
    _ = try? Program(["gpgconf", "--homedir", home, "--kill", "all"], timeout: 10).run()
    removeTree(home)
  }

  private static func gpg(_ home: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
    var program = Program(
      [
        "gpg", "--homedir", home, "--batch", "--no-tty", "--quiet", "--trust-model", "always", "--pinentry-mode",
        "loopback",
      ]
        + arguments, timeout: 120)
    program.outputLimit = 1 << 31
    let outcome = try program.run(input: input)
    guard outcome.succeeded else {
      throw VerifyError(.keys, "gpg \(outcome.description): \(outcome.lastComplaint)")
    }
    return outcome.output
  }
}
