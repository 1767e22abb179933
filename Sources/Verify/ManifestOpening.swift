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
  /// - Parameter listing: the volumes that were read whole and proven to complete its listing.
  case opened(Manifest, stored: StoredManifest, listing: [VolumeRecord])
  /// It is there but not what it should be, or not there.
  case damaged(Finding)
}

/// A manifest as it is stored, and what opened it.
struct StoredManifest: Sendable {
  var bytes: Int
  var digest: SHA256Digest
  /// The private key that decrypted it; nil where gpg does not tell.
  var key: Fingerprint?
}

/// Fetches a manifest, demands a good signature by a key that the host's manifests are trusted from, and reads it.
struct ManifestOpening {
  let node: WatchedNode
  let decryptor: Decryptor
  let trusted: [Fingerprint]

  /// A larger manifest is refused.
  private static let sizeLimit = Manifest.storedLimit

  private static let keptAsFile = 4 << 20

  init(node: WatchedNode, decryptor: Decryptor) throws(VerifyError) {
    self.node = node
    self.decryptor = decryptor
    trusted = try node.trustedFingerprints()
  }

  /// - Parameter listing: where to fetch a listing that is not in the manifest itself; nil leaves it unfetched.
  /// - Throws: where it could not be checked (storage, agent, private key).
  func open(
    _ reference: SnapshotReference, from reader: any ObjectReader, listing: ContentReading.Source?
  ) throws(VerifyError) -> ManifestOutcome {
    let layout = Layout(host: reference.host)
    let key = layout.manifest(reference.set, reference.snapshot)
    let name = String(key.dropFirst(layout.root.count))
    let (message, plain): (MemoryFile, MemoryFile)
    do { (message, plain) = (try MemoryFile(), try MemoryFile()) } catch { throw VerifyError(.state, "\(error)") }
    do throws(StorageError) { try reader.get(key, into: message, maximumLength: Self.sizeLimit) } catch {
      if error.code == .missing { return .damaged(Finding(.missing, name, "no such object")) }
      if error.code == .tooLong {
        return .damaged(Finding(.malformed, name, "longer than \(Self.sizeLimit >> 20) MiB, which no manifest is"))
      }
      throw VerifyError(.storage, "\(error)", hint: error.hint)
    }
    let decryption: SignedDecryption
    let keyUsed: Fingerprint?
    do {
      let opened = try decryptor.openVerified(message, into: plain, maximumLength: Self.sizeLimit, trusted: trusted)
      decryption = opened.decryption
      keyUsed = opened.key
    } catch {
      throw VerifyError(.keys, "\(name): \(error)", hint: error.hint)
    }
    if let finding = decryption.finding(about: name) { return .damaged(finding) }
    guard case .verified = decryption else {
      return .damaged(Finding(.unsigned, name, "unproven"))
    }
    let stored = StoredManifest(bytes: message.count, digest: SHA256.digest(message.bytes), key: keyUsed)
    message.giveBack()
    let outcome = read(
      // A memory file is a descriptor, and many small manifests may be open at a time.
      plain.count < Self.keptAsFile ? Bytes(plain.array) : Bytes(plain), reference, name, stored)
    guard case .opened(let manifest, _, _) = outcome, let listing, !manifest.listing.isEmpty else { return outcome }
    return try complete(manifest, listing, name, stored)
  }

  /// The signature holds; what it covers must also be the manifest of this very snapshot.
  private func read(
    _ plaintext: Bytes, _ reference: SnapshotReference, _ name: String, _ stored: StoredManifest
  ) -> ManifestOutcome {
    do throws(ManifestError) {
      let manifest = try Manifest(plaintext)
      let found = "\(manifest.description.host)/\(manifest.description.set)/\(manifest.description.id)"
      guard found == reference.description else {
        return .damaged(Finding(.malformed, name, "is the manifest of \(found): moved or replayed"))
      }
      if let reason = Self.objection(to: manifest) { return .damaged(Finding(.malformed, name, reason)) }
      return .opened(manifest, stored: stored, listing: [])
    } catch {
      return .damaged(Finding(.malformed, name, "\(error)"))
    }
  }

  /// What is wrong with a manifest's mode and volumes; nil where nothing is.
  private static func objection(to manifest: Manifest) -> String? {
    let description = manifest.description
    guard let mode = SetConfiguration.Mode(rawValue: description.mode) else {
      return "mode \(description.mode) is newer than this program knows"
    }
    var ids: Set<Int> = []
    var names: Set<String> = []
    let layout = Layout(host: description.host)
    for (number, volume) in manifest.volumes.enumerated() {
      guard ids.insert(volume.id).inserted, names.insert(volume.name).inserted else {
        return "lists a volume twice: \(volume.name)"
      }
      // set/snapshot/volume: their number and form were checked with the table.
      let components = volume.name.split(separator: "/")
      guard components.count == 3, components[0] == description.set, let snapshot = SnapshotID(components[1]) else {
        return "names a volume of another set: \(volume.name)"
      }
      switch mode {
      case .full:
        guard snapshot == manifest.snapshot else { return "names a volume of another snapshot: \(volume.name)" }
        guard manifest.listing.isEmpty else { return "mode full with a listing in volumes" }
        guard volume.name == layout.volumeName(description.set, snapshot, number + 1) else {
          return "names \(volume.name) out of order"
        }
      case .incremental:
        guard snapshot.started <= manifest.snapshot.started else {
          return "names a volume of a later snapshot: \(volume.name)"
        }
      }
    }
    return nil
  }

  /// Fetches the listing. Damage in it is damage of the snapshot: nothing can be said about its files.
  func complete(
    _ manifest: Manifest, _ source: ContentReading.Source, _ name: String, _ stored: StoredManifest
  ) throws(VerifyError) -> ManifestOutcome {
    let fetch = ListingFetch(manifest, from: source)
    do {
      switch try fetch.complete() {
      case .complete(let manifest): return .opened(manifest, stored: stored, listing: fetch.volumes)
      case .damaged(let finding): return .damaged(finding)
      }
    } catch let error as VerifyError {
      throw error
    } catch let error as ManifestError {
      return .damaged(Finding(.malformed, name, "\(error)"))
    } catch {
      throw VerifyError(.state, "the listing of \(name) could not be read: \(error)")
    }
  }
}

extension SignedDecryption {
  /// What is wrong with a signed message; nil where it is verified.
  /// - Parameter name: the object's name.
  func finding(about name: String) -> Finding? {
    switch self {
    case .verified: return nil
    case .damaged(let reason): return Finding(.undecryptable, name, reason)
    case .unsigned: return Finding(.unsigned, name, "carries no signature")
    case .badSignature(let reason): return Finding(.untrustedSigner, name, reason)
    case .untrustedSigner(let signer):
      return Finding(.untrustedSigner, name, "signed by \(signer), which trusted-signers does not list")
    case .expiredSigner(let signer, let expired):
      let date = expired.map { " on \($0.rfc3339)" } ?? ""
      return Finding(.expiredSigner, name, "signed by \(signer), which expired\(date)")
    case .revokedSigner(let signer): return Finding(.expiredSigner, name, "signed by \(signer), which was revoked")
    }
  }
}

extension WatchedNode {
  /// The keys that the host's manifests and catalog are trusted from.
  func trustedFingerprints() throws(VerifyError) -> [Fingerprint] {
    var trusted: [Fingerprint] = []
    for signer in trustedSigners {
      guard let fingerprint = Fingerprint(signer) else {
        throw VerifyError(.keys, "trusted-signers of \(host): \(signer) is not a fingerprint")
      }
      trusted.append(fingerprint)
    }
    return trusted
  }
}
