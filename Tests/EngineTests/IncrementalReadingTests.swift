import Archive
import Files
import Glibc
import Repository
import TestKit
import Testing
import Verify

/// The keeper's side of mode `incremental`, on snapshots made by hand.
@Suite struct IncrementalReadingTests {
  private func codes(_ verification: Verification) -> [Finding.Code] { verification.findings.map(\.code) }

  @Test(arguments: [false, true])
  func everyLevelProvesASoundSnapshotAndItIsRestored(_ isChunked: Bool) throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish(chunkedListing: isChunked)
    let house = tree.snapshot.house
    for level in VerificationLevel.allCases {
      let verification = try #require(try house.verify(level).first)
      #expect(verification.result == .sound, "\(level): \(verification.findings) \(verification.reason ?? "")")
      #expect(verification.objects == (isChunked ? 5 : 4), "\(level): each object once")
    }
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(report.entries == 11)
    #expect(report.bytes == UInt64(tree.long.count + tree.zeros.count + 2 * tree.one.count + tree.three.count))
    #expect(try FileContent.read("\(folder)/t/long") == tree.long)
    #expect(try FileContent.read("\(folder)/t/alone") == tree.one)
    #expect(try FileContent.read("\(folder)/t/dir/same") == tree.one)
    #expect(try FileContent.read("\(folder)/t/hole") == tree.zeros)
    let facts = try Command.succeed(
      "sh", ["-c", "cd '\(folder)/t' && find . -printf '%P %y %m %T@ %s %l %n\\n' | sort && stat -c %b hole"]
    ).lines
    let time = "1700000000.1234567890"
    #expect(
      facts == [
        " d 750 \(time) \(facts[0].split(separator: " ")[3])  \(facts[0].split(separator: " ").last ?? "")",
        "alone f 640 \(time) 5000  2", "dir d 750 \(time) \(facts[2].split(separator: " ")[4])  2",
        "dir/empty f 640 \(time) 0  1", "dir/same f 640 \(time) 5000  1", "fifo p 640 \(time) 0  1",
        "hard f 640 \(time) 5000  2", "hole f 640 \(time) 100000  1", "long f 640 \(time) 181000  1",
        "noted f 640 \(time) 3000  1", "to l 777 \(time) 9 dir/empty 1", "0",
      ])
    #expect(
      try Command.succeed("getfattr", ["-n", "user.note", "-e", "hex", "\(folder)/t/noted"]).text.contains("0102"))
  }

  @Test func aPartIsRestoredFromTheVolumesThatHoldItAlone() throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish()
    let house = tree.snapshot.house
    let counting = FaultyStore(house.store("disk")) { _ in nil }
    house.stores["disk"] = counting
    // A hard link whose file is not wanted brings the content.
    let (folder, report) = try house.restore(["/t/hard", "t/noted", "t/dir"])
    #expect(report.findings.isEmpty)
    #expect(try FileContent.read("\(folder)/t/hard") == tree.one)
    #expect(try FileContent.read("\(folder)/t/noted") == tree.three)
    #expect(!Paths.exists("\(folder)/t/alone") && !Paths.exists("\(folder)/t/long"))
    let fetched = counting.calls.filter { $0.operation == .get && $0.key.contains("/volume-") }.map(\.key)
    #expect(fetched.sorted() == [0, 2].map { "peer-1/\(tree.snapshot.volumes[$0].name)" }.sorted())
  }

  @Test func aDryRunWritesNothing() throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish()
    let (folder, report) = try tree.snapshot.house.restore { $0.dryRun = true }
    #expect(report.entries == 11)
    #expect(!Paths.exists(folder))
  }

  @Test(arguments: [0, 1, 2], [false, true])
  func damageCostsTheFilesThatNeedTheVolumeAndNothingElse(_ volume: Int, isMissing: Bool) throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish()
    let house = tree.snapshot.house
    if isMissing {
      unlink(tree.snapshot.path(ofVolume: volume))
    } else {
      try tree.snapshot.flip(volume: volume)
    }
    let affected = [["alone", "dir/same", "long"], ["hole", "long"], ["long", "noted"]][volume]
    let verification = try #require(try house.verify(.readable).first)
    #expect(verification.result == .damaged)
    #expect(codes(verification) == [isMissing ? .missing : .wrongDigest] + affected.map { _ in .entryMissing })
    #expect(verification.findings.dropFirst().map(\.path) == affected.map { "t/\($0)" })
    #expect(try house.verify(.restored).map(\.result) == [.damaged])
    let (folder, report) = try house.restore()
    for name in ["alone", "dir/empty", "dir/same", "hole", "long", "noted"] {
      #expect(Paths.exists("\(folder)/t/\(name)") == !affected.contains(name), "\(name)")
    }
    #expect(Paths.exists("\(folder)/t/hard") == (volume != 0))
    let lost = report.findings.filter { $0.code == .notRestored }.map(\.path)
    #expect(Set(lost) == Set((affected + (volume == 0 ? ["hard"] : [])).map { "t/\($0)" }))
  }

  @Test func anotherDestinationHelpsOut() throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish(chunkedListing: true)
    let house = tree.snapshot.house
    var other = house.keeper.destinations[0]
    other.name = "other"
    other.path = "\(house.folder.path)/other"
    house.keeper.destinations.append(other)
    house.keeper.nodes[0].destinations = ["disk", "other"]
    try Command.succeed("cp", ["-r", "\(house.folder.path)/disk", "\(house.folder.path)/other"])
    for volume in 0..<4 { try tree.snapshot.flip(volume: volume) }
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(try FileContent.read("\(folder)/t/long") == tree.long)
  }

  @Test func aDamagedListingIsDamageOfTheSnapshot() throws {
    let tree = try HandmadeTree()
    try tree.snapshot.finish(chunkedListing: true)
    let house = tree.snapshot.house
    try tree.snapshot.flip(volume: 3)
    let verification = try #require(try house.verify(.readable).first)
    #expect(codes(verification) == [.wrongDigest])
    #expect(try house.verify(.present).map(\.result) == [.sound], "present needs no listing")
    #expect(throws: VerifyError.self) { try house.restore() }
    #expect(!Paths.exists("\(house.folder.path)/restored"))
  }

  // MARK: Manifests that no node would write

  private func judged(_ snapshot: HandmadeSnapshot, _ level: VerificationLevel = .readable) throws -> Verification {
    try snapshot.finish()
    return try #require(try snapshot.house.verify(level).first)
  }

  enum Place: CaseIterable { case anotherSet, laterSnapshot, listedTwice, idTwice }

  @Test(arguments: Place.allCases)
  func aVolumeThatMayNotBeThereIsRefused(_ place: Place) throws {
    let snapshot = try HandmadeSnapshot()
    let chunk = Household.noise(1000)
    switch place {
    case .anotherSet: try snapshot.addVolume([chunk], set: "keys")
    case .laterSnapshot: try snapshot.addVolume([chunk], of: snapshot.other(86400))
    case .listedTwice:
      try snapshot.addVolume([chunk])
      snapshot.volumes.append(snapshot.volumes[0])
      snapshot.volumes[1].id = 99
    case .idTwice:
      try snapshot.addVolume([chunk])
      try snapshot.addVolume([chunk])
      snapshot.volumes[1].id = snapshot.volumes[0].id
    }
    snapshot.addFile("t", [(chunk, volume: snapshot.volumes[0].id)])
    let verification = try judged(snapshot, .present)
    #expect(codes(verification) == [.malformed])
    #expect(throws: VerifyError.self) { try snapshot.house.restore() }
  }

  enum Lie: CaseIterable { case missingChunk, wrongVolume, unknownVolume, wrongBytes, wrongLength, notAChunk, twice }

  @Test(arguments: Lie.allCases)
  func aLieAboutOneFileCostsThatFileAlone(_ lie: Lie) throws {
    let snapshot = try HandmadeSnapshot()
    let (good, bad) = (Household.noise(1000, seed: 1), Household.noise(2000, seed: 2))
    let member = "chunks/\(HandmadeSnapshot.reference(bad, in: 1).digest)"
    var volume: Int
    switch lie {
    case .missingChunk, .unknownVolume: volume = try snapshot.addVolume([good])
    case .wrongBytes:
      volume = try snapshot.addVolume([good, good]) { [count = Counter()] in
        count.next() == 1 ? ChunkReference.memberName(HandmadeSnapshot.reference($0, in: 1).digest) : member
      }
    case .notAChunk:
      volume = try snapshot.addVolume([good, bad]) {
        $0 == bad ? "../\(member)" : ChunkReference.memberName(HandmadeSnapshot.reference($0, in: 1).digest)
      }
    case .twice: volume = try snapshot.addVolume([good, bad, bad])
    case .wrongVolume, .wrongLength: volume = try snapshot.addVolume([good, bad])
    }
    snapshot.addFile("t", [(good, volume)])
    switch lie {
    case .wrongVolume: volume = try snapshot.addVolume([good])
    case .unknownVolume: volume = 77
    default: break
    }
    snapshot.addFile("u", [(bad, volume), (good, snapshot.volumes[0].id)])
    if lie == .wrongLength {
      snapshot.entries[1].chunks?[0].length += 1
      snapshot.entries[1].entry.size += 1
    }
    let verification = try judged(snapshot)
    let expected: [Finding.Code] =
      switch lie {
      case .twice: []
      case .missingChunk, .wrongVolume, .unknownVolume: [.entryMissing]
      case .wrongBytes, .wrongLength: [.contentMismatch]
      case .notAChunk: [.entryUnexpected, .entryMissing]
      }
    #expect(codes(verification) == expected, "\(verification.findings)")
    let (folder, report) = try snapshot.house.restore()
    #expect(try FileContent.read("\(folder)/t") == good)
    #expect(Paths.exists("\(folder)/u") == (lie == .twice))
    #expect(report.findings.isEmpty == (lie == .twice))
  }

  @Test func aFileWithContentButWithoutChunksIsMalformed() throws {
    let snapshot = try HandmadeSnapshot()
    try snapshot.addVolume([[1]])
    snapshot.addFile("t", [([1, 2, 3], volume: snapshot.volumes[0].id)])
    snapshot.entries[0].chunks = nil
    #expect(codes(try judged(snapshot)) == [.malformed])
  }
}

/// Counts calls of a closure.
private final class Counter {
  private var count = 0
  func next() -> Int {
    count += 1
    return count
  }
}
