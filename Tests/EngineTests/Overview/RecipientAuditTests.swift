import Files
import OpenPGP
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Whose keys can open what is stored, and whether anybody has shown it.
@Suite struct RecipientAuditTests {
  private static let now = Timestamp.now()

  /// A set whose snapshot is encrypted to some keys, as of today.
  private func overview(
    _ ring: TestKeyRing, recipients: [String], key: String? = nil, signer: String? = nil, age: Int64 = 0,
    attested: Int64? = nil
  ) throws -> KeeperOverview {
    var configuration = Chronicle().configuration
    configuration.nodes[0].trustedSigners = signer.map { [$0] } ?? []
    let now = Timestamp(seconds: Self.now.seconds + age)
    var chain = CatalogChain()
    var records: [CatalogRecord] = []
    if let attested {
      records.append(
        try chain.append(
          .attestation(Attestation(class: DataClass.keyRotation, host: nil, by: "Ada", note: "All kept")),
          at: Timestamp(seconds: now.seconds - attested)
        ).record)
    }
    var verification = Verification(
      host: "peer-1", set: "data", snapshot: SnapshotID(started: Self.now, random: 1).description,
      destination: "offsite", level: .readable, result: .sound, objects: 1, bytes: 1, seconds: 1, findingCount: 0)
    verification.recipients = recipients
    verification.key = key
    records.append(try chain.append(.verification(verification), at: now).record)
    let knowledge = KeeperKnowledge(configuration, records: records, keys: KeyRingContents(home: ring.home))
    return KeeperOverview(knowledge, now: now)
  }

  private func standings(_ overview: KeeperOverview) -> [String: RecipientOverview.Standing] {
    Dictionary(uniqueKeysWithValues: overview.recipients.map { ($0.fingerprint, $0.standing) })
  }

  private func severities(_ overview: KeeperOverview) -> [Concern.Severity] {
    overview.concerns.filter { $0.kind == .recipient }.map(\.severity)
  }

  @Test func eachRecipientStandsForItself() throws {
    let ring = try TestKeyRing()
    let proven = try ring.makeKey("proven@example.com")
    let unused = try ring.makeKey("unused@example.com")
    let elsewhere = try ring.makeKey("elsewhere@example.com")
    try ring.deleteSecretKey(elsewhere)
    let soon = try ring.makeKey("soon@example.com", expires: "30d")
    let verySoon = try ring.makeKey("very-soon@example.com", expires: "10d")
    let later = try ring.makeKey("later@example.com", expires: "90d")
    let expired = try ring.makeExpiredKey("expired@example.com")
    let revoked = try ring.makeKey("revoked@example.com")
    try ring.revoke(revoked)
    let stranger = String(repeating: "AB", count: 20)
    let overview = try overview(
      ring, recipients: [proven, unused, elsewhere, soon, verySoon, later, expired, revoked, stranger], key: proven)
    #expect(
      standings(overview) == [
        proven: .proven, unused: .unused, elsewhere: .notProvenHere, soon: .expiresSoon, verySoon: .expiresSoon,
        later: .unused, expired: .expired, revoked: .revoked, stranger: .unknown,
      ])
    let first = try #require(overview.recipients.first { $0.fingerprint == proven })
    #expect(first.label == "proven@example.com" && first.sets == ["peer-1/data"] && first.hasSecretKey)
    #expect(first.lastDecrypted == Timestamp(seconds: Self.now.seconds))
    #expect(overview.recipients.first { $0.fingerprint == elsewhere }?.hasSecretKey == false)
    func severity(_ key: String) -> Concern.Severity? { overview.concerns.first { $0.key == key }?.severity }
    #expect(severity(proven) == nil && severity(later) == .notice && severity(elsewhere) == .notice)
    #expect(severity(soon) == .notice && severity(verySoon) == .overdue)
    #expect(severity(expired) == .overdue && severity(revoked) == .overdue)
  }

  @Test func aSetThatNobodyHereCanOpenIsAConcern() throws {
    let ring = try TestKeyRing()
    let elsewhere = try ring.makeKey("elsewhere@example.com")
    try ring.deleteSecretKey(elsewhere)
    #expect(severities(try overview(ring, recipients: [elsewhere])) == [.overdue, .notice])
    let here = try ring.makeKey("here@example.com")
    #expect(severities(try overview(ring, recipients: [elsewhere, here], key: here)) == [.notice])
  }

  @Test func signersAreAuditedToo() throws {
    let ring = try TestKeyRing()
    let good = try ring.makeKey("good@example.com", .signOnly)
    let expired = try ring.makeExpiredKey("expired@example.com", .signOnly)
    for (signer, standing) in [
      (good, SignerOverview.Standing.valid), (expired, .expired), (String(repeating: "CD", count: 20), .unknown),
    ] {
      let overview = try overview(ring, recipients: [], signer: signer.lowercased())
      #expect(overview.signers.map(\.standing) == [standing])
      #expect(severities(overview) == (standing == .valid ? [] : [.overdue]))
    }
  }

  @Test func allKeysAreReviewedOnceAYear() throws {
    let ring = try TestKeyRing()
    let key = try ring.makeKey("backup@example.com")
    let day: Int64 = 86400
    for (age, attested, isDue) in [
      (300, nil, false), (366, nil, true), (366, 10, false), (800, 364, false), (800, 366, true),
    ] as [(Int64, Int64?, Bool)] {
      let overview = try overview(
        ring, recipients: [key], key: key, age: age * day, attested: attested.map { $0 * day })
      #expect(overview.keyRotation.isDue == isDue, "\(age) days, reviewed \(attested ?? -1) days ago")
      #expect(severities(overview) == (isDue ? [.overdue] : []))
    }
  }

  @Test func aKeyRingThatCannotBeReadIsAConcern() throws {
    let ring = try TestKeyRing()
    ring.close()
    #expect(severities(try overview(ring, recipients: [])) == [.overdue])
  }

  @Test func theReviewIsAttestedAndNoClassMayHaveItsName() throws {
    let house = try Household()
    try house.makeKeeper().attest(
      DataClass.keyRotation, host: nil, note: "All kept", by: "Ada", table: .standard)
    #expect(try house.makeKeeper().overview().keyRotation.last?.by == "Ada")
    #expect(throws: VerifyError.self) {
      try house.makeKeeper().attest(
        DataClass.keyRotation, host: "peer-1", note: "All kept", by: "Ada", table: .standard)
    }
    let table = """
      [[class]]
      name = "key-rotation"
      back-up = "daily"
      storage = []
      verify = "31d"
      grace = "1d"
      """
    #expect(throws: ConfigurationError.self) { try FrequencyTable(table) }
  }
}
