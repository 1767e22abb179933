import Backup
import Channels
import Files
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Destinations that expire by themselves: what is stored with which date, and that a snapshot outlives its retention.
@Suite struct LifecycleTests {
  /// The time of a simulation, and when each object was stored.
  final class Simulation: Sendable {
    private let monitor = Monitor()
    // Guarded by `monitor`.
    private nonisolated(unsafe) var seconds: Int64 = 1_800_000_000
    private nonisolated(unsafe) var times: [String: Int64] = [:]
    private nonisolated(unsafe) var putsLeft = Int.max

    var now: Int64 {
      get { monitor.locked { seconds } }
      set { monitor.locked { seconds = newValue } }
    }
    var stored: [String: Int64] { monitor.locked { times } }
    func forget(_ key: String) { monitor.locked { times[key] = nil } }
    /// After how many more objects the destination fails.
    func fail(after count: Int) { monitor.locked { putsLeft = count } }

    /// An hour passes with each object, before the store dates it.
    func put(_ key: String) -> FaultyStore.Fault? {
      monitor.locked {
        guard putsLeft > 0 else { return .fail(StorageError(.unreachable, "disk", "connection reset")) }
        putsLeft -= 1
        seconds += 3600
        times[key] = seconds
        return nil
      }
    }
  }

  static let day: Int64 = 86400
  static let refresh = 8 * day
  static let retention = 6 * day

  private func simulated(_ mode: SetConfiguration.Mode, _ simulation: Simulation) throws -> Household {
    let house = try Household(mode: mode)
    house.node.destinations[0].expiry = .lifecycle
    house.node.sets[0].refresh = Self.refresh
    house.node.sets[0].retention = Self.retention
    house.node.sets[0].volumeSize = 64 << 10
    house.stores["disk"] = FaultyStore(house.store("disk")) { call in
      call.operation == .put ? simulation.put(call.key) : nil
    }
    house.clock = { Timestamp(seconds: simulation.now) }
    return house
  }

  /// The objects of a snapshot, by its own manifest, read with standard tools.
  private func needs(_ snapshot: SnapshotID, _ house: Household) throws -> [String] {
    let manifest = "peer-1/data/\(snapshot)/manifest.tar.zst.gpg"
    let script =
      "set -o pipefail; gpg --homedir '\(house.keys.keeper.home)' --batch -q -d '\(house.folder.path)/disk/\(manifest)' "
      + "2>/dev/null | zstd -dcq | tar -xO volumes.tsv"
    let table = try Command.succeed("bash", ["-c", script]).lines
    try #require(table.first?.hasPrefix("#key\t") == true)
    return [manifest] + table.dropFirst().map { "peer-1/\($0.prefix { $0 != "\t" })" }
  }

  /// Sixty nights: changes in most of them, a stretch without any that is longer than `refresh`, storage that fails, a week
  /// without a run, and everything deleted that the bucket's rule deletes.
  ///
  /// What is stored at once stays within:
  /// - mode `full`: a snapshot for each run of the last `retention` and a day, the rule's rounding;
  /// - mode `incremental`: the data and the changes of `refresh` + `retention` and a day, as often as `objectLifetime` says
  ///   that it is sent in that time on average: each three quarters of `refresh`.
  @Test(arguments: [SetConfiguration.Mode.incremental, .full])
  func everySnapshotOutlivesItsRetention(_ mode: SetConfiguration.Mode) throws {
    let simulation = Simulation()
    let house = try simulated(mode, simulation)
    let lifetime = try #require(house.node.sets[0].objectLifetime)
    // As the rule has it.
    let days = (lifetime + Self.day - 1) / Self.day
    let (files, size) = (12, 16_000)
    for number in 0..<files { try house.write("file-\(number)", Household.noise(size, seed: UInt64(number + 1))) }
    let evening = simulation.now
    var promises: [(snapshot: SnapshotID, until: Int64, objects: [String])] = []
    var (unchanged, failures) = (0, 0)
    let quiet = 12..<23
    var most = 0.0
    // A second run in quiet nights finds most times that nothing needs to be sent.
    let starts = (0..<60).flatMap { night in
      mode == .incremental && quiet.contains(night) ? [(night, 0), (night, 12)] : [(night, 0)]
    }
    for (night, hour) in starts where !(33..<40).contains(night) {
      simulation.now = evening + Int64(night) * Self.day + Int64(hour) * 3600
      if !quiet.contains(night) {
        try house.write("file-\(night % files)", Household.noise(size, seed: UInt64(1000 + night)))
      }
      // At a volume, at a manifest, at the record of the outcome.
      simulation.fail(after: night % 9 == 8 ? night / 9 % 3 + 1 : .max)
      let start = simulation.now
      let outcome = try #require(try house.backup().first)
      switch outcome.status {
      case .failed, .partial: failures += 1
      case .unchanged: unchanged += 1
      default: break
      }
      if outcome.status == .stored || outcome.status == .unchanged {
        let snapshot = outcome.snapshot
        let promise = (snapshot: snapshot, until: start + Self.retention, objects: try needs(snapshot, house))
        // To the second, whenever it is that the bucket's rule is applied.
        for key in promise.objects {
          let end = try #require(simulation.stored[key], "\(key) is gone") + days * Self.day
          #expect(end >= promise.until, "night \(night): \(key) goes \(promise.until - end) s too early")
        }
        promises.append(promise)
      }
      for (key, time) in simulation.stored
      where key.hasPrefix("peer-1/data/") && time + days * Self.day <= simulation.now {
        try house.store("disk").remove(key)
        simulation.forget(key)
      }
      let present = Set(try house.objects())
      for promise in promises where promise.until > simulation.now {
        #expect(promise.objects.allSatisfy(present.contains), "night \(night)")
      }
      let bytes = try Command.succeed(
        "find", ["\(house.folder.path)/disk/peer-1/data", "-type", "f", "-printf", "%s\\n"])
      most = max(most, bytes.lines.reduce(0) { $0 + (Double($1) ?? 0) } / Double(files * size))
    }
    let span = Double(days) + 1
    let bound = mode == .full ? span : span / 6 * (1 + span / Double(files))
    #expect(most < bound, "\(most) times the data, of \(bound)")
    #expect(failures >= 4)
    #expect(mode == .full || unchanged > 2)
    let kept = Set(promises.filter { $0.until > simulation.now }.map(\.snapshot))
    #expect(kept.count >= 5)
    for snapshot in kept {
      #expect(try house.verify(.present, SnapshotSelection(snapshots: .one(snapshot))).map(\.result) == [.sound])
    }
    #expect(try house.verify(.restored).map(\.result) == [.sound])
  }

  /// A set without content has no volume that could grow old: its manifest does.
  @Test func aManifestWithoutVolumesIsRenewed() throws {
    let simulation = Simulation()
    let house = try simulated(.incremental, simulation)
    try house.write("empty", [])
    #expect(try house.backup().first?.status == .stored)
    let end = simulation.now
    simulation.now += Self.day
    #expect(try house.backup().first?.status == .unchanged)
    simulation.now = end + Self.refresh
    #expect(try house.backup().first?.status == .stored)
  }

  /// A longer retention, or a first one, is not covered by the dates of what is stored already.
  @Test(arguments: [false, true]) func aLongerRetentionSendsWhatWouldGoTooEarly(_ isFirst: Bool) throws {
    let simulation = Simulation()
    let house = try simulated(.incremental, simulation)
    if isFirst {
      house.node.destinations[0].expiry = .prune
      house.node.sets[0].retention = nil
    }
    try house.write("file", Household.noise(50_000))
    let first = try #require(try house.backup().first)
    simulation.now += 3600
    house.node.destinations[0].expiry = .lifecycle
    house.node.sets[0].retention = Self.retention + Self.refresh
    let second = try #require(try house.backup().first)
    #expect(second.status == .stored && second.storedBytes > 50_000)
    let old = try needs(first.snapshot, house)
    #expect(try needs(second.snapshot, house).allSatisfy { !old.contains($0) })
  }

  @Test(arguments: [S3Settings.LockMode.governance, .compliance])
  func objectsAreLockedAsLongAsTheyAreNeeded(_ mode: S3Settings.LockMode) throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket(objectLock: true)
    var settings = server.settings(bucket: bucket, prefix: "p")
    settings.lockMode = mode
    let house = try Household(mode: .incremental)
    house.stores["disk"] = try S3Store(settings, credentials: CredentialsProvider(server.credentials))
    house.node.destinations[0].expiry = .lifecycle
    house.node.sets[0].retention = 30 * Self.day
    var full = house.node.sets[0]
    full.name = "keys"
    full.mode = .full
    house.node.sets.append(full)
    try house.write("file", Household.noise(50_000))
    let start = Timestamp.now().seconds
    #expect(try house.backup().map(\.status) == [.stored, .stored])
    let end = Timestamp.now().seconds
    let keys = try house.store("disk").list(prefix: "").map(\.key)
    #expect(keys.count { $0.contains("/volume-") } == 2 && keys.count { $0.contains("manifest") } == 2)
    for key in keys {
      let head = try server.request("HEAD", "/\(bucket)/p/\(key)")
      guard key.contains("/data/") || key.contains("/keys/") else {
        #expect(head["x-amz-object-lock-mode"] == nil, "\(key) is needed as long as the node lives")
        continue
      }
      #expect(head["x-amz-object-lock-mode"] == mode.rawValue.uppercased())
      let lifetime = (key.contains("/data/") ? 120 : 30) * Self.day
      let date = try #require(head["x-amz-object-lock-retain-until-date"])
      let until = try #require(Timestamp(date.prefix(19) + "Z"), "\(date)").seconds
      #expect((start + lifetime...end + lifetime).contains(until), "\(key): \(date)")
      let version = try #require(head["x-amz-version-id"])
      #expect(throws: S3Server.Failure.self) {
        try server.request("DELETE", "/\(bucket)/p/\(key)", query: [("versionId", version)])
      }
    }
  }
}
