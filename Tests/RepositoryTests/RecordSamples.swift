import Digests
import Files
import Repository

/// A record of each type, with every field filled in: what is nil in one is never compared.
enum RecordSamples {
  static let hex = String(repeating: "0a", count: 32)
  static let findings = [
    Finding(.wrongDigest, "data/20261121T020000Z-7f3a/volume-000001.tar.zst.gpg", "has \"another\" digest"),
    Finding(.entryMissing, "./srv/Größe \u{1F5DD}\t\\ /x", ""),
  ]

  static let all: [CatalogEvent] = nodes + keepers

  private static var id: SnapshotID { SnapshotID(started: Timestamp(seconds: 1_790_000_000), random: 0x7f3a) }

  private static var nodes: [CatalogEvent] {
    let digest = SHA256.digest([1])
    let outcomes = [
      DestinationOutcome(name: "offsite", stored: true),
      DestinationOutcome(name: "disk", stored: false, error: "no space left", skipped: DestinationOutcome.notMounted),
    ]
    let epoch = Epoch(began: Timestamp(seconds: 1_790_000_000), random: 0xdead_beef)
    return [
      .started(RunStarted(epoch: epoch, set: "peer-keys", snapshot: id)),
      .snapshot(
        SnapshotStored(
          set: "data", class: "client-database", mode: "full", snapshot: id, manifest: digest, entries: 12,
          bytes: 1 << 62,
          volumes: 3, storedBytes: 1 << 40, findings: 2, seconds: 0.1, destinations: outcomes)),
      .unchanged(NothingChanged(set: "data", snapshot: id)),
      .failure(RunFailed(set: "data", snapshot: id, reason: "it broke", destinations: outcomes)),
    ]
  }

  private static var verification: Verification {
    var it = Verification(
      host: "peer-1", set: "data", snapshot: id.description, destination: "offsite", level: .readable,
      result: .damaged, objects: 12, bytes: 1 << 52, seconds: 1234.5678901234567, reason: "no key", findings: findings,
      findingCount: 200)
    it.since = "2026-11-01T02:00:00Z"
    it.class = "client-database"
    it.recipients = [String(repeating: "A", count: 40), ""]
    it.manifest = hex
    it.key = String(repeating: "B", count: 40)
    it.content = hex
    return it
  }

  private static var keepers: [CatalogEvent] {
    var drill = Drill(verification, standardTools: true, by: "Ada", note: "quarterly")
    (drill.entries, drill.bytes, drill.age) = (5, 6, -7)
    drill.seconds.download = 1e-9
    drill.checks = [Drill.Check(name: "db", passed: false, ending: "exit 1", seconds: 3, output: "\u{0}\u{1f}\n")]
    var volumes = VolumeList()
    volumes.add([1, 2, 3, 7], of: id.description)
    var run = KeeperRun(level: .intact, shard: "3/16", budget: 50_000_000_000)
    run.due = KeeperRun.Amount(objects: 4, bytes: 5)
    (run.selfTest, run.reason, run.seconds) = (true, "time", 7200)
    let cases = [SelfTest.Case(name: "flipped-bit", level: "intact", found: true, detail: "wrong-digest")]
    return [
      .verification(verification),
      .prune(
        Pruned(
          host: "peer-1", set: "data", destination: "offsite", snapshots: [id, id], objects: 9, bytes: 8,
          complete: false)),
      .observation(
        Observation(
          host: "peer-1", destination: "offsite", epoch: "20261121T020000Z-0000000a", segments: 3, records: 9,
          head: hex,
          segmentDigest: "", findings: findings)),
      .attestation(Attestation(class: "wallet-seed-phrases", host: "peer-1", by: "Ada", note: "from steel")),
      .acknowledgement(
        Acknowledgement(host: "peer-1", epoch: "20261121T020000Z-0000000a", by: "Ada", note: "new disk")),
      .drill(drill),
      .selfTest(
        SelfTest(host: "peer-1", set: "data", snapshot: id.description, destination: "offsite", cases: cases)),
      .proof(
        Proof(
          host: "peer-1", set: "data", destination: "offsite", level: .intact, result: .unchecked, volumes: volumes,
          objects: 3, bytes: 2, seconds: -0.25, reason: "cut short", findings: findings, findingCount: 2)),
      .run(run),
      .retirement(Retirement(host: "peer-1", set: "data", by: "Ada", note: "sold \"it\"", undone: true)),
      .damageAcknowledgement(
        DamageAcknowledgement(
          host: "peer-1", set: "data", snapshot: id.description, destination: "offsite", by: "Ada", note: "deleted",
          findings: findings, findingCount: 300)),
      .rotation(Rotation(archive: "archive-000001.jsonl.zst", digest: hex, records: 5, bytes: 6)),
      .signer(SignerNamed(key: String(repeating: "C", count: 40))),
    ]
  }
}
