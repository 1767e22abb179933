/// Every metric that the programs write. Names and units follow Prometheus's conventions ("Metric and label naming"): base
/// units, times as Unix time, counters with `_total`.
public enum Metric: String, Sendable, CaseIterable {
  // Of the last run of a command.
  case buildInfo = "redoubt_build_info"
  case runTimestamp = "redoubt_run_timestamp_seconds"
  case runDuration = "redoubt_run_duration_seconds"
  case runExitCode = "redoubt_run_exit_code"
  // Of a set, on the node.
  case lastSuccess = "redoubt_last_success_timestamp_seconds"
  case due = "redoubt_set_due_timestamp_seconds"
  case overdueFrom = "redoubt_set_overdue_timestamp_seconds"
  case isOverdue = "redoubt_set_overdue"
  case backupFailed = "redoubt_backup_failed"
  case backupFailures = "redoubt_backup_failures_total"
  case destinationFailures = "redoubt_destination_failures_total"
  case backupDuration = "redoubt_backup_duration_seconds"
  case readBytes = "redoubt_backup_read_bytes"
  case storedBytes = "redoubt_backup_stored_bytes"
  case sentBytes = "redoubt_backup_sent_bytes"
  case totalSentBytes = "redoubt_backup_sent_bytes_total"
  case entries = "redoubt_backup_entries"
  case findings = "redoubt_backup_findings"
  // Of a set at a destination and a level, on the keeper.
  case proven = "redoubt_verification_timestamp_seconds"
  case provenSnapshot = "redoubt_verification_snapshot_timestamp_seconds"
  case isSound = "redoubt_verification_sound"
  case damagedSnapshots = "redoubt_verification_damaged_snapshots"
  case isUnchecked = "redoubt_verification_unchecked"
  case verificationDuration = "redoubt_verification_duration_seconds"
  case verificationBytes = "redoubt_verification_read_bytes"
  case proofOverdueFrom = "redoubt_verification_overdue_timestamp_seconds"
  case drillOverdueFrom = "redoubt_drill_overdue_timestamp_seconds"
  // Of all that a keeper watches.
  case concerns = "redoubt_concerns"
  case observed = "redoubt_catalog_observed_timestamp_seconds"
  case selfTest = "redoubt_self_test_timestamp_seconds"
  case selfTestPassed = "redoubt_self_test_passed"
  case keyExpires = "redoubt_key_expiry_timestamp_seconds"
  case keyUsable = "redoubt_key_usable"
  case keyDecrypted = "redoubt_key_decrypted_timestamp_seconds"

  /// Whether it only ever grows, until the catalog is begun anew.
  var isCounter: Bool { [.backupFailures, .destinationFailures, .totalSentBytes].contains(self) }

  /// Those of a command's last run.
  static let ofRuns: [Metric] = [.runTimestamp, .runDuration, .runExitCode]

  /// One sentence, as `# HELP` and the manual have it.
  public var help: String {
    switch self {
    case .buildInfo: "Version of the program; always 1."
    case .runTimestamp: "When the last run of this command ended."
    case .runDuration: "How long the last run of this command took."
    case .runExitCode: "Exit code of the last run of this command."
    case .lastSuccess: "When the destination was last known to hold the set as it was; 0: never."
    case .due: "When the set's next backup comes due."
    case .overdueFrom: "From when on the set is overdue unless it is backed up; 0: it never was."
    case .isOverdue: "Whether the set was overdue when these metrics were written."
    case .backupFailed: "Whether the last run for the set left nothing at any destination."
    case .backupFailures: "Runs for the set that left nothing at any destination."
    case .destinationFailures: "Runs for the set that did not reach the destination."
    case .backupDuration: "How long the set's last snapshot took."
    case .readBytes: "Bytes of content that the set's last snapshot holds."
    case .storedBytes: "Bytes that the set's last snapshot added at each destination."
    case .sentBytes: "Bytes that the set's last snapshot sent to all destinations together."
    case .totalSentBytes: "Bytes that all snapshots of the set sent to all destinations together."
    case .entries: "Files, folders and other entries that the set's last snapshot holds."
    case .findings: "Entries of the set's last snapshot that could not be backed up as they should."
    case .proven: "When a snapshot of the set was last proven at this level; 0: never."
    case .provenSnapshot: "When the newest snapshot that is proven at this level was made; 0: none is."
    case .isSound: "Whether a snapshot is proven at this level and none is known to be damaged."
    case .damagedSnapshots: "Snapshots found damaged at this level, and neither found sound nor pruned since."
    case .isUnchecked: "Whether the last verification at this level could not be done."
    case .verificationDuration: "How long the last verification at this level took."
    case .verificationBytes: "Bytes that the last verification at this level read."
    case .proofOverdueFrom: "From when on the copy is overdue unless it is proven."
    case .drillOverdueFrom: "From when on the set is overdue unless a restore of it is rehearsed."
    case .concerns: "Concerns that status shows, by severity."
    case .observed: "When the node's catalog was last looked at; 0: never."
    case .selfTest: "When this keeper was last shown to notice damage, or not; 0: never."
    case .selfTestPassed: "Whether the last self-test found everything."
    case .keyExpires: "When the recipient's or signer's key expires."
    case .keyUsable: "Whether the key is known and neither expired nor revoked."
    case .keyDecrypted: "When the recipient's private key last opened something here; 0: never."
    }
  }
}
