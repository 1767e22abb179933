internal import Compression
internal import Digests
internal import Files
internal import OpenPGP
internal import OpenPGPDecryption
internal import Policy
internal import Repository
internal import Storage

/// What opening a snapshot's manifest came to.
enum ManifestOutcome: Sendable {
  case opened(Manifest, bytes: Int)
  /// It is there but not what it should be, or not there.
  case damaged(Finding)
}

/// Fetches a manifest, demands a good signature by a key that the host's manifests are trusted from, and reads it.
struct ManifestOpening {
  let node: WatchedNode
  let decryptor: Decryptor
  let trusted: [Fingerprint]

  /// A manifest larger than this is refused: that of ten million files is smaller.
  private static let sizeLimit = 2 << 30

  init(node: WatchedNode, decryptor: Decryptor) throws(VerifyError) {
    self.node = node
    self.decryptor = decryptor
    var trusted: [Fingerprint] = []
    for signer in node.trustedSigners {
      guard let fingerprint = Fingerprint(signer) else {
        throw VerifyError(.keys, "trusted-signers of \(node.host): \(signer) is not a fingerprint")
      }
      trusted.append(fingerprint)
    }
    self.trusted = trusted
  }

  /// - Throws: where it could not be checked (storage, agent, private key).
  func open(_ reference: SnapshotReference, from reader: any ObjectReader) throws(VerifyError) -> ManifestOutcome {
    let layout = Layout(host: reference.host)
    let key = layout.manifest(reference.set, reference.snapshot)
    let name = String(key.dropFirst(layout.root.count))
    let message: [UInt8]
    do { message = try reader.get(key, maximumLength: Self.sizeLimit) } catch {
      if error.code == .missing { return .damaged(Finding(.missing, name, "no such object")) }
      throw VerifyError(.storage, "\(error)", hint: error.hint)
    }
    let decryption: SignedDecryption
    do {
      decryption = try decryptor.decryptVerified(message, maximumLength: Self.sizeLimit, trusted: trusted)
    } catch {
      throw VerifyError(.keys, "\(name): \(error)", hint: error.hint)
    }
    switch decryption {
    case .verified(let plaintext, _, _):
      return read(plaintext, reference, name, size: message.count)
    case .damaged(let reason): return .damaged(Finding(.undecryptable, name, reason))
    case .unsigned: return .damaged(Finding(.unsigned, name, "carries no signature"))
    case .badSignature(let reason): return .damaged(Finding(.untrustedSigner, name, reason))
    case .untrustedSigner(let signer):
      return .damaged(Finding(.untrustedSigner, name, "signed by \(signer), which trusted-signers does not list"))
    case .expiredSigner(let signer, let expired):
      let date = expired.map { " on \($0.rfc3339)" } ?? ""
      return .damaged(Finding(.expiredSigner, name, "signed by \(signer), which expired\(date)"))
    case .revokedSigner(let signer):
      return .damaged(Finding(.expiredSigner, name, "signed by \(signer), which was revoked"))
    }
  }

  /// The signature holds; what it covers must also be the manifest of this very snapshot.
  private func read(
    _ plaintext: [UInt8], _ reference: SnapshotReference, _ name: String, size: Int
  ) -> ManifestOutcome {
    do throws(ManifestError) {
      let manifest = try Manifest(plaintext)
      let found = "\(manifest.description.host)/\(manifest.description.set)/\(manifest.description.id)"
      guard found == reference.description else {
        return .damaged(Finding(.malformed, name, "is the manifest of \(found): moved or replayed"))
      }
      guard manifest.description.mode == SetConfiguration.Mode.full.rawValue else {
        return .damaged(
          Finding(.malformed, name, "mode \(manifest.description.mode) is newer than this program knows"))
      }
      let folder = Layout(host: reference.host).snapshotFolder(reference.set, reference.snapshot)
      let prefix = folder.dropFirst(reference.host.count + 1)
      guard manifest.volumes.allSatisfy({ $0.name.hasPrefix(prefix) }) else {
        return .damaged(Finding(.malformed, name, "names a volume of another snapshot"))
      }
      return .opened(manifest, bytes: size)
    } catch {
      return .damaged(Finding(.malformed, name, "\(error)"))
    }
  }
}
