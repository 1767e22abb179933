import Backup
import Digests
import Files
import Glibc
import Index
import Repository
import Storage
import TestKit
import Testing
import Verify

/// The node's side of mode `incremental`: what is sent, and what is not.
@Suite struct IncrementalTests {
  /// Files whose times lie well before the scan, so that they count as settled.
  private func filled(_ destinations: [String] = ["disk"]) throws -> Household {
    let house = try Household(destinations: destinations, mode: .incremental)
    for number in 0..<4 { try house.write("dir/file-\(number)", Household.noise(300_000, seed: UInt64(number + 1))) }
    try house.write("large", Household.noise(6_000_000, seed: 9))
    try house.write("empty", [])
    try settle(house)
    return house
  }

  /// Waits until no file is young any more: its last change is then known to be the last one.
  private func settle(_ house: Household) throws {
    while true {
      let young = try Command.succeed("find", [house.source, "-newerct", "3 seconds ago"]).lines
      if young.isEmpty { return }
      usleep(200_000)
    }
  }

  private func later(_ house: Household, _ seconds: Int64) {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + seconds) }
  }

  private func restored(_ house: Household, _ name: String = "restored") throws -> String {
    let (folder, report) = try house.restore([], into: name)
    #expect(report.findings.isEmpty)
    return try house.differences(house.source, "\(folder)/\(house.sourceEntry)")
  }

  @Test func anUnchangedSetCostsItsHeartbeatAlone() throws {
    let house = try filled()
    #expect(try house.backup().first?.status == .stored)
    let before = try house.objects()
    later(house, 60)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .unchanged)
    #expect(Set(try house.objects()).subtracting(before).allSatisfy { $0.contains("/catalog/") })
    #expect(try house.objects().count == before.count + 2)
    let status = try #require(try setStatuses(house.node, now: house.clock()).first)
    let (success, snapshot) = (try #require(status.lastSuccess), try #require(status.lastSnapshotTime))
    #expect(success > snapshot, "looking counts")
  }

  /// Holes are not read: what they are cut into must be what reading them gives.
  @Test func aFileWithHolesHasTheChunksThatItHasWithoutThem() throws {
    let house = try filled()
    // Holes at the beginning, between, at the end; of one chunk of zeros, a little less, a little more; nothing else.
    let script = """
      cd '\(house.source)/dir'
      for size in 1048575 1048576 1048577 2097152 33554432 12345678; do truncate -s $size only-$size; done
      truncate -s 30000000 mixed && for place in 5000000 5000700 9437184 20000001 26000000; do
        head -c 70000 /dev/urandom | dd of=mixed bs=1 seek=$place conv=notrunc status=none iflag=fullblock
      done
      cp mixed begun && printf X | dd of=begun conv=notrunc status=none && cp mixed ended && printf X >>ended
      for file in only-* mixed begun ended; do cp --sparse=never $file $file.dense; done
      mkdir ../holes && for file in only-* mixed begun ended; do
        case $file in *.dense) ;; *) mv $file ../holes;; esac
      done && mv ../holes ../../holes
      """
    try Command.succeed("sh", ["-c", script])
    try house.backup()
    let volumes = try house.volumes()
    try Command.succeed("sh", ["-c", "cd '\(house.source)' && mv ../holes holes"])
    #expect(Int(try Command.succeed("stat", ["-c", "%b", "\(house.source)/holes/mixed"]).lines[0]) ?? .max < 4000)
    later(house, 60)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(try house.volumes() == volumes, "nothing of them is new")
    #expect(try house.verify(.restored).first?.result == .sound)
    #expect(try restored(house) == "")
  }

  @Test func aChangeSendsWhatChangedAndTheNewSnapshotIsWhole() throws {
    let house = try filled()
    try house.backup()
    let first = try house.volumes()
    var large = try FileContent.read("\(house.source)/large")
    for index in 3_000_000..<3_000_100 { large[index] ^= 0xFF }
    try house.write("large", large)
    try house.write("dir/new", "new\n")
    try Command.succeed("rm", ["\(house.source)/dir/file-0"])
    later(house, 60)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.storedBytes < 4_500_000, "at most two chunks of the large file")
    // The first snapshot's manifest goes: nothing of the second depends on it.
    let manifest = try #require(try house.manifests().first)
    try Command.succeed("rm", ["\(house.folder.path)/disk/\(manifest)"])
    #expect(Set(first).isSubset(of: try house.volumes()))
    for level in VerificationLevel.allCases {
      #expect(try house.verify(level).map(\.result) == [.sound], "\(level)")
    }
    #expect(try restored(house) == "")
  }

  @Test func equalContentIsSentOnce() throws {
    let house = try Household(mode: .incremental)
    let content = Household.noise(900_000)
    for name in ["a", "b", "c/d"] { try house.write(name, content) }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.storedBytes < 1_100_000)
    #expect(try restored(house) == "")
  }

  @Test func metadataAloneIsNotReadAsContent() throws {
    let house = try filled()
    try house.backup()
    try Command.succeed("chmod", ["600", "\(house.source)/large"])
    later(house, 60)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.volumes == 0)
    #expect(try restored(house) == "")
  }

  @Test func whatARunThatDiedHasSentIsNotSentAgain() throws {
    let house = try filled()
    // The manifest cannot be stored: all volumes were.
    house.stores["disk"] = FaultyStore(house.store("disk")) {
      $0.key.hasSuffix("manifest.tar.zst.gpg") ? .fail(StorageError(.unreachable, "disk", "connection reset")) : nil
    }
    #expect(try house.backup().first?.status == .failed)
    house.stores = [:]
    later(house, 60)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored, "without a manifest the set is not unchanged")
    #expect(outcome.volumes == 0)
    #expect(try restored(house) == "")
  }

  @Test func aDestinationThatWasDownCatchesUp() throws {
    let house = try filled(["disk", "other"])
    house.stores["other"] = FaultyStore(house.store("other")) {
      $0.key.contains("/volume-000002") ? .fail(StorageError(.unreachable, "other", "connection reset")) : nil
    }
    #expect(try house.backup().first?.status == .partial)
    house.stores = [:]
    later(house, 60)
    #expect(try house.backup().map(\.status) == [.unchanged, .stored])
    let both = try house.verify(.restored)
    #expect(both.map(\.result) == [.sound, .sound], "\(both.flatMap(\.findings))")
  }

  @Test func aNewDestinationGetsEverything() throws {
    let house = try filled(["disk", "other"])
    house.node.sets[0].destinations = ["disk"]
    try house.backup()
    house.node.sets[0].destinations = ["disk", "other"]
    later(house, 60)
    #expect(try house.backup().first?.status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound, .sound])
  }

  @Test func aDestinationThatMovedGetsEverything() throws {
    let house = try filled()
    try house.backup()
    try Paths.makeFolders("\(house.folder.path)/moved")
    house.node.destinations[0].path = "\(house.folder.path)/moved"
    house.stores["disk"] = DirectoryStore("\(house.folder.path)/moved")
    later(house, 60)
    #expect(try house.backup().first?.status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    let recovery = try DirectoryStore("\(house.folder.path)/moved").list(prefix: "peer-1/").map(\.key)
    #expect(recovery.contains("peer-1/recover-1.sh"), "the new place has the recovery files too")
  }

  @Test(arguments: ["lost", "garbage", "cut", "another program's"])
  func anIndexThatCannotBeUsedCostsACompleteUpload(_ kind: String) throws {
    let house = try filled()
    let first = try #require(try house.backup().first)
    let index = "\(house.node.state)/index.sqlite"
    switch kind {
    case "lost": try Command.succeed("rm", [index])
    case "garbage": try FileContent.write(Household.noise(50_000), to: index)
    case "cut": try Command.succeed("truncate", ["-s", "5000", index])
    default:
      try Command.succeed("rm", [index])
      try Command.succeed("sqlite3", [index, "create table other (a); pragma application_id = 7"])
    }
    later(house, 60)
    let second = try #require(try house.backup().first)
    #expect(second.status == .stored)
    #expect(second.storedBytes > first.storedBytes * 9 / 10)
    #expect(try restored(house) == "")
  }

  @Test(arguments: [1, 2]) func aStaleIndexIsNotReferredTo(_ nights: Int) throws {
    let house = try filled()
    try house.backup()
    let index = "\(house.node.state)/index.sqlite"
    try Command.succeed("cp", [index, "\(index).old"])
    for night in 1...nights {
      try house.write("dir/file-1", Household.noise(300_000, seed: UInt64(100 + night)))
      later(house, Int64(night) * 60)
      try house.backup()
    }
    try Command.succeed("mv", ["\(index).old", index])
    later(house, 180)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(house.events.notices.contains { $0.contains("older than the state") })
    #expect(outcome.volumes > 3, "everything is sent once more")
  }

  @Test func aStateFromAnOldImageRefersToNothingOld() throws {
    let house = try filled()
    try house.backup()
    let state = house.node.state
    try Command.succeed("cp", ["-a", state, "\(state)-image"])
    for night in 1...2 {
      try house.write("dir/file-1", Household.noise(300_000, seed: UInt64(100 + night)))
      later(house, Int64(night) * 60)
      try house.backup()
    }
    try Command.succeed("sh", ["-c", "rm -r '\(state)' && mv '\(state)-image' '\(state)'"])
    later(house, 180)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.volumes > 3, "everything is sent once more")
    #expect(try restored(house) == "")
  }

  @Test func aClockThatJumpedBackKeepsSnapshotsInOrder() throws {
    let house = try filled()
    try house.backup()
    house.clock = { Timestamp(seconds: Timestamp.now().seconds - 365 * 86400) }
    try house.write("dir/new", "new\n")
    #expect(try house.backup().first?.status == .stored)
    let manifests = try house.manifests()
    #expect(manifests.count == 2)
    #expect(try restored(house) == "", "the latest is the newest")
  }

  @Test func renewalSendsWhatIsOldAgain() throws {
    let house = try filled()
    house.node.sets[0].refresh = 30 * 86400
    try house.backup()
    later(house, 29 * 86400)
    _ = try house.backup()
    later(house, 31 * 86400 + 28 * 86400)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(try restored(house) == "")
    // Of the first snapshot's volumes none is needed any more.
    let first = try #require(try house.manifests().first).split(separator: "/")[2]
    try Command.succeed("rm", ["-r", "\(house.folder.path)/disk/peer-1/data/\(first)"])
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  @Test func forcedReadingFindsWhatTheTimesHide() throws {
    let house = try filled()
    try house.backup()
    house.node.sets[0].ignoreCtime = true
    let file = "\(house.source)/dir/file-2"
    try Command.succeed(
      "sh",
      [
        "-c",
        "touch -r '\(file)' '\(house.folder.path)/stamp' && printf X | dd of='\(file)' conv=notrunc status=none && touch -r '\(house.folder.path)/stamp' '\(file)'",
      ])
    later(house, 60)
    #expect(try house.backup().first?.status == .unchanged, "size and mtime are as they were")
    later(house, 120)
    #expect(try house.backup([], readsAll: true).first?.status == .stored)
    #expect(try restored(house) == "")
  }
}
