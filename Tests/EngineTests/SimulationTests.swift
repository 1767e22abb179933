import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Nights in a row under an injected clock: changes, crashes at random writes, renewals and pruning. After every night the
/// newest snapshot restores, and at the end everything that should be there does.
///
/// `REDOUBT_SIMULATED_NIGHTS` chooses how many; 730 are two years.
@Suite struct SimulationTests {
  private static let nights = getenv("REDOUBT_SIMULATED_NIGHTS").flatMap { Int(String(cString: $0)) } ?? 40
  private static let files = 12
  private static let size = 60_000

  /// A small generator with a fixed seed, so that a failure can be seen again.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  @Test func everyNightsSnapshotRestoresAndStorageStaysBounded() throws {
    let house = try Household(mode: .incremental)
    house.keeper.keep.last = 3
    house.keeper.keep.weekly = 2
    house.node.sets[0].refresh = 30 * 86400
    var dice = Dice(state: 20_261_121)
    for file in 0..<Self.files { try house.write("file-\(file)", Household.noise(Self.size, seed: UInt64(file + 1))) }
    let start = Timestamp.now().seconds
    var crashes = 0
    var largest = 0.0
    for night in 1...Self.nights {
      let now = start + Int64(night) * 86400
      house.clock = { Timestamp(seconds: now) }
      let changed = Int.random(in: 0..<Self.files, using: &dice)
      try house.write("file-\(changed)", Household.noise(Self.size, seed: dice.next()))
      if Int.random(in: 0..<4, using: &dice) == 0 {
        let nth = Int.random(in: 1...6, using: &dice)
        let fault: FaultyStore.Fault =
          Bool.random(using: &dice)
          ? .fail(StorageError(.unreachable, "disk", "connection reset"))
          : .loseAnswer(StorageError(.unreachable, "disk", "connection reset"))
        house.stores["disk"] = FaultyStore(house.store("disk"), at: nth, fault)
        if try house.backup().first?.status != .stored { crashes += 1 }
        house.stores = [:]
        house.clock = { Timestamp(seconds: now + 3600) }
      }
      let status = try #require(try house.backup().first?.status)
      #expect(status == .stored || status == .unchanged, "night \(night)")
      let verified = try house.verify(.restored)
      #expect(verified.map(\.result) == [.sound], "night \(night): \(verified.flatMap(\.findings))")
      if night % 7 == 0 {
        let keeper = house.makeKeeper()
        let plans = try keeper.planPrune(SnapshotSelection(snapshots: .all))
        #expect(plans.allSatisfy { $0.refusals.isEmpty }, "night \(night): \(plans.flatMap(\.refusals))")
        _ = try keeper.prune(plans, removers: ["disk": house.store("disk")])
        let bytes = try DirectoryStore("\(house.folder.path)/disk").list(prefix: "peer-1/data/").reduce(0) {
          $0 + $1.size
        }
        // Five snapshots and the newest of the epoch stay: the living data, and the changes of the nights that they span.
        largest = max(largest, Double(bytes) / Double(Self.files * Self.size))
      }
    }
    let all = try house.verify(.readable, SnapshotSelection(snapshots: .all))
    #expect(all.count >= 3 && all.allSatisfy { $0.result == .sound }, "\(all.flatMap(\.findings))")
    #expect(crashes > 0, "the simulation has crashed runs in it")
    // Living data, up to three weeks of one change a night (21 of 12 files), and what shares their volumes: half of a
    // volume may be dead before it is compacted.
    let bound = 2 * (1 + 21.0 / Double(Self.files))
    #expect(largest < bound, "\(largest) times the data, of \(bound)")
  }
}
