import Files
import Repository
import Testing
import Verify

/// What the keeper's catalog proves, snapshot by snapshot and volume by volume.
@Suite struct LedgerTests {
  private static let place = Ledger.Place(host: "peer-1", set: "data", destination: "disk")
  private static let one = "20270101T020000Z-0001"
  private static let two = "20270102T020000Z-0002"

  private struct Catalog {
    var chain = CatalogChain()
    var records: [CatalogRecord] = []
    mutating func add(_ event: CatalogEvent, day: Int64) throws {
      records.append(try chain.append(event, at: Timestamp(seconds: day * 86400)).record)
    }
    mutating func verify(
      _ snapshot: String, _ level: VerificationLevel = .readable, _ result: VerificationResult = .sound,
      findings: [Finding] = [], count: Int? = nil, since: String? = nil, day: Int64
    ) throws {
      var verification = Verification(
        host: place.host, set: place.set, snapshot: snapshot, destination: place.destination, level: level,
        result: result, objects: 1, bytes: 1, seconds: 0, findings: findings, findingCount: count ?? findings.count)
      verification.since = since
      try add(.verification(verification), day: day)
    }
    mutating func prove(
      _ numbers: [Int], of folder: String, _ level: VerificationLevel = .readable, findings: [Finding] = [], day: Int64
    ) throws {
      var volumes = VolumeList()
      volumes.add(numbers, of: folder)
      try add(
        .proof(
          Proof(
            host: place.host, set: place.set, destination: place.destination, level: level,
            result: findings.isEmpty ? .sound : .damaged, volumes: volumes, findings: findings,
            findingCount: findings.count)), day: day)
    }
    var ledger: Ledger { Ledger(records) }
  }

  private func volume(_ number: Int, of folder: String) -> String { "data/\(folder)/volume-00000\(number).tar.zst.gpg" }

  private func day(_ time: Timestamp?) -> Int64? { time.map { $0.seconds / 86400 } }

  @Test func aVerificationProvesItsFolderAtItsLevelAndBelow() throws {
    var catalog = Catalog()
    try catalog.verify(Self.one, .intact, day: 10)
    try catalog.verify(Self.one, .readable, day: 5)
    let ledger = catalog.ledger
    #expect(day(ledger.proven(Self.one, at: Self.place, level: .present)) == 5)
    #expect(day(ledger.proven(Self.one, at: Self.place, level: .readable)) == 5)
    #expect(ledger.proven(Self.one, at: Self.place, level: .restored) == nil)
    #expect(day(ledger.proven(volume: 7, of: Self.one, at: Self.place, level: .readable)) == 5)
    #expect(ledger.proven(volume: 7, of: Self.two, at: Self.place, level: .present) == nil)
    let elsewhere = Ledger.Place(host: "peer-1", set: "data", destination: "offsite")
    #expect(ledger.proven(Self.one, at: elsewhere, level: .present) == nil)
  }

  @Test func volumesAreProvenOneByOne() throws {
    var catalog = Catalog()
    try catalog.prove([1, 2, 3, 5], of: Self.one, day: 1)
    try catalog.prove([2], of: Self.one, .present, day: 2)
    try catalog.verify(Self.two, since: "2027-01-01T00:00:00Z", day: 3)
    let ledger = catalog.ledger
    #expect(day(ledger.proven(volume: 2, of: Self.one, at: Self.place, level: .readable)) == 1)
    #expect(day(ledger.proven(volume: 2, of: Self.one, at: Self.place, level: .present)) == 2)
    #expect(ledger.proven(volume: 4, of: Self.one, at: Self.place, level: .readable) == nil)
    // What stands on earlier proofs did not read its folder.
    #expect(day(ledger.proven(Self.two, at: Self.place, level: .readable)) == 3)
    #expect(ledger.proven(volume: 1, of: Self.two, at: Self.place, level: .readable) == nil)
  }

  @Test func damageTakesProofsAway() throws {
    var catalog = Catalog()
    try catalog.verify(Self.one, day: 1)
    try catalog.verify(Self.two, day: 1)
    try catalog.verify(
      Self.two, .readable, .damaged, findings: [Finding(.wrongDigest, volume(1, of: Self.one), "")], day: 2)
    var ledger = catalog.ledger
    #expect(ledger.proven(Self.two, at: Self.place, level: .present) == nil)
    #expect(ledger.proven(volume: 1, of: Self.one, at: Self.place, level: .present) == nil)
    #expect(day(ledger.proven(volume: 2, of: Self.one, at: Self.place, level: .readable)) == 1)
    #expect(ledger.damage(at: Self.place)[Self.two]?.isOfVolumes == true)
    // Looking whether it is there does not mend it.
    try catalog.verify(Self.two, .present, day: 3)
    try catalog.prove([1], of: Self.one, .present, day: 3)
    ledger = catalog.ledger
    #expect(ledger.damage(at: Self.place).keys.sorted() == [Self.two])
    #expect(ledger.proven(volume: 1, of: Self.one, at: Self.place, level: .readable) == nil)
    try catalog.verify(Self.two, day: 4)
    try catalog.prove([1], of: Self.one, day: 4)
    ledger = catalog.ledger
    #expect(ledger.damage(at: Self.place).isEmpty)
    #expect(day(ledger.proven(volume: 1, of: Self.one, at: Self.place, level: .readable)) == 4)
    // A contradiction within what the node signed is no matter of volumes.
    try catalog.verify(Self.two, .readable, .damaged, findings: [Finding(.contentMismatch, "srv/a", "")], day: 5)
    #expect(catalog.ledger.damage(at: Self.place)[Self.two]?.isOfVolumes == false)
  }

  @Test func moreDamageThanARecordHoldsTakesAllProofsAway() throws {
    var catalog = Catalog()
    try catalog.verify(Self.one, day: 1)
    try catalog.verify(
      Self.two, .readable, .damaged, findings: [Finding(.missing, volume(1, of: Self.two), "")], count: 200, day: 2)
    #expect(catalog.ledger.proven(volume: 3, of: Self.one, at: Self.place, level: .present) == nil)
  }

  @Test func whatIsPrunedIsForgotten() throws {
    var catalog = Catalog()
    try catalog.verify(Self.one, day: 1)
    try catalog.verify(Self.two, .readable, .damaged, findings: [Finding(.missing, "manifest", "")], day: 1)
    let ids = try [Self.one, Self.two].map { try #require(SnapshotID($0)) }
    try catalog.add(
      .prune(
        Pruned(
          host: "peer-1", set: "data", destination: "disk", snapshots: ids, objects: 2, bytes: 2, complete: true)),
      day: 2)
    let ledger = catalog.ledger
    #expect(ledger.proven(Self.one, at: Self.place, level: .present) == nil)
    #expect(ledger.damage(at: Self.place).isEmpty)
  }

  @Test func aProofFromTheFutureIsNone() throws {
    var catalog = Catalog()
    try catalog.verify(Self.one, day: 100)
    let ledger = Ledger(catalog.records, now: Timestamp(seconds: 50 * 86400))
    #expect(ledger.proven(Self.one, at: Self.place, level: .present) == nil)
  }

  @Test func volumeListsAreCompactAndReadBack() throws {
    var list = VolumeList()
    list.add([3, 1, 2, 60], of: Self.one)
    list.add([4, 59], of: Self.one)
    list.add([1], of: Self.two)
    #expect(list.texts == ["\(Self.one):1-4,59-60", "\(Self.two):1"])
    #expect(list.count == 7)
    var catalog = Catalog()
    try catalog.prove([5, 6, 9], of: Self.one, day: 1)
    let line = try #require(catalog.records.last).line
    #expect(String(decoding: line, as: UTF8.self).contains("\"volumes\":[\"\(Self.one):5-6,9\"]"))
    #expect(try CatalogRecord(line: line, subject: "test", number: 1) == catalog.records.last)
  }

  @Test(arguments: ["x:1", "20270101T020000Z-0001:", "20270101T020000Z-0001:0", "20270101T020000Z-0001:5-3"])
  func aVolumeListOfAnotherFormIsNoRecord(_ text: String) throws {
    var catalog = Catalog()
    try catalog.prove([5], of: Self.one, day: 1)
    let line = String(decoding: try #require(catalog.records.last).line, as: UTF8.self)
    let other = line.replacing("\(Self.one):5", with: text)
    #expect(other != line)
    #expect(throws: CatalogError.self) {
      _ = try CatalogRecord(line: Array(other.utf8), subject: "test", number: 1)
    }
  }
}
