import Alerts
import CommandLineOutput
import Files
import Policy
import Repository
import Synchronization
import Verify

/// Tells about one run of a command of the keeper's program, as `[alerts]` asks for.
final class KeeperAlerts: Sendable {
  private let keeper: KeeperConfiguration?
  private let command: String
  private let output: Output
  private let alerts: RunAlerts
  private let start = Timestamp.now()
  private let clock = ContinuousClock().now
  private let verifications = Mutex<[VerificationReport]>([])
  private let findings = Mutex<[String]>([])
  private let overview = Mutex<KeeperOverview?>(nil)

  /// - Parameter keeper: as much of the configuration as could be read.
  init(_ keeper: KeeperConfiguration?, command: String, _ output: Output) {
    self.keeper = keeper
    self.command = command
    self.output = output
    alerts = RunAlerts(keeper?.alerts ?? AlertsConfiguration(), output.alertsEnvironment("redoubt-verify"))
  }

  /// Runs a command's body between `begin` and `end`. What the body throws is shown, told and becomes the result.
  static func tell(
    _ file: ConfigurationOption, command: String, _ output: Output,
    _ body: (KeeperAlerts) throws -> CommandResult
  ) throws -> CommandResult {
    let path = try absolutePath(file.config)
    let report = KeeperConfiguration.inspect(path)
    // Before anything else: pings and commands begin other threads and programs.
    do { try ServiceUser.become(ownerOf: report, keeping: .readingItself) } catch { return output.show(error) }
    let alerts = KeeperAlerts(report.configuration, command: command, output)
    alerts.begin()
    do {
      let result = try body(alerts)
      alerts.end(result.status)
      return result
    } catch {
      // Shown first: telling others may take a while.
      let result = output.show(error)
      alerts.end(result.status, error)
      return result
    }
  }

  func begin() { alerts.begin("redoubt-verify \(command) on \(machineName()) begins") }

  /// Notes what the run verified.
  func take(_ more: [Verification]) { verifications.withLock { $0 += more.map { VerificationReport($0) } } }

  /// Notes what the run rehearsed.
  func take(_ more: [Drill]) { verifications.withLock { $0 += more.map { VerificationReport($0) } } }

  /// Notes what the run found wrong beside single snapshots, as a line for people.
  func take(finding: String) { findings.withLock { $0.append(finding) } }

  /// Takes what is known of all nodes at the run's end, where the command has made it anyway.
  func take(_ known: KeeperOverview) { overview.withLock { $0 = known } }

  /// - Parameter overdue: what is overdue now, each as `host/set`; nil: as the overview says.
  func end(_ status: CommandLineOutput.ExitStatus, _ error: (any Error)? = nil, overdue: [String]? = nil) {
    guard let keeper, !keeper.alerts.isEmpty else { return }
    var report = RunReport(
      program: "redoubt-verify", version: redoubtVersion, command: command, host: machineName(), started: start)
    report.seconds = clock.duration(to: ContinuousClock().now).seconds
    report.exitStatus = status.rawValue
    report.meaning = status.meaning
    if let message = error.flatMap({ ErrorReport($0).messages.first { !$0.isWarning } }) {
      report.reason = message.text
      report.hint = message.hint
    }
    report.verifications = verifications.withLock { $0 }
    do throws(VerifyError) {
      let knowledge = try KeeperKnowledge.read(keeper)
      report.proofs = ProofState.all(knowledge.records).map { ProofReport($0) }
      let known = overview.withLock { $0 } ?? KeeperOverview(knowledge, now: .now())
      report.keeper = KeeperReport(known)
      report.overdue = known.overdueNames
    } catch {
      output.warning("metrics and alerts know nothing of earlier runs: \(error)")
    }
    report.findings = findings.withLock { $0 }
    if let overdue { report.overdue = overdue }
    alerts.end(report)
  }
}

extension VerificationReport {
  fileprivate init(_ verification: Verification) {
    self.init(
      host: verification.host, set: verification.set, snapshot: verification.snapshot,
      destination: verification.destination, level: verification.level.rawValue, result: verification.result.rawValue)
    seconds = verification.seconds
    bytes = verification.bytes
    findings = verification.findingCount
    reason = verification.reason
  }
}

extension VerificationReport {
  fileprivate init(_ drill: Drill) {
    self.init(
      host: drill.host, set: drill.set, snapshot: drill.snapshot, destination: drill.destination, level: "drill",
      result: drill.result.rawValue)
    seconds = drill.seconds.restore
    bytes = drill.bytes
    findings = drill.findingCount
    reason = drill.reason
  }
}

extension ProofReport {
  fileprivate init(_ state: ProofState) {
    self.init(
      host: state.place.host, set: state.place.set, destination: state.place.destination,
      level: state.place.level.rawValue)
    proven = state.proven
    newestProven = state.newestProven
    damaged = state.damaged.count
    isUnchecked = state.isUnchecked
    seconds = state.seconds
    bytes = state.bytes
  }
}

extension KeeperReport {
  fileprivate init(_ overview: KeeperOverview) {
    self.init()
    for severity in Concern.Severity.allCases {
      concerns[severity.rawValue] = overview.concerns.count { $0.severity == severity }
    }
    selfTest = overview.selfTest.time
    selfTestPassed = overview.selfTest.last?.passed
    for node in overview.nodes { observed[node.host] = .some(node.observed) }
    for recipient in overview.recipients {
      keys.append(
        .init(
          fingerprint: recipient.fingerprint, use: "recipient", expires: recipient.expires,
          isUsable: ![.expired, .revoked].contains(recipient.standing), decrypted: recipient.lastDecrypted))
    }
    for signer in overview.signers {
      keys.append(
        .init(
          fingerprint: signer.fingerprint, use: "signer", expires: signer.expires,
          isUsable: ![.expired, .revoked, .unknown].contains(signer.standing)))
    }
    for set in overview.sets {
      if let from = set.drillOverdueFrom { drills.append(.init(host: set.host, set: set.set, overdueFrom: from)) }
      for place in set.places {
        guard let from = place.proofOverdueFrom else { continue }
        proofs.append(.init(host: set.host, set: set.set, destination: place.destination, overdueFrom: from))
      }
    }
  }
}
