import Alerts
import Files
import Policy
import Storage
import Synchronization

/// Reports as the programs make them.
enum Sample {
  static let now = Timestamp(seconds: 1_795_226_400)

  static func set(_ name: String = "data", _ status: String = "stored") -> SetReport {
    var amounts = SetReport.Amounts()
    amounts.entries = 12
    amounts.readBytes = 5_000_000_000
    amounts.storedBytes = 1000
    amounts.sentBytes = 2000
    var set = SetReport(name: name, dataClass: "client-database")
    var outcome = SetReport.Outcome(status: status, snapshot: "20261121T020000Z-7f3a")
    outcome.amounts = amounts
    outcome.destinations = [.init(name: "offsite", stored: true), .init(name: "disk", stored: true)]
    set.outcome = outcome
    set.lastSnapshot = .init(id: outcome.snapshot, seconds: 12.5, amounts: amounts)
    set.places = [.init(name: "offsite", lastSuccess: now, failures: 2), .init(name: "disk")]
    set.due = Timestamp(seconds: now.seconds + 86400)
    set.overdueFrom = Timestamp(seconds: now.seconds + 100_000)
    set.failures = 3
    set.totalSentBytes = 7000
    return set
  }

  static func backup(exit: Int32 = 0, meaning: String = "done, and sound", sets: [SetReport]? = nil) -> RunReport {
    var report = RunReport(program: "redoubt", version: "0.1.0", command: "backup", host: "peer-1", started: now)
    report.seconds = 12.25
    report.exitStatus = exit
    report.meaning = meaning
    report.sets = sets ?? [set()]
    return report
  }

  static func verification() -> RunReport {
    var report = RunReport(program: "redoubt-verify", version: "0.1.0", command: "verify", host: "keeper", started: now)
    report.exitStatus = 4
    report.meaning = "damage found"
    var check = VerificationReport(
      host: "peer-1", set: "data", snapshot: "20261121T020000Z-7f3a", destination: "offsite", level: "readable",
      result: "damaged")
    check.findings = 2
    report.verifications = [check]
    var proof = ProofReport(host: "peer-1", set: "data", destination: "offsite", level: "readable")
    proof.proven = now
    proof.newestProven = now
    proof.damaged = 1
    proof.seconds = 3.5
    proof.bytes = 4000
    report.proofs = [proof]
    var keeper = KeeperReport()
    keeper.concerns = ["damage": 1, "overdue": 2, "notice": 0]
    keeper.selfTest = now
    keeper.selfTestPassed = true
    keeper.observed = ["peer-1": now, "peer-2": Timestamp?.none]
    let end = Timestamp(seconds: now.seconds + 86400)
    keeper.keys = [
      .init(fingerprint: "AA", use: "recipient", expires: end, isUsable: true, decrypted: now),
      .init(fingerprint: "BB", use: "signer", expires: nil, isUsable: false),
    ]
    keeper.proofs = [.init(host: "peer-1", set: "data", destination: "offsite", overdueFrom: end)]
    keeper.drills = [.init(host: "peer-1", set: "data", overdueFrom: end)]
    report.keeper = keeper
    return report
  }
}

/// Whom alerts could not tell.
final class Warnings: Sendable {
  private let errors = Mutex<[AlertError]>([])

  var all: [AlertError] { errors.withLock { $0 } }
  var texts: [String] { all.map(\.description) }

  /// Tries follow each other at once.
  var environment: AlertsEnvironment {
    var environment = AlertsEnvironment(warn: { [self] error in errors.withLock { $0.append(error) } })
    environment.firstPause = 0.01
    return environment
  }
}
