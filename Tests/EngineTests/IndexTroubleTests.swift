import Backup
import Files
import Index
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// An index that is there and cannot be used, or not as it was: the run says so and loses nothing.
@Suite struct IndexTroubleTests {
  private let house: Household
  private var index: String { "\(house.node.state)/index.sqlite" }

  init() throws {
    house = try Household(mode: .incremental)
    for number in 0..<3 { try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(number + 1))) }
    try house.write("large", Household.noise(5_000_000, seed: 9))
  }

  private func run(_ seconds: Int64, readsAll: Bool = false) throws -> SetOutcome {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + seconds) }
    return try #require(try house.backup([], readsAll: readsAll).first)
  }

  private func sql(_ script: String) throws {
    let code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])"
    try Command.succeed("python3", ["-c", code, index, script])
  }

  /// The run fails and says why; afterwards nothing is sent anew.
  private func expectFailure(_ words: [String], while trouble: () throws -> Void, mending: () throws -> Void) throws {
    #expect(try run(0).status == .stored)
    try trouble()
    let before = try house.volumes()
    let outcome = try run(60)
    #expect(outcome.status == .failed)
    let said = "\(outcome.reason ?? "") \(outcome.hint ?? "")"
    for word in words + [index] { #expect(said.contains(word), "\(said)") }
    try mending()
    let next = try run(120)
    #expect(next.status == .stored || next.status == .unchanged, "\(next.reason ?? "")")
    #expect(try house.volumes() == before)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  @Test func aNewerVersionsIndexIsLeftAlone() throws {
    try expectFailure(["format 9", "newer one"]) {
      try sql("PRAGMA user_version = 9")
    } mending: {
      try sql("PRAGMA user_version = 1")
    }
  }

  @Test func anotherEngineHasTheIndex() throws {
    var other: IndexFile?
    try expectFailure(["locked", "wait for the other process"]) {
      other = try IndexFile.open(index)
      try other?.setValue("held", [1])
    } mending: {
      other?.rollback()
      other = nil
    }
  }

  @Test func anIndexThatCannotBeWritten() throws {
    try expectFailure(["read-only", "make the file and its folder writable"]) {
      try Command.succeed("mount", ["--bind", index, index])
      try Command.succeed("mount", ["-o", "remount,bind,ro", index])
    } mending: {
      try Command.succeed("umount", [index])
    }
  }

  @Test func aFullDiskUnderTheIndex() throws {
    try Paths.makeFolders(house.node.state)
    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=400k,mode=700", "tmpfs", house.node.state])
    defer { _ = try? Command.run("umount", ["-l", house.node.state]) }
    for number in 0..<2500 { try house.write("small/\(number % 50)/file-\(number)", "\(number)\n") }
    let full = try run(0)
    #expect(full.status == .failed)
    #expect("\(full.reason ?? "")".contains(house.node.state), "\(full.reason ?? "")")
    #expect(full.hint != nil)
    #expect(try house.manifests().isEmpty)
    try Command.succeed("mount", ["-o", "remount,size=64m", house.node.state])
    #expect(try run(60).status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// Files are cut elsewhere from one night to the next, as a new version or a new key would do it.
  @Test func otherChunkBoundariesThanLastNight() throws {
    #expect(try run(0).status == .stored)
    let key = String(repeating: "5a", count: 32)
    try sql("UPDATE values_of SET value = x'\(key)' WHERE key = CAST('gear-key' AS BLOB)")
    #expect(try run(60, readsAll: true).status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
    var content = try FileContent.read("\(house.source)/large")
    content.insert(contentsOf: [1, 2, 3], at: 1_000_000)
    try house.write("large", content)
    #expect(try run(120).status == .stored)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// What was stored under a clock that was wrong has no known age.
  @Test func aClockThatWasAYearAhead() throws {
    let first = try run(365 * 86400)
    #expect(first.status == .stored)
    let second = try run(60)
    #expect(second.status == .stored && second.storedBytes > first.storedBytes * 9 / 10)
    #expect(second.snapshot > first.snapshot)
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// A state from an old image goes unnoticed where writes are not conditional: what it refers to is still there.
  @Test func anOldImageWithoutConditionalWrites() throws {
    house.stores["disk"] = OverwritingStore(house.store("disk"))
    house.keeper.keep.last = 1
    var settings = S3Settings(endpoint: "http://127.0.0.1", region: "r", bucket: "b")
    settings.conditionalWrites = false
    house.keeper.destinations[0].s3 = settings
    #expect(try run(0).status == .stored)
    let state = house.node.state
    try Command.succeed("cp", ["-a", state, "\(state)-image"])
    for day in 1...5 {
      for number in 0..<3 {
        try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(10 * day + number)))
      }
      #expect(try run(Int64(day) * 86400).status == .stored)
    }
    _ = try house.verify(.readable)
    let keeper = house.makeKeeper()
    let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
    _ = try keeper.prune(plans, removers: ["disk": house.store("disk")])
    try Command.succeed("sh", ["-c", "rm -r '\(state)' && mv '\(state)-image' '\(state)'"])
    for number in 0..<3 { try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(number + 1))) }
    #expect(try run(6 * 86400).status == .stored)
    let verified = try house.verify(.restored)
    #expect(verified.map(\.result) == [.sound], "\(verified.flatMap(\.findings))")
  }
}

/// A store without `If-None-Match`: what stands there is replaced without a word.
private final class OverwritingStore: ObjectWriter, ObjectReader, ObjectRemover {
  private let base: any ObjectStore
  init(_ base: any ObjectStore) { self.base = base }

  func put(_ upload: Upload) throws(StorageError) {
    try base.remove(upload.key)
    try base.put(upload)
  }
  func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    try base.get(key, maximumLength: maximumLength)
  }
  func size(of key: String) throws(StorageError) -> UInt64? { try base.size(of: key) }
  func list(prefix: String) throws(StorageError) -> [ObjectSummary] { try base.list(prefix: prefix) }
  func listFolders(prefix: String) throws(StorageError) -> [String] { try base.listFolders(prefix: prefix) }
  func remove(_ key: String) throws(StorageError) { try base.remove(key) }
}
