internal import CLinux
internal import Digests
internal import Files
internal import Glibc

/// A gpg home of a test's own under a short path, filled by the real gpg; removed, and its agent ended, with `close()` or
/// with this object.
public final class TestKeyRing: Sendable {
  public enum Algorithm: Sendable {
    /// ed25519 to sign, cv25519 to encrypt: quick to make.
    case curve25519
    case rsa2048
  }
  public enum Use: Sendable {
    case signAndEncrypt
    case signOnly
  }

  public let home: String

  /// - Parameter configuration: the content of gpg.conf.
  public init(configuration: String = "") throws {
    // Short, for the agent's socket (unix(7): 108 bytes).
    home = "/tmp/rdbt-\(Hex.encode(randomBytes(5)))"
    try Paths.makeFolders(home, mode: 0o700)
    if !configuration.isEmpty { try FileContent.write(Array(configuration.utf8), to: "\(home)/gpg.conf") }
  }

  deinit { close() }

  public func close() {
    guard Paths.exists(home) else { return }
    // Best effort: a key ring whose agent never ran, or that a test has broken, is removed all the same.
    _ = try? Command.run("gpgconf", ["--homedir", home, "--kill", "all"])
    _ = try? Command.run("rm", ["-rf", home])
  }

  /// Runs gpg on this home; it must succeed.
  @discardableResult
  public func gpg(_ arguments: [String], input: [UInt8] = []) throws -> Command.Outcome {
    try Command.succeed("gpg", base + arguments, input: input)
  }

  /// Runs gpg on this home, however it ends.
  public func tryGPG(_ arguments: [String], input: [UInt8] = []) throws -> Command.Outcome {
    try Command.run("gpg", base + arguments, input: input)
  }

  private var base: [String] {
    ["--homedir", home, "--batch", "--no-tty", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""]
  }

  /// Makes a key without a passphrase (unless given one) and returns the primary key's fingerprint.
  /// - Parameters:
  ///   - at: the moment it is made at, as gpg's `--faked-system-time` takes it (`20200101T000000`); now where nil.
  ///   - expires: as gpg takes it: `never`, `10d`, `seconds=100`, `2027-01-31`.
  @discardableResult
  public func makeKey(
    _ userID: String, _ use: Use = .signAndEncrypt, algorithm: Algorithm = .curve25519, at time: String? = nil,
    expires: String = "never", passphrase: String = ""
  ) throws -> String {
    let clock = (time.map { ["--faked-system-time", "\($0)!"] } ?? []) + ["--passphrase", passphrase]
    let (signing, encryption) = algorithm == .curve25519 ? ("ed25519", "cv25519") : ("rsa2048", "rsa2048")
    let made = try gpg(clock + ["--status-fd", "1", "--quick-gen-key", userID, signing, "sign", expires])
    guard let line = made.lines.first(where: { $0.contains("KEY_CREATED") }), let last = line.split(separator: " ").last
    else { throw Command.Failure(command: ["gpg", "--quick-gen-key", userID], reason: made.errorText) }
    let fingerprint = String(last)
    if use == .signAndEncrypt { try gpg(clock + ["--quick-add-key", fingerprint, encryption, "encr", expires]) }
    return fingerprint
  }

  /// A key of 2020 that expired after a day.
  @discardableResult
  public func makeExpiredKey(_ userID: String, _ use: Use = .signAndEncrypt) throws -> String {
    try makeKey(userID, use, at: "20200101T000000", expires: "1d")
  }

  /// Revokes a key that was made here, with the certificate gpg made along with it.
  public func revoke(_ fingerprint: String) throws {
    let certificate = try FileContent.read("\(home)/openpgp-revocs.d/\(fingerprint).rev")
    // A colon before the armor guards against an import by mistake.
    let armor = String(decoding: certificate, as: UTF8.self).split(separator: ":-----BEGIN").last ?? ""
    try gpg(["--import"], input: Array("-----BEGIN\(armor)".utf8))
  }

  public func disable(_ fingerprint: String) throws {
    try Command.succeed(
      "gpg", ["--homedir", home, "--no-tty", "--quiet", "--command-fd", "0", "--edit-key", fingerprint],
      input: Array("disable\nsave\n".utf8))
  }

  public func deleteSecretKey(_ fingerprint: String) throws { try gpg(["--delete-secret-keys", fingerprint]) }

  /// In ASCII armor.
  public func exportPublic(_ fingerprint: String) throws -> [UInt8] {
    try gpg(["--armor", "--export", fingerprint]).output
  }

  public func exportSecret(_ fingerprint: String) throws -> [UInt8] {
    try gpg(["--armor", "--export-secret-keys", fingerprint]).output
  }

  public func importKey(_ bytes: [UInt8]) throws { try gpg(["--import"], input: bytes) }

  /// Copies a public key from another key ring.
  public func importPublic(_ fingerprint: String, from other: TestKeyRing) throws {
    try importKey(other.exportPublic(fingerprint))
  }

  /// Whether a gpg-agent runs for this home.
  public var hasAgent: Bool { Paths.exists("\(home)/S.gpg-agent") }
}
