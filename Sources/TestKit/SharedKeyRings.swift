internal import Glibc

/// Keys that all tests of a process share, because making them takes gpg most of a second: a recipient whose private key is
/// the keeper's alone, and a node's signer.
public struct SharedKeyRings: Sendable {
  public let keeper: TestKeyRing
  public let node: TestKeyRing
  /// Fingerprints of the primary keys.
  public let recipient: String
  public let signer: String

  /// Made on first use; removed, with their agents, when the process ends.
  public static let rings: Result<SharedKeyRings, any Error> = Result {
    let keeper = try TestKeyRing()
    let node = try TestKeyRing()
    let recipient = try keeper.makeKey("backup@example.com")
    let signer = try node.makeKey("peer-1@example.com", .signOnly)
    try node.importPublic(recipient, from: keeper)
    try keeper.importPublic(signer, from: node)
    atexit {
      guard case .success(let rings) = SharedKeyRings.rings else { return }
      rings.keeper.close()
      rings.node.close()
    }
    return SharedKeyRings(keeper: keeper, node: node, recipient: recipient, signer: signer)
  }
}
