import Backup
import Files
import Glibc
import Repository
import TestKit
import Testing
import Verify

@Suite struct RoundTripTests {
  @Test func whatWasStoredIsVerifiedAtEveryLevelAndRestored() throws {
    let house = try Household()
    try house.write("node.toml", "port = 18888\n")
    try house.write("etch/store.etch", Household.noise(3_500_000))
    try house.write("empty", [])
    try Command.succeed(
      "sh", ["-c", "cd '\(house.source)' && ln -s node.toml link && ln node.toml hard && mkfifo fifo"])
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.volumes >= 3)
    #expect(outcome.findings.isEmpty)
    for level in VerificationLevel.allCases {
      let verification = try #require(try house.verify(level).first)
      #expect(verification.result == .sound, "\(level): \(verification.findings) \(verification.reason ?? "")")
      #expect(verification.level == level)
    }
    let (folder, report) = try house.restore()
    #expect(report.findings.isEmpty)
    #expect(try house.differences(house.source, "\(folder)/\(house.sourceEntry)") == "")
  }

  @Test func aSetAsSmallAsAKeyFileCostsOneVolumeAndOneManifest() throws {
    let house = try Household()
    try house.write("peer-keys.dat", Household.noise(64))
    house.node.sets[0].paths = ["\(house.source)/peer-keys.dat"]
    try house.backup()
    let stored = try house.objects().filter { $0.hasPrefix("peer-1/data/") }
    #expect(stored.count == 2)
    #expect(try house.volumes().count == 1)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  @Test func partsRestoreFromTheVolumesThatHoldThemAlone() throws {
    let house = try Household()
    for number in 0..<6 { try house.write("part-\(number)/file", Household.noise(900_000, seed: UInt64(number + 1))) }
    try house.write("large", Household.noise(2_500_000, seed: 77))
    try house.backup()
    let volumes = try house.volumes()
    #expect(volumes.count >= 7)
    let counting = FaultyStore(house.store("disk")) { _ in nil }
    house.stores["disk"] = counting
    let (folder, report) = try house.restore(["\(house.sourceEntry)/part-3"])
    #expect(report.findings.isEmpty)
    #expect(report.entries == 2)
    #expect(try house.differences("\(house.source)/part-3", "\(folder)/\(house.sourceEntry)/part-3") == "")
    let fetched = counting.calls.filter { $0.operation == .get && $0.key.contains("/volume-") }
    // The folder's own entry may end the volume before.
    #expect(fetched.count <= 2, "\(fetched)")
  }

  @Test func aHardLinkRestoresAloneWithTheContentOfItsFile() throws {
    let house = try Household()
    try house.write("a/original", "content\n")
    try Command.succeed("sh", ["-c", "cd '\(house.source)' && mkdir b && ln a/original b/one && ln a/original b/two"])
    try house.backup()
    let (folder, report) = try house.restore(["/\(house.sourceEntry)/b"])
    #expect(report.findings.isEmpty)
    let restored = "\(folder)/\(house.sourceEntry)"
    #expect(try FileContent.read("\(restored)/b/one") == Array("content\n".utf8))
    #expect(!Paths.exists("\(restored)/a"))
    let links = try Command.succeed("find", ["\(restored)/b", "-samefile", "\(restored)/b/one"]).lines
    #expect(links.count == 2)
  }

  @Test func aPathThatTheSnapshotDoesNotHaveIsNamed() throws {
    let house = try Household()
    try house.write("file", "content")
    try house.backup()
    #expect { try house.restore(["no/such/path"]) } throws: { "\($0)".contains("no/such/path") }
  }

  @Test func aTargetThatIsNotEmptyIsRefusedWithoutForce() throws {
    let house = try Household()
    try house.write("file", "new")
    try house.backup()
    let occupied = "\(house.folder.path)/restored/\(house.sourceEntry)"
    try Paths.makeFolders(occupied)
    try FileContent.write(Array("old".utf8), to: "\(occupied)/file")
    #expect { try house.restore() } throws: { ($0 as? VerifyError)?.code == .target }
    #expect(try FileContent.read("\(occupied)/file") == Array("old".utf8))
    _ = try house.restore([]) { $0.force = true }
    #expect(try FileContent.read("\(occupied)/file") == Array("new".utf8))
  }

  @Test func aDryRunWritesNothingAnywhere() throws {
    let house = try Household()
    try house.write("file", "content")
    try house.backup()
    let (folder, report) = try house.restore([]) { $0.dryRun = true }
    #expect(report.entries == 2)
    #expect(!Paths.exists(folder))
    let before = try house.objects()
    let outcomes = try BackupEngine(configuration: house.node, writers: [:], environment: RunEnvironment()).simulate()
    #expect(outcomes.first?.status == .simulated)
    #expect(outcomes.first?.files == 1)
    #expect(outcomes.first?.bytes == 7)
    #expect(try house.objects() == before)
  }

  @Test func snapshotsAreListedWithTheirLastVerification() throws {
    let house = try Household(destinations: ["disk", "other"])
    try house.write("file", "content")
    try house.backup()
    _ = try house.verify(.readable, SnapshotSelection(destinations: ["disk"]))
    let listed = try house.makeKeeper().list(SnapshotSelection(snapshots: .all))
    #expect(listed.map(\.destination) == ["disk", "other"])
    #expect(listed.map(\.isFinished) == [true, true])
    #expect(listed.map { $0.lastVerification?.level } == [.readable, nil])
  }

  @Test func eachDestinationGetsTheSameVolumes() throws {
    let house = try Household(destinations: ["disk", "other"])
    try house.write("file", Household.noise(2_500_000))
    try house.backup()
    for volume in try house.volumes() {
      let copies = try ["disk", "other"].map { try FileContent.read("\(house.folder.path)/\($0)/\(volume)") }
      #expect(copies[0] == copies[1])
    }
    #expect(try house.verify(.readable).map(\.result) == [.sound, .sound])
  }

  @Test func aSecondRunWhileOneIsRunningIsTurnedAway() throws {
    let house = try Household()
    try house.write("file", "content")
    try Paths.makeFolders(house.node.state)
    let lock = try FileLock.acquire("\(house.node.state)/lock")
    #expect { try house.backup() } throws: { ($0 as? BackupError)?.code == .locked }
    _ = lock
  }

  @Test func aSetThatIsEmptyIsASnapshotOfAFolder() throws {
    let house = try Household()
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.entries == 1)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }
}
