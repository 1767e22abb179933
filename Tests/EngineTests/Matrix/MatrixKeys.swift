import Glibc
import TestKit

/// The keys that forged manifests are signed with, and a keeper's key ring that knows their public parts.
struct MatrixKeys: Sendable {
  /// The household's own recipient's private key, and the public keys of all that follow.
  let keeper: TestKeyRing
  /// Signing keys: one that expired in 2020, one that is revoked, one that nobody trusts.
  let forger: TestKeyRing
  let expired: String
  let revoked: String
  let stranger: String
  /// To whom only the forger can read.
  let elsewhere: String

  static let keys: Result<MatrixKeys, any Error> = Result {
    let rings = try SharedKeyRings.rings.get()
    let (keeper, forger) = (try TestKeyRing(), try TestKeyRing())
    try keeper.importKey(try rings.keeper.exportSecret(rings.recipient))
    try forger.importPublic(rings.recipient, from: rings.keeper)
    try forger.importKey(try rings.node.exportSecret(rings.signer))
    let expired = try forger.makeExpiredKey("expired@example.com", .signOnly)
    let revoked = try forger.makeKey("revoked@example.com", .signOnly)
    let stranger = try forger.makeKey("stranger@example.com", .signOnly)
    let elsewhere = try forger.makeKey("elsewhere@example.com")
    // Revoked for the keeper alone: it is to sign here.
    try keeper.importPublic(revoked, from: forger)
    try keeper.importKey(try revocation(of: revoked, in: forger))
    for key in [rings.signer, expired] { try keeper.importPublic(key, from: forger) }
    atexit {
      guard case .success(let keys) = MatrixKeys.keys else { return }
      keys.keeper.close()
      keys.forger.close()
    }
    return MatrixKeys(
      keeper: keeper, forger: forger, expired: expired, revoked: revoked, stranger: stranger, elsewhere: elsewhere)
  }

  private static func revocation(of key: String, in ring: TestKeyRing) throws -> [UInt8] {
    let certificate = try Command.succeed("cat", ["\(ring.home)/openpgp-revocs.d/\(key).rev"]).text
    return Array("-----BEGIN\(certificate.split(separator: ":-----BEGIN").last ?? "")".utf8)
  }
}

/// Who signs a forged message.
enum ForgedSignature {
  case node, stranger, expired, revoked, nobody
}

extension MatrixKeys {
  /// Encrypts a message, signed or not, as gpg does it.
  /// - Parameter lost: to a key that the keeper does not have.
  func encrypt(_ text: [UInt8], signed: ForgedSignature, node: String, recipient: String, lost: Bool = false) throws
    -> [UInt8]
  {
    let to = ["-z", "0", "--trust-model", "always", "-r", lost ? elsewhere : recipient, "--encrypt"]
    switch signed {
    case .nobody: return try forger.gpg(to, input: text).output
    case .node: return try forger.gpg(["-u", node, "--sign"] + to, input: text).output
    case .stranger: return try forger.gpg(["-u", stranger, "--sign"] + to, input: text).output
    case .revoked: return try forger.gpg(["-u", revoked, "--sign"] + to, input: text).output
    case .expired:
      // Signed while the key was valid; encrypted now, because the recipient's key did not exist then.
      let signed = try forger.gpg(
        ["--faked-system-time", "20200101T120000!", "-z", "0", "--sign", "-u", expired], input: text
      ).output
      return try forger.gpg(["--no-literal"] + to, input: signed).output
    }
  }
}
