internal import Files
internal import OpenPGP

/// What gpg's status lines say about the signatures of a decrypted message. gpg's web of trust plays no part.
struct SignatureJudgement {
  /// The first good signature by a trusted key.
  var signer: (fingerprint: Fingerprint, signedAt: Timestamp)?
  /// The first thing wrong with any signature; nil if all are good.
  var problem: SignedDecryption?

  /// - Parameter trusted: fingerprints of primary keys, or of single subkeys.
  init(_ status: [GPGStatus], trusted: [Fingerprint]) {
    // Signatures outside of the encryption are none: they may be another message's.
    guard let start = status.firstIndex(where: { $0.keyword == "BEGIN_DECRYPTION" }),
      let end = status.firstIndex(where: { $0.keyword == "END_DECRYPTION" }), start < end
    else {
      problem = .unsigned
      return
    }
    let outside = status[..<start] + status[end...]
    if outside.contains(where: { $0.keyword == "NEWSIG" }) {
      problem = .badSignature(reason: "a signature stands outside of the encryption")
      return
    }
    let signatures = status[start..<end].split(omittingEmptySubsequences: false) { $0.keyword == "NEWSIG" }.dropFirst()
    for signature in signatures {
      let found = SignatureJudgement.problem(Array(signature), trusted: trusted)
      problem = problem ?? found
      if found == nil, signer == nil { signer = SignatureJudgement.valid(Array(signature)).map { ($0.1, $0.2) } }
    }
    if signatures.isEmpty || (problem == nil && signer == nil) { problem = problem ?? .unsigned }
  }

  /// `VALIDSIG <fingerprint> <date> <time> <expires> <version> <reserved> <key algorithm> <hash algorithm> <class> <primary>`
  private static func valid(_ lines: [GPGStatus]) -> (key: Fingerprint, primary: Fingerprint, signedAt: Timestamp)? {
    guard let line = lines.all("VALIDSIG").first, let key = Fingerprint(line.argument(0)),
      let primary = Fingerprint(line.argument(9)), let time = Int64(line.argument(2))
    else { return nil }
    return (key, primary, Timestamp(seconds: time))
  }

  /// The same of a clear-signed text, of which gpg has checked one signature.
  init(clearSigned status: [GPGStatus], trusted: [Fingerprint]) {
    guard status.all("NEWSIG").count == 1 else {
      problem = status.has("NEWSIG") ? .badSignature(reason: "it carries several signatures") : .unsigned
      return
    }
    problem = SignatureJudgement.problem(status, trusted: trusted, class: "01")
    if problem == nil { signer = SignatureJudgement.valid(status).map { ($0.1, $0.2) } }
  }

  /// - Parameter class: of the signature: RFC 4880, section 5.2.1: 00 covers the exact bytes, 01 text with any line ends.
  private static func problem(
    _ lines: [GPGStatus], trusted: [Fingerprint], class: String = "00"
  ) -> SignedDecryption? {
    if lines.has("BADSIG") { return .badSignature(reason: "the signature does not fit the content") }
    if let failed = lines.all("ERRSIG").first {
      // ERRSIG <key id> <key algorithm> <hash algorithm> <class> <time> <rc> <fingerprint>; rc 9: the key is missing.
      let fingerprint = failed.argument(6)
      if failed.argument(5) == "9" || lines.has("NO_PUBKEY") {
        return .untrustedSigner(Fingerprint(fingerprint)?.description ?? failed.argument(0))
      }
      return .badSignature(reason: "the signature cannot be checked (gpg's code \(failed.argument(5)))")
    }
    guard let (key, primary, _) = valid(lines), let validity = lines.all("VALIDSIG").first,
      lines.all("VALIDSIG").count == 1
    else { return .badSignature(reason: "gpg does not call the signature valid") }
    guard trusted.contains(primary) || trusted.contains(key) else { return .untrustedSigner(primary.description) }
    if lines.has("REVKEYSIG") || lines.has("KEYREVOKED") { return .revokedSigner(primary) }
    if lines.has("EXPKEYSIG") || lines.has("KEYEXPIRED") {
      let expired = lines.all("KEYEXPIRED").compactMap { Int64($0.argument(0)) }.min()
      return .expiredSigner(primary, expired: expired.map { Timestamp(seconds: $0) })
    }
    if lines.has("EXPSIG") || lines.has("SIGEXPIRED") { return .badSignature(reason: "the signature has expired") }
    // RFC 4880, section 9.4: 1 MD5, 2 SHA-1, 3 RIPEMD-160.
    if ["1", "2", "3"].contains(validity.argument(7)) {
      return .badSignature(reason: "the signature's hash is too weak (algorithm \(validity.argument(7)))")
    }
    guard validity.argument(8) == `class`, lines.all("GOODSIG").count == 1 else {
      return .badSignature(reason: "the signature does not cover the exact content (class \(validity.argument(8)))")
    }
    return nil
  }
}
