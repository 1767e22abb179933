import Files
import Policy
import Report
import Repository
import Verify

/// A quarter in which nodes back up every night and a keeper proves it, as records of both, under a clock of its own.
struct SampleQuarter {
  static let day: Int64 = 86400
  /// 2027-04-15T09:30:00Z, a Thursday.
  static let now = Timestamp(seconds: 1_807_781_400)
  static let destinations = ["offsite", "disk"]

  /// What a set lives through, in days counted back from today.
  struct Story {
    /// No run at all.
    var off: Set<Int64> = []
    var failing: Set<Int64> = []
    var offsiteAway: Set<Int64> = []
    var drills: [(day: Int64, seconds: Double, sound: Bool)] = [(92, 61.5, true), (30, 48.2, true)]
    /// Days on which the copies were proven; on that of `damaged`, the offsite copy was found to be bad.
    var proofs: [(day: Int64, level: VerificationLevel)] = [
      (93, .readable), (62, .readable), (31, .readable), (17, .intact), (4, .readable),
    ]
    var damaged: Int64?
    var findings = [Finding(.wrongDigest, "data/volume-000001.tar.zst.gpg", "is not what was stored")]
  }

  var now = SampleQuarter.now
  var days: Int64 = 100
  private(set) var keeper: [(event: CatalogEvent, time: Timestamp)] = []
  private(set) var nodes: [String: [(event: CatalogEvent, time: Timestamp)]] = [:]
  private var random: UInt64 = 7

  /// A number below `bound`, the same in every run.
  private mutating func dice(_ bound: UInt64) -> UInt64 {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (random >> 33) % bound
  }

  /// 00:30 of a day, and some hours.
  func time(_ back: Int64, _ hours: Int64 = 0) -> Timestamp {
    Timestamp(seconds: now.seconds - back * Self.day - (9 - hours) * 3600)
  }

  mutating func add(_ event: CatalogEvent, _ time: Timestamp) { keeper.append((event, time)) }

  /// Everything that a set and its keeper recorded.
  mutating func live(host: String, set: String, dataClass: DataClass, _ story: Story = Story()) {
    let epoch = Epoch(began: time(days), random: 1)
    var snapshots: [(day: Int64, id: SnapshotID)] = []
    for back in stride(from: days, through: 0, by: -1) where !story.off.contains(back) {
      if dataClass.frequency == .weekly && back % 7 != 3 { continue }
      let began = Timestamp(seconds: time(back, 2).seconds + Int64(dice(1800)))
      let ended = Timestamp(seconds: began.seconds + 40)
      let id = SnapshotID(started: began, random: UInt16(dice(65536)))
      nodes[host, default: []].append((.started(RunStarted(epoch: epoch, set: set, snapshot: id)), began))
      if let last = snapshots.last, dataClass.frequency == .afterEachChange, dice(9) != 0 {
        nodes[host, default: []].append((.unchanged(NothingChanged(set: set, snapshot: last.id)), ended))
        continue
      }
      let isFailing = story.failing.contains(back)
      let outcomes = Self.destinations.map { name in
        let fails = isFailing || name == "offsite" && story.offsiteAway.contains(back)
        return DestinationOutcome(name: name, stored: !fails, error: fails ? "connection refused" : nil)
      }
      if isFailing {
        let failure = RunFailed(
          set: set, snapshot: id, reason: "no destination could be reached", destinations: outcomes)
        nodes[host, default: []].append((.failure(failure), ended))
        continue
      }
      let bytes = snapshots.isEmpty ? 4_100_000_000 : 20_000_000 + dice(60_000_000)
      let stored = SnapshotStored(
        set: set, class: dataClass.name, mode: "incremental", snapshot: id, manifest: .zero, entries: 18_233,
        bytes: 5_200_000_000, volumes: Int(bytes / 33_000_000) + 1, storedBytes: bytes, findings: 0, seconds: 40,
        destinations: outcomes)
      nodes[host, default: []].append((.snapshot(stored), ended))
      snapshots.append((back, id))
    }
    prove(host: host, set: set, snapshots, story)
  }

  private mutating func prove(
    host: String, set: String, _ snapshots: [(day: Int64, id: SnapshotID)], _ story: Story
  ) {
    func newest(_ day: Int64) -> String { snapshots.last { $0.day >= day }.map { "\($0.id)" } ?? "" }
    for proof in story.proofs {
      for destination in Self.destinations {
        let isDamaged = story.damaged == proof.day && destination == "offsite"
        var verification = Verification(
          host: host, set: set, snapshot: newest(proof.day), destination: destination, level: proof.level,
          result: isDamaged ? .damaged : .sound, objects: 130, bytes: 4_200_000_000, seconds: 65,
          findings: isDamaged ? story.findings : [], findingCount: isDamaged ? story.findings.count : 0)
        verification.recipients = [Self.recipient]
        verification.key = Self.recipient
        add(.verification(verification), time(proof.day, 4))
      }
    }
    for rehearsal in story.drills {
      let verification = Verification(
        host: host, set: set, snapshot: newest(rehearsal.day), destination: "offsite", level: .restored,
        result: rehearsal.sound ? .sound : .damaged, objects: 130, bytes: 4_200_000_000, seconds: rehearsal.seconds,
        findings: rehearsal.sound ? [] : [Finding(.checkFailed, "integrity", "exit code 1")], findingCount: 1)
      var drill = Drill(verification, standardTools: false, by: "ops", note: nil)
      drill.seconds.restore = rehearsal.seconds
      drill.age = 7 * 3600
      drill.checks = [
        Drill.Check(
          name: "integrity", passed: rehearsal.sound, ending: rehearsal.sound ? "exit code 0" : "exit code 1",
          seconds: 2, output: rehearsal.sound ? "ok" : "database disk image is malformed")
      ]
      add(.drill(drill), time(rehearsal.day, 5))
    }
  }

  static let recipient = "0123456789ABCDEF0123456789ABCDEF01234567"

  /// The keeper looks at all nodes, tests itself, and a person tests what is offline.
  mutating func watch(selfTestMisses: Bool = false) {
    for host in nodes.keys.sorted() {
      for destination in Self.destinations {
        let epoch = Epoch(began: time(days), random: 1)
        add(
          .observation(
            Observation(
              host: host, destination: destination, epoch: "\(epoch)", segments: 1, records: 1,
              head: String(repeating: "0", count: 64), segmentDigest: "", findings: [])), time(0, 8))
      }
    }
    let kinds = [("a flipped bit", "intact"), ("a lost volume", "present"), ("a stranger's signature", "readable")]
    let cases = kinds.map { SelfTest.Case(name: $0.0, level: $0.1, found: !selfTestMisses, detail: "found") }
    add(
      .selfTest(SelfTest(host: "peer-1", set: "data", snapshot: "s", destination: "offsite", cases: cases)), time(3))
    add(
      .attestation(
        Attestation(class: "wallet-seed-phrases", host: nil, by: "Ada", note: "restored a wallet from the plate")),
      time(90))
    add(.attestation(Attestation(class: "key-rotation", host: nil, by: "Ada", note: "all keys reviewed")), time(80))
  }

  var configuration: KeeperConfiguration {
    let locations: [DestinationConfiguration.Location] = [.offsite, .local, .git]
    let names = Self.destinations
    return KeeperConfiguration(
      state: "/nowhere", keys: KeysConfiguration(gnupgHome: "/nowhere"),
      destinations: zip(names, locations).map {
        DestinationConfiguration(name: $0, kind: .directory, location: $1, path: "/nowhere")
      },
      nodes: nodes.keys.sorted().map { WatchedNode(host: $0, trustedSigners: [], destinations: names) })
  }

  func knowledge() throws -> KeeperKnowledge {
    func records(_ events: [(event: CatalogEvent, time: Timestamp)]) throws -> [CatalogRecord] {
      var chain = CatalogChain()
      return try events.sorted { $0.time < $1.time }.map { try chain.append($0.event, at: $0.time).record }
    }
    return KeeperKnowledge(configuration, records: try records(keeper), nodes: try nodes.mapValues(records))
  }

  func page(weeks: Int = 13) throws -> ReportPage {
    let knowledge = try knowledge()
    return ReportPage(knowledge, KeeperOverview(knowledge, now: now), version: "0.1.0", weeks: weeks)
  }

  static func dataClass(_ name: String) -> DataClass {
    FrequencyTable.standard[name]
      ?? DataClass(name: name, frequency: .daily, storage: [], verificationInterval: 1, grace: 1)
  }
}
