internal import Digests
internal import Files
internal import OpenPGP
internal import OpenPGPDecryption
internal import Repository

/// The signature over a keeper's catalog: `catalog.jsonl.asc`, a clear-signed text that names the number of records, the
/// last one's digest and the time.
///
/// It covers what was there when it was made: records since are not signed yet, which is what a crash before signing leaves.
/// Nothing is signed on top of a signature that does not hold, or no change would ever be noticed.
struct CatalogSeal {
  /// What a signature says.
  struct Head: Equatable {
    var records: Int
    var head: String
    var time: String

    var text: String { "\(Self.title)\nrecords: \(records)\nhead: \(head)\ntime: \(time)\n" }
    private static let title = "Head of a Redoubt catalog, version 1"

    init(records: Int, head: String, time: String) {
      self.records = records
      self.head = head
      self.time = time
    }

    init?(_ text: String) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count >= 4, lines[0] == Self.title, lines[1].hasPrefix("records: "), lines[2].hasPrefix("head: "),
        lines[3].hasPrefix("time: "), let records = Int(lines[1].dropFirst(9)), records >= 0
      else { return nil }
      self.init(records: records, head: String(lines[2].dropFirst(6)), time: String(lines[3].dropFirst(6)))
    }
  }

  enum Judgement {
    case absent
    /// - Parameter unsigned: how many records have been added since.
    case holds(Head, signer: Fingerprint, unsigned: Int)
    case broken(Finding)
  }

  let catalog: CatalogFile
  let home: String
  /// As the configuration names the key.
  let spec: String

  private var path: String { "\(catalog.path).asc" }
  private static let name = "catalog.jsonl.asc"

  /// The key that the catalog's last record about it names.
  var named: Fingerprint? {
    for record in catalog.records.reversed() {
      if case .signer(let signer) = record.event { return Fingerprint(signer.key) }
    }
    return nil
  }

  func key(at now: Timestamp) throws(VerifyError) -> Key {
    do { return try KeyRing(home: home).signer(spec, at: now) } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
  }

  /// Holds the signature that is there to the catalog.
  /// - Parameter key: the configured signer, where there is one: it may just be about to be named.
  func judge(_ key: Fingerprint?) throws(VerifyError) -> Judgement {
    let trusted = [named, key].compactMap(\.self)
    guard Paths.exists(path) else {
      guard named != nil else { return .absent }
      return .broken(Finding(.unsigned, Self.name, "is gone: the catalog was signed"))
    }
    let message: [UInt8]
    do { message = try FileContent.read(path, maximumLength: 1 << 16) } catch { throw VerifyError(.state, "\(error)") }
    let checked: SignedDecryption
    do { checked = try ClearSignedText(home: home).check(message, trusted: trusted) } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
    guard case .verified(let text, let signer, _) = checked else {
      return .broken(Self.finding(checked))
    }
    guard let head = Head(String(decoding: text, as: UTF8.self)) else {
      return .broken(Finding(.malformed, Self.name, "is signed, and says nothing of a catalog"))
    }
    let last = catalog.sequence
    guard head.records <= last else {
      return .broken(
        Finding(.rolledBack, "catalog.jsonl", "has \(last) records where \(head.records) were signed on \(head.time)"))
    }
    guard let there = catalog.head(after: head.records), there.hex == head.head else {
      return .broken(
        Finding(.forked, "catalog.jsonl", "its first \(head.records) records are not those signed on \(head.time)"))
    }
    return .holds(head, signer: signer, unsigned: last - head.records)
  }

  private static func finding(_ checked: SignedDecryption) -> Finding {
    switch checked {
    case .verified, .unsigned: Finding(.unsigned, name, "carries no signature")
    case .damaged(let reason): Finding(.malformed, name, reason)
    case .badSignature(let reason): Finding(.malformed, name, reason)
    case .untrustedSigner(let key):
      Finding(.untrustedSigner, name, "is signed by \(key), which is not this keeper's signer")
    case .expiredSigner(let key, let time):
      Finding(.expiredSigner, name, "is signed by \(key), which expired\(time.map { " on \($0.rfc3339)" } ?? "")")
    case .revokedSigner(let key): Finding(.expiredSigner, name, "is signed by \(key), which was revoked")
    }
  }

  /// Signs the catalog as it is.
  func sign(_ key: Key, at now: Timestamp) throws(VerifyError) {
    do {
      let signer = try ClearSigner(home: home, key: key, at: now)
      func write() throws {
        let head = Head(records: catalog.sequence, head: catalog.head.hex, time: now.rfc3339)
        try FileContent.write(try signer.sign(head.text), to: path)
      }
      if named != key.fingerprint {
        // Signed before as well as after: whenever it ends in between, what is there holds.
        try write()
        try catalog.append(.signer(SignerNamed(key: key.fingerprint.description)), at: now)
      }
      try write()
    } catch let error as OpenPGPError {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    } catch {
      throw VerifyError(.state, "\(error)")
    }
  }

  /// Signs the catalog as it is, unless the signature that is there does not hold.
  /// - Returns: why it was not signed.
  func renew(at now: Timestamp) throws(VerifyError) -> String? {
    let key = try key(at: now)
    if case .broken(let finding) = try judge(key.fingerprint) {
      return "the catalog was not signed anew, because its signature does not hold: \(finding.path) \(finding.detail); "
        + "see 'redoubt-verify catalog check'"
    }
    try sign(key, at: now)
    return nil
  }
}
