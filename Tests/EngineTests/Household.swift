import Backup
import Channels
import Digests
import Files
import Glibc
import OpenPGP
import Policy
import Repository
import Storage
import TestKit
import Verify

/// A node, its destinations in folders, and a keeper, for one test.
final class Household {
  let folder: TemporaryFolder
  let keys: SharedKeyRings
  var node: NodeConfiguration
  var keeper: KeeperConfiguration
  /// In place of the stores of folders, by destination.
  var stores: [String: any ObjectStore] = [:]
  /// In place of the stores of removable destinations.
  var removable: (any RemovableWriter)?
  var clock: @Sendable () -> Timestamp = { .now() }
  var isCancelled: @Sendable () -> Bool = { false }
  /// Of the keeper; nil for as many as usual.
  var chunksInMemory: Int?
  /// What else of the environment a test chooses.
  var adjust: (inout RunEnvironment) -> Void = { _ in }
  let events = EventList()

  /// - Parameter destinations: each is a folder of that name.
  init(destinations: [String] = ["disk"], mode: SetConfiguration.Mode = .full) throws {
    folder = try TemporaryFolder()
    keys = try SharedKeyRings.rings.get()
    for name in ["source", "scratch"] + destinations { try Paths.makeFolders("\(folder.path)/\(name)") }
    let configured = destinations.map { [folder] in
      DestinationConfiguration(name: $0, kind: .directory, location: .local, path: "\(folder.path)/\($0)")
    }
    var set = SetConfiguration(
      name: "data", dataClass: "client-database", paths: ["\(folder.path)/source"], destinations: destinations)
    set.mode = mode
    set.volumeSize = 1 << 20
    node = NodeConfiguration(
      host: "peer-1", state: "\(folder.path)/state",
      keys: KeysConfiguration(gnupgHome: keys.node.home, recipients: [keys.recipient], signer: keys.signer),
      destinations: configured, sets: [set])
    keeper = KeeperConfiguration(
      state: "\(folder.path)/keeper", keys: KeysConfiguration(gnupgHome: keys.keeper.home), destinations: configured,
      nodes: [WatchedNode(host: "peer-1", trustedSigners: [keys.signer], destinations: destinations)])
  }

  var source: String { "\(folder.path)/source" }
  /// The source's path as snapshots name it.
  var sourceEntry: String { String(source.dropFirst()) }

  func store(_ destination: String) -> any ObjectStore {
    stores[destination] ?? DirectoryStore("\(folder.path)/\(destination)")
  }

  @discardableResult
  func backup(_ sets: [String] = [], readsAll: Bool = false) throws -> [SetOutcome] {
    try makeEngine().run(sets: sets, readsAll: readsAll)
  }

  func makeEngine() -> BackupEngine {
    var environment = RunEnvironment()
    environment.clock = clock
    environment.isCancelled = isCancelled
    environment.observe = { [events] in events.add($0) }
    adjust(&environment)
    var writers: [String: any ObjectWriter] = [:]
    for destination in node.destinations {
      writers[destination.name] =
        destination.isMedium ? removable ?? RemovableStore(destination.path) : store(destination.name)
    }
    return BackupEngine(configuration: node, writers: writers, environment: environment)
  }

  func makeKeeper() -> Keeper {
    var readers: [String: any ObjectReader] = [:]
    for destination in keeper.destinations { readers[destination.name] = store(destination.name) }
    var environment = KeeperEnvironment()
    environment.clock = clock
    environment.isCancelled = isCancelled
    if let chunksInMemory { environment.chunksInMemory = chunksInMemory }
    return Keeper(configuration: keeper, readers: readers, environment: environment)
  }

  func verify(
    _ level: VerificationLevel, _ selection: SnapshotSelection = SnapshotSelection()
  ) throws -> [Verification] {
    try makeKeeper().verify(selection, level: level, scratch: "\(folder.path)/scratch").verifications
  }

  /// Restores the latest snapshot into a new folder and returns that folder.
  func restore(
    _ paths: [String] = [], into name: String = "restored",
    _ change: (inout RestoreRequest) -> Void = { _ in }
  ) throws -> (folder: String, report: RestoreReport) {
    var request = RestoreRequest(selection: SnapshotSelection(), target: "\(folder.path)/\(name)")
    request.paths = paths
    change(&request)
    return (request.target, try makeKeeper().restore(request))
  }

  /// The stored objects of a destination, as files below its folder.
  func objects(_ destination: String = "disk") throws -> [String] {
    try DirectoryStore("\(folder.path)/\(destination)").list(prefix: "").map(\.key)
  }

  func volumes(_ destination: String = "disk") throws -> [String] {
    try objects(destination).filter { $0.contains("/volume-") }
  }

  func manifests(_ destination: String = "disk") throws -> [String] {
    try objects(destination).filter { $0.hasSuffix("manifest.tar.zst.gpg") }
  }

  /// Writes a source file.
  func write(_ name: String, _ content: [UInt8]) throws {
    try Paths.makeFolders(Paths.parent("\(source)/\(name)"))
    try FileContent.write(content, to: "\(source)/\(name)", mode: 0o644)
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  /// Whether two folders hold the same files, links, modes, owners, times and attributes, by `diff` and `rsync`-like
  /// listing of the system's own tools.
  func differences(_ one: String, _ other: String) throws -> String {
    // Without the sizes of folders: those depend on the order in which their files came.
    let listing =
      "find . '(' -type d -printf '%P|%y|%m|%U|%G|%T@\\n' ')' -o -printf '%P|%y|%m|%U|%G|%T@|%s|%l|%n\\n' | sort; getfattr -R -d -m - . 2>/dev/null; true"
    let listings = try [one, other].map { try Command.run("sh", ["-c", "cd '\($0)' && \(listing)"]).text }
    // diff cannot compare fifos and says so; the listings do.
    let content = try Command.run("diff", ["-r", "--no-dereference", one, other]).lines.filter {
      !$0.contains(" is a fifo")
    }
    let listed = listings[0] == listings[1] ? "" : "listings differ:\n\(listings[0])\n---\n\(listings[1])"
    return content.joined(separator: "\n") + listed
  }

  /// Bytes that neither repeat nor compress.
  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      withUnsafeBytes(of: state) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes[..<count])
  }
}

/// What the engine told, from several threads.
final class EventList: Sendable {
  private let monitor = Monitor()
  private nonisolated(unsafe) var events: [BackupEvent] = []

  func add(_ event: BackupEvent) { monitor.locked { events.append(event) } }
  var all: [BackupEvent] { monitor.locked { events } }
  var notices: [String] { all.compactMap { if case .notice(let text) = $0 { text } else { nil } } }
}

/// Counts, from several threads.
final class EventCount: Sendable {
  private let monitor = Monitor()
  private nonisolated(unsafe) var count = 0

  /// 1, 2, 3 …
  func next() -> Int {
    monitor.locked {
      count += 1
      return count
    }
  }
}
