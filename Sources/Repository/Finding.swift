/// Something that is not as it should be, as a value: it is recorded and reported, and never ends a run by itself.
public struct Finding: Sendable, Equatable, Codable {
  /// What was found; the raw value is what manifests, catalogs and JSON output show.
  public enum Code: String, Sendable, Codable, CaseIterable {
    // On the node, while reading sources.
    case unreadable
    case vanished
    case changed
    case skippedSocket = "skipped-socket"
    case missingPath = "missing-path"
    case unsupported
    /// It holds a secret; it is in the snapshot only where its set allows that.
    case secret
    // On the keeper, about stored objects and signatures.
    case missing
    case wrongSize = "wrong-size"
    case wrongDigest = "wrong-digest"
    case unsigned
    case untrustedSigner = "untrusted-signer"
    case expiredSigner = "expired-signer"
    case undecryptable
    case malformed
    // On the keeper, about a node's catalog.
    /// Records that were there are there no more.
    case rolledBack = "rolled-back"
    /// Two catalogs, or one at two times, say different things at the same place.
    case forked
    /// A segment is missing while later ones are there.
    case gap
    /// An epoch that no person has acknowledged.
    case newEpoch = "new-epoch"
    /// A destination lacks records that another one has had for more than a day.
    case behind
    /// A snapshot that no record tells of.
    case unannounced
    /// A run that began more than a day ago and has no outcome.
    case neverEnded = "never-ended"
    // On the keeper, about a restored tree.
    case contentMismatch = "content-mismatch"
    case entryMissing = "entry-missing"
    case entryUnexpected = "entry-unexpected"
    case metadataMismatch = "metadata-mismatch"
    case notRestored = "not-restored"
    /// A program of the operator's did not accept it.
    case checkFailed = "check-failed"
  }

  public var code: Code
  /// The file's path (escaped as in mtree(5) where it has unprintable bytes) or the object's key.
  public var path: String
  public var detail: String

  public init(_ code: Code, _ path: String, _ detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }

  /// The same with a path and a detail that a person can read and a record can hold: a name in a hostile manifest may be of
  /// any length.
  public var shortened: Finding {
    func shorten(_ text: String) -> String { text.utf8.count > 8192 ? "\(text.prefix(2000))…" : text }
    return Finding(code, shorten(path), shorten(detail))
  }
}
