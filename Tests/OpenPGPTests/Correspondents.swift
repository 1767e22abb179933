import Files
import OpenPGP
import OpenPGPDecryption
import TestKit

/// A node that has its own signing key and the recipients' public keys, and a keeper with one recipient's secret key.
final class Correspondents: Sendable {
  let node: TestKeyRing
  let keeper: TestKeyRing
  let signer: Fingerprint
  let recipient: Fingerprint

  init() throws {
    node = try TestKeyRing()
    keeper = try TestKeyRing()
    let recipient = try keeper.makeKey("backup@example.com")
    try node.importPublic(recipient, from: keeper)
    signer = try KeyRing(home: node.home).createSigner(userID: "peer-1@example.com")
    try keeper.importPublic(signer.description, from: node)
    guard let parsed = Fingerprint(recipient) else { throw OpenPGPError(.failed, recipient, "is no fingerprint") }
    self.recipient = parsed
  }

  func close() {
    node.close()
    keeper.close()
  }

  func encryptor(to names: [String] = ["backup@example.com"], hide: Bool = false, timeout: Int? = nil) throws
    -> Encryptor
  {
    let keys = try KeyRing(home: node.home)
    return try Encryptor(
      home: node.home, recipients: names.map { try keys.recipient($0, at: .now()) }, hideRecipients: hide,
      timeout: timeout)
  }

  func sign(_ plain: [UInt8], by name: String = "peer-1@example.com") throws -> [UInt8] {
    let key = try KeyRing(home: node.home).signer(name, at: .now())
    return try Signer(key: key, encryptor: encryptor()).signAndEncrypt(plain)
  }

  func decryptor() throws -> Decryptor { try Decryptor(home: keeper.home) }

  func verify(_ message: [UInt8], trusted: [Fingerprint]? = nil, at time: Timestamp? = nil) throws -> SignedDecryption {
    try decryptor().decryptVerified(message, maximumLength: 1 << 20, trusted: trusted ?? [signer], at: time)
  }
}

/// Bytes that do not compress, the same for the same count.
func noise(_ count: Int) -> [UInt8] {
  var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(count)
  return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    for index in 0..<count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      buffer[index] = UInt8(truncatingIfNeeded: state >> 32)
    }
    filled = count
  }
}
