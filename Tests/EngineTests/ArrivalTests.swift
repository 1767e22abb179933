import Backup
import Channels
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// What a run that ended early has stored: taken over by the next one exactly where that is sound.
@Suite struct ArrivalTests {
  private let house: Household

  /// Four files in two volumes.
  init() throws {
    house = try Household(destinations: ["disk", "other"], mode: .incremental)
    house.node.sets[0].destinations = ["disk"]
    for number in 0..<4 { try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(number + 1))) }
  }

  private var journal: String { "\(house.node.state)/arrivals/data" }

  /// A run of which the first volume alone is stored, after the sources were read: its arrival is in the journal, and the
  /// index was not told of it.
  private func interrupt() throws {
    let before = try house.volumes()
    let (folder, monitor) = ("\(house.folder.path)/disk", Monitor())
    let hasBegun = Flag()
    house.stores["disk"] = FaultyStore(DirectoryStore(folder)) { call in
      if call.key.hasSuffix("/volume-000001.tar.zst.gpg") {
        monitor.locked { while !hasBegun.isSet { monitor.wait() } }
      } else if call.key.hasSuffix("/volume-000002.tar.zst.gpg") {
        monitor.locked {
          hasBegun.isSet = true
          monitor.wakeAll()
        }
        let first = call.key.replacing("-000002", with: "-000001")
        while !Paths.exists("\(folder)/\(first)") { usleep(1000) }
        return .fail(StorageError(.refused, "disk", "no"))
      }
      return nil
    }
    #expect(try house.backup().first?.status == .failed)
    house.stores = [:]
    #expect(try house.volumes().count == before.count + 1)
    #expect(try !FileContent.read(journal).isEmpty)
  }

  private final class Flag: Sendable {
    // Guarded by the monitor beside it.
    nonisolated(unsafe) var isSet = false
  }

  private func later(_ seconds: Int64) {
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + seconds) }
  }

  /// The next run, which must come to a snapshot that restores.
  private func next(_ seconds: Int64 = 60) throws -> SetOutcome {
    later(seconds)
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    let verified = try house.verify(.restored)
    #expect(verified.allSatisfy { $0.result == .sound }, "\(verified.flatMap(\.findings))")
    return outcome
  }

  @Test func theNextRunTakesItOver() throws {
    try interrupt()
    #expect(try next().volumes == 1)
    #expect(try FileContent.read(journal).isEmpty)
  }

  @Test func aLineThatWasCutShortIsSentAgain() throws {
    try interrupt()
    let content = try FileContent.read(journal)
    try FileContent.write(Array(content.dropLast(5)), to: journal)
    #expect(try next().volumes == 2)
  }

  @Test func aLineThatWasAlteredIsSentAgain() throws {
    try interrupt()
    var content = try FileContent.read(journal)
    content[content.count / 2] ^= 1
    try FileContent.write(content, to: journal)
    #expect(try next().volumes == 2)
  }

  @Test func nothingIsTakenOverIntoAnIndexBegunAnew() throws {
    try interrupt()
    try Command.succeed("rm", ["\(house.node.state)/index.sqlite"])
    #expect(try next().volumes == 2)
  }

  @Test func aLineFromBeforeThePublicationIsVoid() throws {
    try interrupt()
    let old = try FileContent.read(journal)
    #expect(try next().volumes == 1)
    // What the first volume holds falls out of the snapshots, and may be pruned.
    let content = try FileContent.read("\(house.source)/file-0")
    try Command.succeed("sh", ["-c", "rm '\(house.source)'/file-[012]"])
    _ = try next(120)
    try FileContent.write(old, to: journal)
    try house.write("file-0", content)
    #expect(try next(180).storedBytes > 300_000, "what fell out is never referred to again")
  }

  @Test func aDestinationThatIsNewAfterAnInterruptedRunGetsEverything() throws {
    try interrupt()
    house.node.sets[0].destinations = ["disk", "other"]
    #expect(try next().volumes == 2)
    #expect(try house.volumes("other").count == 2)
  }

  @Test func aDestinationThatWasLeftOutForANightGetsEverything() throws {
    house.node.sets[0].destinations = ["disk", "other"]
    _ = try next(0)
    house.node.sets[0].destinations = ["disk"]
    for number in 0..<4 { try house.write("file-\(number)", Household.noise(300_000, seed: UInt64(number + 11))) }
    later(60)
    try interrupt()
    house.node.sets[0].destinations = ["disk", "other"]
    #expect(try next(120).volumes == 2)
  }
}
