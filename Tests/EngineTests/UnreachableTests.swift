import Backup
import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// A destination that cannot be reached is given up for the rest of the run, told of once, and catches up.
@Suite struct UnreachableTests {
  private let house: Household

  /// Two sets at two destinations.
  init() throws {
    house = try Household(destinations: ["disk", "other"], mode: .incremental)
    var keys = house.node.sets[0]
    keys.name = "keys"
    keys.mode = .full
    house.node.sets.append(keys)
    for number in 0..<4 { try house.write("file-\(number)", Household.noise(400_000, seed: UInt64(number + 1))) }
  }

  private func failing(
    _ code: StorageError.Code, _ condition: @escaping @Sendable (FaultyStore.Call) -> Bool
  ) -> FaultyStore {
    let store = FaultyStore(DirectoryStore("\(house.folder.path)/other")) {
      condition($0) ? .fail(StorageError(code, "other", "connection refused")) : nil
    }
    house.stores["other"] = store
    return store
  }

  private var failures: [BackupEvent] {
    house.events.all.filter { if case .destinationFailed(_, "other", _) = $0 { true } else { false } }
  }

  private func expectCaughtUp(_ missed: [SetOutcome.Status] = [.unchanged, .stored, .stored]) throws {
    house.stores = [:]
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    // The incremental set: where nothing was missed, and where it was; then the full one.
    #expect(try house.backup().map(\.status) == missed)
    #expect(try house.verify(.restored).map(\.result) == Array(repeating: .sound, count: 4))
    let catalogs = try ["disk", "other"].map { try house.objects($0).filter { $0.contains("/catalog/") } }
    #expect(catalogs[0] == catalogs[1])
    #expect(try house.objects("other").count { $0.contains("recover") || $0.contains("RECOVER") } == 2)
  }

  @Test func itIsAskedOnceInARun() throws {
    let other = failing(.unreachable) { _ in true }
    let outcomes = try house.backup()
    #expect(outcomes.map(\.status) == [.partial, .partial])
    #expect(outcomes.allSatisfy { $0.destinations.last?.stored == false })
    #expect(other.calls.count == 1)
    #expect(failures.count == 1)
    try expectCaughtUp()
  }

  @Test func itGoesAwayAmongTheVolumes() throws {
    let other = failing(.unreachable) { $0.key.contains("/volume-") }
    #expect(try house.backup().map(\.status) == [.partial, .partial])
    // Two volumes are underway at once.
    #expect((1...2).contains(other.calls.count { $0.key.contains("/volume-") }))
    #expect(other.calls.last?.key.contains("/volume-") == true)
    #expect(failures.count == 1)
    try expectCaughtUp()
  }

  /// The next object may be allowed, and the next set too.
  @Test(arguments: [StorageError.Code.denied, .server, .full, .refused]) func aRefusalIsNoAbsence(
    _ code: StorageError.Code
  ) throws {
    let other = failing(code) { $0.key.contains("/data/") }
    #expect(try house.backup().map(\.status) == [.partial, .stored])
    #expect(other.calls.count { $0.key.contains("/keys/") } >= 2)
    try expectCaughtUp()
  }
}
