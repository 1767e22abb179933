import Digests
import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// The keeper's own catalog: its signature, and what is moved to archives.
@Suite struct OwnCatalogTests {
  private static let start: Int64 = 1_790_000_000
  private let house: Household
  private var path: String { "\(house.keeper.state)/catalog.jsonl" }

  init() throws {
    house = try Household()
    let start = Self.start
    house.clock = { Timestamp(seconds: start) }
    house.keeper.keys.signer = house.keys.recipient
  }

  private func attest(_ note: String = "from steel") throws {
    try house.makeKeeper().attest(
      "wallet-seed-phrases", host: nil, note: note, by: "Ada", table: house.keeper.frequencies)
  }

  private func condition() throws -> CatalogCondition { try #require(try house.makeKeeper().checkCatalogs().first) }

  private func codes() throws -> [Finding.Code] { try condition().findings.map(\.code) }

  private func lines() throws -> [[UInt8]] { try FileContent.read(path).split(separator: 10).map { Array($0) } }

  private func write(_ lines: [[UInt8]]) throws {
    try FileContent.write(Array(lines.map { $0 + [10] }.joined()), to: path)
  }

  // MARK: Signature

  @Test func whatIsRecordedIsSignedAsGPGSees() throws {
    try attest()
    try attest("from paper")
    #expect(try codes().isEmpty)
    #expect(try condition().signature == "3 records signed by \(house.keys.recipient) on \(house.clock().rfc3339)")
    let verified = try Command.run(
      "gpg", ["--homedir", house.keys.keeper.home, "--batch", "--output", "-", "--decrypt", "\(path).asc"])
    #expect(verified.status == 0, "\(verified.errorText)")
    let last = try #require(try lines().last)
    #expect(verified.text.contains("records: 3\nhead: \(SHA256.digest(last).hex)\n"))
    // The key is named in the chain, once.
    #expect(try CatalogFile.records(path).map(\.event.type) == ["attestation", "signer", "attestation"])
  }

  @Test func withoutASignerNothingIsSigned() throws {
    house.keeper.keys.signer = ""
    try attest()
    #expect(try condition().signature == "not signed")
    #expect(try codes().isEmpty && !Paths.exists("\(path).asc"))
    #expect(throws: VerifyError.self) { try house.makeKeeper().signCatalog() }
  }

  @Test func aCrashBeforeSigningIsNoTampering() throws {
    try attest()
    house.keeper.keys.signer = ""
    try attest("unsigned")
    house.keeper.keys.signer = house.keys.recipient
    #expect(try codes().isEmpty)
    #expect(try condition().signature?.hasSuffix(", 1 since are not signed yet") == true)
    try attest("again")
    #expect(try condition().signature?.hasPrefix("4 records signed") == true)
  }

  @Test func aKeyThatCannotSignLosesNoRecord() throws {
    house.keeper.keys.signer = "nobody@example.com"
    try attest()
    #expect(try CatalogFile.records(path).count == 1)
    #expect(try codes().isEmpty && condition().signature == "not signed")
  }

  enum Tampering: CaseIterable {
    case shortened, rewritten, unsigned, otherText, otherKey, outside
  }

  @Test(arguments: Tampering.allCases) func tamperingIsFoundAndNotSignedOver(_ tampering: Tampering) throws {
    try attest()
    try attest("second")
    let signature = "\(path).asc"
    var text = String(decoding: try FileContent.read(signature), as: UTF8.self)
    let expected: Finding.Code
    switch tampering {
    case .shortened:
      try write(Array(try lines().dropLast()))
      expected = .rolledBack
    case .rewritten:
      var chain = CatalogChain()
      var forged: [[UInt8]] = []
      for record in try CatalogFile.records(path) {
        var event = record.event
        if case .attestation(var it) = event {
          it.by = "Mallory"
          event = .attestation(it)
        }
        forged.append(try chain.append(event, at: record.time).line)
      }
      try write(forged)
      expected = .forked
    case .unsigned:
      #expect(unlink(signature) == 0)
      expected = .unsigned
    case .otherText:
      text = text.replacing("records: 3", with: "records: 2")
      try FileContent.write(Array(text.utf8), to: signature)
      expected = .malformed
    case .otherKey:
      let stranger = try TestKeyRing()
      let key = try stranger.makeKey("stranger@example.com")
      let signed = try stranger.gpg(["--clear-sign", "--local-user", key, try textFile(text)])
      _ = signed
      try FileContent.write(try FileContent.read("\(house.folder.path)/text.asc"), to: signature)
      expected = .untrustedSigner
    case .outside:
      try FileContent.write(Array("records: 9\n\(text)".utf8), to: signature)
      expected = .malformed
    }
    #expect(try codes() == [expected])
    let before = try? FileContent.read(signature)
    try attest("third")
    // A catalog that was cut and has grown again is another one.
    #expect(try codes() == [tampering == .shortened ? .forked : expected], "what does not hold is not signed over")
    #expect((try? FileContent.read(signature)) == before)
    #expect(try house.makeKeeper().signCatalog() == house.keys.recipient)
    #expect(try codes().isEmpty)
  }

  private func textFile(_ signed: String) throws -> String {
    let lines = signed.split(separator: "\n", omittingEmptySubsequences: false)
    let text = lines.filter { $0.hasPrefix("Head") || $0.contains(": ") && !$0.hasPrefix("Hash") }
    let file = "\(house.folder.path)/text"
    try FileContent.write(Array((text.joined(separator: "\n") + "\n").utf8), to: file)
    return file
  }

  // MARK: Rotation

  /// A catalog of 400 days, each with five observations, one of them with a finding, a proof of each of two levels and now and then something else.
  private func fill() throws -> [CatalogRecord] {
    try Paths.makeFolders(house.keeper.state)
    let file = try CatalogFile(path, mayBeRotated: true, now: house.clock())
    let zero = SHA256Digest.zero.hex
    for day in Int64(0)..<400 {
      let time = Timestamp(seconds: Self.start - (400 - day) * 86400)
      let id = SnapshotID(started: time, random: 1).description
      for (number, place) in ["disk", "two", "three", "four", "five"].enumerated() {
        try file.append(
          .observation(
            Observation(
              host: "peer-1", destination: place, epoch: "20250101T000000Z-0000000\(day / 200)", segments: Int(day),
              records: Int(day), head: zero, segmentDigest: zero,
              findings: number == 2 ? [Finding(.behind, "catalog", "lacks records")] : [])), at: time)
      }
      for level in [VerificationLevel.intact, .readable] {
        try file.append(
          .verification(
            Verification(
              host: "peer-1", set: "data", snapshot: id, destination: "disk", level: level,
              result: day == 20 ? .damaged : day % 50 == 7 ? .unchecked : .sound, objects: 1, bytes: 1, seconds: 1,
              findingCount: 0)), at: time)
      }
      if day == 10 {
        try file.append(.acknowledgement(Acknowledgement(host: "peer-1", epoch: "e", by: "A", note: "n")), at: time)
      }
      if day % 40 == 39, let snapshot = SnapshotID(id) {
        try file.append(
          .prune(
            Pruned(
              host: "peer-1", set: "data", destination: "disk", snapshots: [snapshot], objects: 1, bytes: 1,
              complete: true)), at: time)
      }
    }
    return file.records
  }

  @discardableResult
  private func rotate(isDryRun: Bool = false) throws -> CatalogRotation {
    try #require(try house.makeKeeper().rotateCatalogs(isDryRun: isDryRun).first)
  }

  private func whole() throws -> [CatalogRecord] {
    try #require(try house.makeKeeper().catalogs(isWhole: true).first).records
  }

  @Test func recordsPastTheirRetentionAreMovedAndNoneIsLost() throws {
    let records = try fill()
    let before = try FileContent.read(path)
    let dry = try rotate(isDryRun: true)
    let planned = dry.moved.values.reduce(0, +)
    #expect(dry.archive == nil && planned > 300, "\(dry.moved)")
    #expect(try FileContent.read(path) == before)

    let done = try rotate()
    #expect(done.moved == dry.moved && done.archive?.records == planned)
    let active = try CatalogFile.records(path)
    #expect(active.count < records.count - 200, "\(active.count)")
    #expect(try codes().isEmpty)
    #expect(try condition().archived == planned)
    // All that was there, in its place, and the key and the rotation behind it.
    let all = try whole()
    #expect(Array(all.prefix(records.count)) == records)
    #expect(all.dropFirst(records.count).map(\.event.type) == ["signer", "rotation"])
    // What other commands make of the catalog is the same.
    #expect(ProofState.all(active).map(\.proven) == ProofState.all(records).map(\.proven))
    #expect(ProofState.all(active).map(\.damaged) == ProofState.all(records).map(\.damaged))
    let kept = active.compactMap { record -> String? in
      guard case .observation(let it) = record.event else { return nil }
      return it.epoch
    }
    #expect(Set(kept) == ["20250101T000000Z-00000000", "20250101T000000Z-00000001"], "pins and the first one stay")
    #expect(active.contains { $0.event.type == "acknowledgement" })
    #expect(active.filter { $0.event.type == "prune" }.count == 10)
    // The exact lines, as a person gets them.
    let archive = "\(house.keeper.state)/catalog/archive-000001.jsonl.zst"
    let listed = try Command.succeed("zstd", ["-dc", archive]).output
    let known = Set(before.split(separator: 10).map { Array($0) })
    #expect(listed.split(separator: 10).allSatisfy { known.contains(Array($0)) })
    #expect(listed.split(separator: 10).count == planned)
    // Nothing is left to be moved.
    #expect(try rotate().archive == nil)
  }

  @Test func laterRotationsJoinRunsAndReplaceWhatACrashLeft() throws {
    let records = try fill()
    _ = try rotate()
    // Written by a rotation that was killed before the catalog took its new form.
    let orphan = "\(house.keeper.state)/catalog/archive-000002.jsonl.zst"
    try FileContent.write([1, 2, 3], to: orphan)
    #expect(try codes().isEmpty)
    let later = Self.start + 200 * 86400
    house.clock = { Timestamp(seconds: later) }
    let second = try #require(try rotate().archive)
    #expect(second.archive == "archive-000002.jsonl.zst")
    #expect(try codes().isEmpty)
    #expect(Array(try whole().prefix(records.count)) == records)
    let runs = try CatalogFile.records(path).compactMap { record -> ArchivedRun? in
      if case .archived(let run) = record.event { run } else { nil }
    }
    #expect(runs.contains { $0.archives.count == 2 }, "neighbors become one")
  }

  @Test func archivesAreHeldToTheChain() throws {
    _ = try fill()
    _ = try rotate()
    let archive = "\(house.keeper.state)/catalog/archive-000001.jsonl.zst"
    let good = try FileContent.read(archive)
    // One word of one archived record is another.
    let text = try Command.succeed("zstd", ["-dc", archive]).text
    let forged = text.replacing("\"records\":100,", with: "\"records\":101,")
    #expect(forged != text)
    let file = "\(house.folder.path)/forged"
    try FileContent.write(Array(forged.utf8), to: file)
    try Command.succeed("zstd", ["-qf", file, "-o", archive])
    #expect(try Set(codes()) == [.wrongDigest, .gap])
    #expect(throws: VerifyError.self) { try whole() }
    #expect(unlink(archive) == 0)
    #expect(try Set(codes()) == [.missing, .gap])
    // The catalog itself still holds, and commands go on.
    try attest()
    try FileContent.write(good, to: archive)
    #expect(try codes().isEmpty)
  }

  @Test func aRunThatClaimsMoreThanItHasBreaksTheChain() throws {
    _ = try fill()
    _ = try rotate()
    var lines = try lines()
    let number = try #require(lines.firstIndex { String(decoding: $0, as: UTF8.self).contains("\"archived\"") })
    let removed = lines.remove(at: number + 1)
    #expect(!removed.isEmpty)
    try write(lines)
    let error = try #require(throws: CatalogError.self) { try CatalogFile.records(path) }
    #expect(error.line == number + 2)
  }

  @Test func aNodesCatalogHasNoArchives() throws {
    _ = try fill()
    _ = try rotate()
    let error = try #require(throws: CatalogError.self) { try CatalogFile(path, now: house.clock()) }
    #expect(error.code == .broken)
    var chain = CatalogChain()
    #expect(throws: CatalogError.self) { try chain.read(FileContent.read(path), subject: "segment") }
    // A program that knows version 1 alone stops at such a line, and says so.
    let line = try #require(try lines().first { String(decoding: $0, as: UTF8.self).contains("\"archived\"") })
    #expect(String(decoding: line, as: UTF8.self).hasSuffix("\"type\":\"archived\",\"v\":2}"))
  }

  @Test func nothingIsMovedWhereTheSignatureDoesNotHold() throws {
    _ = try fill()
    try attest()
    try write(Array(try lines().dropLast()))
    let before = try FileContent.read(path)
    #expect(try rotate().failure?.code == .state)
    #expect(try FileContent.read(path) == before)
  }
}
