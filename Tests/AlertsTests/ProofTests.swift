import Files
import Repository
import Testing
import Verify

/// What the keeper's metrics say of verifications.
@Suite struct ProofTests {
  /// A catalog's records, a day after each other.
  func states(_ events: [CatalogEvent]) throws -> [ProofState] {
    var chain = CatalogChain()
    var records: [CatalogRecord] = []
    for event in events { records.append(try chain.append(event, at: time(records.count + 1)).record) }
    return ProofState.all(records)
  }

  func time(_ day: Int) -> Timestamp { Timestamp(seconds: 1_700_000_000 + Int64(day) * 86400) }
  func id(_ day: Int) -> SnapshotID { SnapshotID(started: time(day), random: 0x7f3a) }

  func check(
    _ day: Int, _ level: VerificationLevel, _ result: VerificationResult, _ destination: String = "disk"
  ) -> CatalogEvent {
    .verification(
      Verification(
        host: "peer-1", set: "data", snapshot: "\(id(day))", destination: destination, level: level, result: result,
        objects: 1, bytes: 10, seconds: 2, findingCount: result == .damaged ? 1 : 0))
  }

  @Test func aLevelProvesThoseBelow() throws {
    let states = try states([check(0, .readable, .sound)])
    #expect(states.map(\.place.level) == [.present, .intact, .readable])
    #expect(states.allSatisfy { $0.proven == time(1) && $0.newestProven == time(0) && $0.damaged.isEmpty })
  }

  @Test func damageStaysUntilItIsFoundSoundOrPruned() throws {
    let damaged = check(0, .readable, .damaged)
    #expect(try states([damaged]).map(\.place.level) == [.readable])
    // A newer snapshot that is sound does not hide the older one.
    let hidden = try states([damaged, check(1, .readable, .sound)])
    #expect(hidden.last?.damaged == ["\(id(0))"] && hidden.last?.proven == time(2))
    // Nor does a lower level of the same one, or another place.
    #expect(try states([damaged, check(0, .intact, .sound)]).last?.damaged.count == 1)
    #expect(try states([damaged, check(0, .restored, .sound, "other")]).first?.damaged.count == 1)
    #expect(try states([damaged, check(0, .restored, .sound)]).allSatisfy { $0.damaged.isEmpty })
    let pruned = Pruned(
      host: "peer-1", set: "data", destination: "disk", snapshots: [id(0)], objects: 1, bytes: 1, complete: true)
    #expect(try states([damaged, .prune(pruned)]).allSatisfy { $0.damaged.isEmpty && $0.proven == nil })
  }

  @Test func whatCouldNotBeCheckedIsNoProofAndNoDamage() throws {
    let states = try states([check(0, .intact, .sound), check(0, .readable, .unchecked)])
    #expect(states.map(\.isUnchecked) == [false, false, true])
    #expect(states.map { $0.proven != nil } == [true, true, false])
    let again = try self.states([check(0, .readable, .unchecked), check(0, .readable, .sound)])
    #expect(again.allSatisfy { !$0.isUnchecked && $0.proven == time(2) })
  }

  /// Proving an old snapshot says nothing about a new one.
  @Test func theNewestProvenSnapshotCounts() throws {
    let states = try states([check(5, .intact, .sound), check(3, .intact, .sound)])
    #expect(states.allSatisfy { $0.proven == time(2) && $0.newestProven == time(5) })
  }
}
