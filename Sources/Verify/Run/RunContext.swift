internal import Files
internal import OpenPGPDecryption
internal import Policy
internal import Repository

/// What all parts of a run share. Belongs to the thread of the run.
final class RunContext {
  let configuration: KeeperConfiguration
  let environment: KeeperEnvironment
  let budget: RunBudget
  let level: VerificationLevel
  /// A folder for copies and restored trees.
  let scratch: String
  let decryptor: Decryptor
  let state: KeeperState
  private(set) var ledger: Ledger
  /// In the order of their recording.
  private(set) var verifications: [Verification] = []
  private(set) var proofs: [Proof] = []
  private(set) var drills: [DrillOutcome] = []
  /// What was proven.
  var proven = KeeperRun.Amount()
  private var order: Int

  init(
    _ configuration: KeeperConfiguration, _ environment: KeeperEnvironment, _ budget: RunBudget,
    level: VerificationLevel, scratch: String, _ decryptor: Decryptor, _ state: KeeperState, _ ledger: Ledger
  ) {
    self.configuration = configuration
    self.environment = environment
    self.budget = budget
    self.level = level
    self.scratch = scratch
    self.decryptor = decryptor
    self.state = state
    self.ledger = ledger
    order = state.records.count
  }

  var now: Timestamp { environment.clock() }

  func append(_ event: CatalogEvent) throws(VerifyError) {
    take([try state.append(event, at: now)])
  }

  /// Notes what was recorded.
  func take(_ records: some Sequence<CatalogRecord>) {
    for record in records {
      order += 1
      ledger.take(record, order)
      switch record.event {
      case .verification(let verification): verifications.append(verification)
      case .proof(let proof): proofs.append(proof)
      default: break
      }
    }
  }

  func add(_ outcome: DrillOutcome) { drills.append(outcome) }
}

extension Timestamp {
  /// Seconds with fractions since an earlier moment.
  func elapsed(since earlier: Timestamp) -> Double {
    Double(seconds - earlier.seconds) + Double(nanoseconds - earlier.nanoseconds) / 1e9
  }
}
