import Alerts
import Backup
import CommandLineOutput
import Files
import Policy
import Repository
import Synchronization

/// Tells about one run of a command of the node's program, as `[alerts]` asks for.
///
/// `tell` wraps a whole command. A program that runs on (`watch`) makes one of these for each run, gives it the engine's
/// events by `take`, and calls `begin` and `end` itself.
final class NodeAlerts: Sendable {
  private let node: NodeConfiguration?
  private let command: String
  private let output: Output
  private let alerts: RunAlerts
  private let start = Timestamp.now()
  private let clock = ContinuousClock().now
  private let outcomes = Mutex<[SetOutcome]>([])

  /// - Parameter node: as much of the configuration as could be read.
  init(_ node: NodeConfiguration?, command: String, _ output: Output) {
    self.node = node
    self.command = command
    self.output = output
    if let host = node?.host, !host.isEmpty { output.isAbout(host: host) }
    alerts = RunAlerts(node?.alerts ?? AlertsConfiguration(), output.alertsEnvironment("redoubt"))
  }

  /// Runs a command's body between `begin` and `end`. What the body throws is shown, told and becomes the result.
  static func tell(
    _ report: ConfigurationReport<NodeConfiguration>, command: String, _ output: Output,
    _ body: (NodeConfiguration, NodeAlerts) throws -> CommandResult
  ) -> CommandResult {
    // Before anything else: pings and commands begin other threads and programs.
    do { try ServiceUser.become(ownerOf: report, keeping: .reading) } catch { return output.show(error) }
    let alerts = NodeAlerts(report.configuration, command: command, output)
    alerts.begin()
    do {
      let result = try body(try output.use(report), alerts)
      alerts.end(result.status)
      return result
    } catch {
      // Shown first: telling others may take a while.
      let result = output.show(error)
      alerts.end(result.status, error)
      return result
    }
  }

  func begin() { alerts.begin("redoubt \(command) on \(node?.host ?? "") begins") }

  /// Notes what became of each set.
  func take(_ event: BackupEvent) {
    if case .setFinished(let outcome) = event { outcomes.withLock { $0.append(outcome) } }
  }

  func end(_ status: CommandLineOutput.ExitStatus, _ error: (any Error)? = nil) {
    guard let node, !node.alerts.isEmpty else { return }
    var report = RunReport(
      program: "redoubt", version: redoubtVersion, command: command, host: node.host, started: start)
    report.seconds = clock.duration(to: ContinuousClock().now).seconds
    report.exitStatus = status.rawValue
    report.meaning = status.meaning
    if let message = error.flatMap({ ErrorReport($0).messages.first { !$0.isWarning } }) {
      report.reason = message.text
      report.hint = message.hint
    }
    let now = Timestamp.now()
    do { report.sets = try SetReport.all(of: node, now: now) } catch {
      output.warning("metrics and alerts know nothing of earlier runs: \(error)")
      report.sets = node.sets.map { SetReport(name: $0.name, dataClass: $0.dataClass) }
    }
    for outcome in outcomes.withLock({ $0 }) {
      guard let index = report.sets.firstIndex(where: { $0.name == outcome.set }) else { continue }
      if outcome.isCatchingUp, report.sets[index].outcome != nil {
        report.sets[index].outcome?.add(.init(outcome))
      } else {
        report.sets[index].outcome = .init(outcome)
      }
    }
    report.overdue = report.sets.filter(\.isOverdue).map(\.name)
    alerts.end(report)
  }
}
