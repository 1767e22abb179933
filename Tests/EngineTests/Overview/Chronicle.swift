import Digests
import Files
import Policy
import Repository
import Testing
import Verify

/// A keeper's and its nodes' catalogs as a test writes them, day by day, and the overview of them.
struct Chronicle {
  static let start: Int64 = 1_790_000_000
  static let day: Int64 = 86400

  private(set) var records: [CatalogRecord] = []
  private(set) var nodes: [String: [CatalogRecord]] = [:]
  var configuration: KeeperConfiguration
  var keys = KeyRingContents()
  /// What the last snapshot of each set was.
  private var last: [String: String] = [:]

  init(destinations: [(String, DestinationConfiguration.Location)] = [("offsite", .offsite)]) {
    let configured = destinations.map { DestinationConfiguration(name: $0.0, kind: .directory, location: $0.1) }
    configuration = KeeperConfiguration(
      state: "/nowhere", keys: KeysConfiguration(gnupgHome: "/nowhere"), destinations: configured,
      nodes: [WatchedNode(host: "peer-1", trustedSigners: [], destinations: destinations.map(\.0))])
  }

  static func time(_ day: Double) -> Timestamp { Timestamp(seconds: start + Int64(day * Double(Self.day))) }

  static func snapshot(_ day: Double) -> String { SnapshotID(started: time(day), random: 0x7f3a).description }

  /// A record as it was read: its place in a chain was looked at then.
  private static func record(_ event: CatalogEvent, _ day: Double) throws -> CatalogRecord {
    var record = try template.get()
    (record.time, record.event) = (time(day), event)
    return record
  }

  private static let template = Result {
    var chain = CatalogChain()
    return try chain.append(.acknowledgement(Acknowledgement(host: "", epoch: "", by: "", note: "")), at: time(0))
      .record
  }

  // MARK: What the keeper records

  mutating func keep(_ day: Double, _ event: CatalogEvent) throws {
    records.append(try Self.record(event, day))
  }

  /// The wallets are attested and the self-test passes, so that nothing is open but what a test is about.
  mutating func settle(_ day: Double = 0) throws {
    try keep(day, .attestation(Attestation(class: "wallet-seed-phrases", host: nil, by: "Ada", note: "Read it")))
    try selfTest(day)
  }

  mutating func selfTest(_ day: Double, found: Bool = true) throws {
    let cases = [SelfTest.Case(name: "a lost volume", level: "present", found: found, detail: "missing")]
    try keep(
      day,
      .selfTest(SelfTest(host: "peer-1", set: "data", snapshot: "s", destination: "offsite", cases: cases)))
  }

  mutating func observe(_ day: Double, host: String = "peer-1", findings: [Finding] = []) throws {
    for destination in configuration.nodes.first(where: { $0.host == host })?.destinations ?? [] {
      try keep(
        day,
        .observation(
          Observation(
            host: host, destination: destination, epoch: "20261121T020000Z-00000001", segments: 1,
            records: nodes[host]?.count ?? 0, head: "", segmentDigest: "", findings: findings)))
    }
  }

  /// - Parameter of: the day of the snapshot.
  mutating func verify(
    _ day: Double, of snapshot: Double, _ level: VerificationLevel = .readable, _ result: VerificationResult = .sound,
    at destination: String = "offsite", set: String = "data", host: String = "peer-1",
    recipients: [String]? = nil, key: String? = nil
  ) throws {
    let findings = result == .damaged ? [Finding(.wrongDigest, "data/volume-000001", "other bytes")] : []
    var verification = Verification(
      host: host, set: set, snapshot: Self.snapshot(snapshot), destination: destination, level: level, result: result,
      objects: 2, bytes: 100, seconds: 1, reason: result == .unchecked ? "no connection" : nil, findings: findings,
      findingCount: findings.count)
    verification.class = "client-database"
    verification.recipients = recipients
    verification.key = key
    try keep(day, .verification(verification))
  }

  mutating func drill(
    _ day: Double, of snapshot: Double, _ result: VerificationResult = .sound, recordsProof: Bool = true
  ) throws {
    if recordsProof { try verify(day, of: snapshot, .restored, result) }
    let verification = Verification(
      host: "peer-1", set: "data", snapshot: Self.snapshot(snapshot), destination: "offsite", level: .restored,
      result: result, objects: 2, bytes: 100, seconds: 1, findingCount: 0)
    var drill = Drill(verification, standardTools: false, by: nil, note: nil)
    if result == .damaged {
      drill.checks = [.init(name: "orders", passed: false, ending: "exited with code 1", seconds: 1, output: "")]
    }
    try keep(day, .drill(drill))
  }

  // MARK: What nodes record

  mutating func note(_ day: Double, _ event: CatalogEvent, host: String = "peer-1") throws {
    nodes[host, default: []].append(try Self.record(event, day))
  }

  mutating func backUp(
    _ day: Double, set: String = "data", class dataClass: String = "client-database", host: String = "peer-1",
    at stored: [String] = ["offsite"], missed: [String] = [], away: [String] = []
  ) throws {
    guard let id = SnapshotID(Self.snapshot(day)) else { return }
    let epoch = Epoch(began: Self.time(0), random: 1)
    try note(day, .started(RunStarted(epoch: epoch, set: set, snapshot: id)), host: host)
    let outcomes =
      stored.map { DestinationOutcome(name: $0, stored: true) }
      + missed.map { DestinationOutcome(name: $0, stored: false, error: "connection refused") }
      + away.map { DestinationOutcome(name: $0, stored: false, skipped: DestinationOutcome.notMounted) }
    try note(
      day,
      .snapshot(
        SnapshotStored(
          set: set, class: dataClass, mode: "full", snapshot: id, manifest: .zero, entries: 1, bytes: 1, volumes: 1,
          storedBytes: 1, findings: 0, seconds: 1, destinations: outcomes)), host: host)
    last[set] = "\(id)"
  }

  mutating func findUnchanged(_ day: Double, set: String = "data") throws {
    guard let id = last[set].flatMap({ SnapshotID($0) }) else { return }
    let epoch = Epoch(began: Self.time(0), random: 1)
    try note(day, .started(RunStarted(epoch: epoch, set: set, snapshot: id)))
    try note(day, .unchanged(NothingChanged(set: set, snapshot: id)))
  }

  // MARK: The overview

  func overview(_ day: Double) -> KeeperOverview {
    KeeperOverview(KeeperKnowledge(configuration, records: records, nodes: nodes, keys: keys), now: Self.time(day))
  }

  /// What is wrong at a day: kinds, without notices.
  func wrong(_ day: Double) -> [Concern.Kind] {
    overview(day).concerns.filter { $0.severity > .notice }.map(\.kind)
  }
}
