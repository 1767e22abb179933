import Files
import OpenPGP
import TestKit
import Testing

@Suite struct KeyAuditTests {
  let now = Timestamp.now()

  private func problems(_ findings: [KeyFinding]) -> [KeyFinding.Problem] { findings.map(\.problem) }

  @Test func aGoodKeyHasNoFindings() throws {
    let ring = try TestKeyRing()
    try ring.makeKey("ann@example.com")
    try ring.makeKey("year@example.com", expires: "1y")
    let keys = try KeyRing(home: ring.home)
    #expect(try keys.audit(recipient: "ann@example.com", now: now).isEmpty)
    #expect(try keys.audit(recipient: "year@example.com", now: now).isEmpty)
    #expect(try keys.audit(signer: "ann@example.com", now: now).isEmpty)
    ring.close()
  }

  @Test func warnsThirtyDaysBeforeAKeyExpires() throws {
    let ring = try TestKeyRing()
    let fingerprint = try ring.makeKey("ann@example.com", expires: "seconds=\(100 * 86400)")
    let keys = try KeyRing(home: ring.home)
    let end = try #require(try keys.recipient("ann@example.com", at: now).expires)
    func audit(daysBefore days: Int64) throws -> [KeyFinding] {
      try keys.audit(recipient: "ann@example.com", now: Timestamp(seconds: end.seconds - days * 86400))
    }
    #expect(try audit(daysBefore: 31).isEmpty)
    let finding = try #require(try audit(daysBefore: 29).first)
    #expect(finding.fingerprint?.description == fingerprint && finding.isWarning && finding.hint != nil)
    guard case .expiresSoon(let date, let days) = finding.problem else {
      Issue.record("\(finding)")
      return
    }
    // The subkey was made a moment after the primary key, which ends first.
    #expect(date == end && days == 29)
    let expired = try #require(try audit(daysBefore: 0).first)
    #expect(expired.problem == .expired(end) && !expired.isWarning)
    #expect(try problems(keys.audit(signer: "ann@example.com", now: end)) == [.expired(end)])
    ring.close()
  }

  @Test func namesEachProblem() throws {
    let ring = try TestKeyRing()
    try ring.makeKey("sign@example.com", .signOnly)
    try ring.revoke(ring.makeKey("revoked@example.com"))
    try ring.disable(ring.makeKey("disabled@example.com"))
    let twins = [try ring.makeKey("One <twin@example.com>"), try ring.makeKey("Two <twin@example.com>")]
    let keys = try KeyRing(home: ring.home)
    let expected: [(String, KeyFinding.Problem)] = [
      ("sign@example.com", .cannotEncrypt), ("revoked@example.com", .revoked), ("disabled@example.com", .disabled),
      ("nobody@example.com", .missing),
    ]
    for (name, problem) in expected {
      let findings = try keys.audit(recipient: name, now: now)
      #expect(problems(findings) == [problem], "\(name)")
      #expect(findings.allSatisfy { !$0.message.isEmpty && $0.hint != nil && $0.spec == name && !$0.isWarning })
    }
    let ambiguous = try #require(try keys.audit(recipient: "twin@example.com", now: now).first)
    guard case .ambiguous(let fingerprints) = ambiguous.problem else {
      Issue.record("\(ambiguous)")
      return
    }
    #expect(Set(fingerprints.map(\.description)) == Set(twins))
    ring.close()
  }

  @Test func aSignerNeedsItsSecretKey() throws {
    let (ring, other) = (try TestKeyRing(), try TestKeyRing())
    let fingerprint = try ring.makeKey("peer@example.com")
    try other.importPublic(fingerprint, from: ring)
    let keys = try KeyRing(home: other.home)
    #expect(try problems(keys.audit(signer: "peer@example.com", now: now)) == [.noSecretKey])
    #expect(try problems(keys.audit(signer: "nobody@example.com", now: now)) == [.missing])
    #expect(try keys.audit(recipient: "peer@example.com", now: now).isEmpty)
    ring.close()
    other.close()
  }

  /// Renewing by a new subkey leaves an expired one behind, which must not count.
  @Test func judgesTheNewestSubkey() throws {
    let ring = try TestKeyRing()
    let fingerprint = try ring.makeKey("ann@example.com", .signOnly, at: "20200101T000000")
    try ring.gpg([
      "--faked-system-time", "20200101T000000!", "--quick-add-key", fingerprint, "cv25519", "encr", "1d",
    ])
    let keys = try KeyRing(home: ring.home)
    guard case .expired(let date)? = try keys.audit(recipient: fingerprint, now: now).first?.problem else {
      Issue.record("an expired subkey is not found")
      return
    }
    #expect(date.rfc3339.hasPrefix("2020-01-02"))
    try ring.gpg(["--quick-add-key", fingerprint, "cv25519", "encr", "never"])
    #expect(try keys.audit(recipient: fingerprint, now: now).isEmpty)
    ring.close()
  }
}
