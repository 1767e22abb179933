import Backup
import Files
import Glibc
import Repository
import Storage
import TestKit
import Testing
import Verify

private let unreachable = StorageError(.unreachable, "disk", "connection reset")

/// What becomes of a run whose storage, sources or state fail in its middle.
@Suite struct FaultTests {
  private func filled(_ destinations: [String] = ["disk"]) throws -> Household {
    let house = try Household(destinations: destinations)
    for number in 0..<3 { try house.write("file-\(number)", Household.noise(700_000, seed: UInt64(number + 1))) }
    return house
  }

  /// How many calls a whole run makes.
  private func calls() throws -> Int {
    let house = try filled()
    let store = FaultyStore(house.store("disk")) { _ in nil }
    house.stores["disk"] = store
    try house.backup()
    return store.calls.count
  }

  @Test func whicheverWriteFailsTheNextRunSucceedsAndNoHalfSnapshotIsReported() throws {
    let total = try calls()
    #expect(total >= 8, "recovery files, segments, volumes, manifest")
    for nth in 1...total {
      let house = try filled()
      house.stores["disk"] = FaultyStore(house.store("disk"), at: nth, .fail(unreachable))
      let outcome = try #require(try house.backup().first)
      #expect(outcome.status != .stored, "write \(nth)")
      // A snapshot counts as stored exactly where its manifest is.
      let isThere = try house.manifests().count == 1
      #expect((outcome.status == .partial) == isThere, "write \(nth): \(outcome)")
      #expect(outcome.destinations.contains { $0.stored } == isThere, "write \(nth)")
      house.stores = [:]
      house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
      #expect(try house.backup().first?.status == .stored, "after write \(nth)")
      #expect(try house.verify(.readable).map(\.result) == [.sound], "after write \(nth)")
    }
  }

  @Test func aLostAnswerIsNoReasonToBeginANewEpoch() throws {
    let total = try calls()
    for nth in 1...total {
      let house = try filled()
      house.stores["disk"] = FaultyStore(house.store("disk"), at: nth, .loseAnswer(unreachable))
      try house.backup()
      house.stores = [:]
      house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
      #expect(try house.backup().first?.status == .stored, "after write \(nth)")
      let epochs = Set(try house.objects().filter { $0.contains("/catalog/") }.map { $0.split(separator: "/")[2] })
      #expect(epochs.count == 1, "write \(nth)")
    }
  }

  @Test func oneDestinationThatFailsDoesNotStopTheOther() throws {
    let house = try filled(["disk", "other"])
    house.stores["other"] = FaultyStore(house.store("other")) {
      $0.key.contains("/volume-") ? .fail(unreachable) : nil
    }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .partial)
    #expect(outcome.destinations.map(\.stored) == [true, false])
    #expect(outcome.destinations[1].error?.contains("connection reset") == true)
    #expect(try house.manifests("other").isEmpty)
    #expect(try house.verify(.readable, SnapshotSelection(destinations: ["disk"])).map(\.result) == [.sound])
    let statuses = try setStatuses(house.node, now: house.clock())
    #expect(statuses.first?.destinations.map { $0.snapshot == nil } == [false, true])
  }

  @Test func aCatalogThatCouldNotBeDeliveredCatchesUp() throws {
    let house = try filled(["disk", "other"])
    house.stores["other"] = FaultyStore(house.store("other")) { _ in .fail(unreachable) }
    try house.backup()
    #expect(try house.objects("other").isEmpty)
    house.stores = [:]
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    try house.backup()
    let segments = try ["disk", "other"].map { try house.objects($0).filter { $0.contains("/catalog/") } }
    #expect(segments[0] == segments[1])
    #expect(segments[0].count == 4)
  }

  @Test func aStateFromAnOldImageBeginsANewEpoch() throws {
    let house = try filled()
    try house.backup()
    let state = house.node.state
    try Command.succeed("cp", ["-a", state, "\(state)-image"])
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    try house.backup()
    try Command.succeed("sh", ["-c", "rm -r '\(state)' && mv '\(state)-image' '\(state)'"])
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 120) }
    #expect(try house.backup().first?.status == .stored)
    #expect(house.events.notices.contains { $0.contains("began epoch") })
    let epochs = Set(try house.objects().filter { $0.contains("/catalog/") }.map { $0.split(separator: "/")[2] })
    #expect(epochs.count == 2)
    #expect(try house.manifests().count == 3)
  }

  @Test func aCatalogThatWasChangedIsRefusedWithItsLine() throws {
    let house = try filled()
    try house.backup()
    let catalog = "\(house.node.state)/catalog.jsonl"
    try Command.succeed("sed", ["-i", "1s/started/stirred/", catalog])
    #expect { try house.backup() } throws: {
      ($0 as? BackupError)?.code == .state && "\($0)".contains("line 2")
    }
  }

  @Test func aTornLastLineIsSetAsideAndTold() throws {
    let house = try filled()
    try house.backup()
    let catalog = "\(house.node.state)/catalog.jsonl"
    let whole = try FileContent.read(catalog)
    try FileContent.write(whole + Array("{\"v\":1,\"seq\":".utf8), to: catalog)
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .stored)
    let notice = try #require(house.events.notices.first { $0.contains("set aside") })
    let aside = try #require(notice.split(separator: " ").last.map(String.init))
    #expect(try FileContent.read(aside) == Array("{\"v\":1,\"seq\":".utf8))
  }

  @Test func aSignalEndsARunWithoutASnapshot() throws {
    let house = try filled()
    house.isCancelled = { true }
    #expect { try house.backup() } throws: { ($0 as? BackupError)?.code == .cancelled }
    #expect(try house.manifests().isEmpty)
    house.isCancelled = { false }
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .stored)
  }

  /// Segments that wait in an outbox must not be forgotten because it cannot be read.
  @Test func anOutboxThatCannotBeReadIsNotTakenForAnEmptyOne() throws {
    let house = try filled()
    try house.backup()
    let outbox = "\(house.node.state)/outbox"
    try Command.succeed("sh", ["-c", "rm -r '\(outbox)' && echo > '\(outbox)'"])
    #expect { try house.backup() } throws: { ($0 as? BackupError)?.code == .state && "\($0)".contains("outbox") }
  }

  @Test func aFullDestinationFailsAndLeavesNoHalfObject() throws {
    let house = try filled()
    let disk = "\(house.folder.path)/disk"
    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=1500k", "tmpfs", disk])
    defer { _ = try? Command.run("umount", [disk]) }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    #expect(outcome.destinations.first?.error?.isEmpty == false)
    #expect(try house.manifests().isEmpty)
    let files = try Command.succeed("find", [disk, "-name", "*.tmp"])
    #expect(files.lines.isEmpty)
  }

  /// What a kill leaves of a segment that was being written is no segment.
  @Test func aHalfWrittenSegmentIsPassedOverAndRemoved() throws {
    let house = try Household()
    try house.write("file", "content")
    try house.backup()
    let outbox = "\(house.node.state)/outbox/disk"
    try FileContent.write(Array("half".utf8), to: "\(outbox)/3.0123abcd.tmp")
    try house.write("file", "other content")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try Command.succeed("ls", ["-A", outbox]).lines.isEmpty)
    #expect(try house.verify(.readable).map(\.result) == [.sound])
  }
}
