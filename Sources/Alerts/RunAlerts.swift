internal import Channels
internal import Files
internal import Glibc
internal import JSON
public import Policy
internal import Storage
internal import Synchronization
internal import SystemPackage

/// What alerts take from outside.
public struct AlertsEnvironment: Sendable {
  /// Told, with a hint, whom we could not tell. Any thread may call it.
  public var warn: @Sendable (AlertError) -> Void
  /// Takes lines for a maintainer; none holds a secret.
  public var log: (@Sendable (String) -> Void)?
  /// Seconds between the first two tries.
  public var firstPause = 0.5
  public var userAgent = "redoubt"

  public init(warn: @escaping @Sendable (AlertError) -> Void, log: (@Sendable (String) -> Void)? = nil) {
    self.warn = warn
    self.log = log
  }
}

/// Tells about one run: `begin` before it, `end` after it, each once.
///
/// Nothing here can fail or delay the run itself: what goes wrong is a warning, `begin` returns at once, and `end` takes
/// as long as one of those to be told takes to run out of tries, `timeout` × `attempts` seconds (and two more at most).
public final class RunAlerts: @unchecked Sendable {
  // `startThread` is used by the caller of `begin` and `end` alone, which is one thread.
  private let configuration: AlertsConfiguration
  private let environment: AlertsEnvironment
  private var startThread: DedicatedThread?
  private let startFailure = Mutex<AlertError?>(nil)
  /// Ends the start ping's tries.
  private let startDeadline: Deadline

  public init(_ configuration: AlertsConfiguration, _ environment: AlertsEnvironment) {
    self.configuration = configuration
    self.environment = environment
    startDeadline = Deadline(after: Double(configuration.timeout) * Double(configuration.attempts))
  }

  /// Pings that a run begins, on a thread of its own.
  /// - Parameter text: a line for a person.
  public func begin(_ text: String) {
    guard configuration.pingURL != nil else { return }
    startThread = DedicatedThread { [self] in
      do throws(AlertError) {
        guard let address = try address("ping-url", configuration.pingURL)?.with(.start) else { return }
        try tries(until: startDeadline).run { seconds throws(AlertError) in
          try address.post(Array(text.utf8), type: Self.plainText, timeout: seconds) { [startDeadline] in
            startDeadline.hasPassed
          }
        }
      } catch {
        startFailure.withLock { $0 = error }
      }
    }
  }

  /// Tells how the run ended, to everyone at once.
  public func end(_ report: RunReport) {
    writeMetrics(report)
    let deadline = Deadline(after: Double(configuration.timeout) * Double(configuration.attempts))
    var threads: [DedicatedThread] = []
    for task in tasks(report, deadline) { threads.append(DedicatedThread(task)) }
    for thread in threads { thread.join() }
  }

  // MARK: Whom to tell

  private func tasks(_ report: RunReport, _ deadline: Deadline) -> [@Sendable () -> Void] {
    let event: RunEvent = report.succeeded ? .success : .failure
    var tasks: [@Sendable () -> Void] = []
    if configuration.pingURL != nil {
      tasks.append { [self] in
        do throws(AlertError) { try ping(report, deadline) } catch { environment.warn(error) }
      }
    }
    if configuration.webhookURL != nil {
      tasks.append { [self] in
        do throws(AlertError) { try post(report, event, deadline) } catch { environment.warn(error) }
      }
    }
    var hooks = [(event, event == .success ? configuration.onSuccess : configuration.onFailure)]
    if !report.overdue.isEmpty { hooks.append((.overdue, configuration.onOverdue)) }
    for (event, words) in hooks where !words.isEmpty {
      tasks.append { [self] in
        do throws(AlertError) { try run(words, report, event, deadline) } catch { environment.warn(error) }
      }
    }
    return tasks
  }

  private func ping(_ report: RunReport, _ deadline: Deadline) throws(AlertError) {
    // The start ping must not overtake this one; it gets half a try to come to its end.
    startDeadline.shorten(to: Double(configuration.timeout) / 2)
    startThread?.join()
    guard let address = try address("ping-url", configuration.pingURL) else { return }
    let signal: Address.Signal = report.succeeded ? .success : .failure(report.exitStatus)
    try tries(until: deadline).run { seconds throws(AlertError) in
      try address.with(signal).post(Array(report.summary.utf8), type: Self.plainText, timeout: seconds) {
        deadline.hasPassed
      }
    }
    // Where the same address took this one, it is worth a word that the first did not arrive.
    if let failure = startFailure.withLock({ $0 }) {
      throw AlertError(failure.code, "\(failure.subject): start", failure.reason, hint: failure.hint)
    }
  }

  private func post(_ report: RunReport, _ event: RunEvent, _ deadline: Deadline) throws(AlertError) {
    guard let address = try address("webhook-url", configuration.webhookURL) else { return }
    let document = Array((report.document(event).text + "\n").utf8)
    try tries(until: deadline).run { seconds throws(AlertError) in
      try address.post(document, type: "application/json", timeout: seconds) { deadline.hasPassed }
    }
  }

  private func run(
    _ words: [String], _ report: RunReport, _ event: RunEvent, _ deadline: Deadline
  ) throws(AlertError) {
    let hook = Hook(
      key: "on-\(event.rawValue)", words: words,
      variables: [
        "REDOUBT_EVENT": event.rawValue, "REDOUBT_EXIT": "\(report.exitStatus)", "REDOUBT_HOST": report.host,
      ],
      log: environment.log)
    let document = Array((report.document(event).text + "\n").utf8)
    try tries(until: deadline).run { seconds throws(AlertError) in try hook.run(document, timeout: seconds) }
  }

  private func writeMetrics(_ report: RunReport) {
    guard let file = configuration.metricsFile else { return }
    // None yet, or none that can be read: then there is nothing to keep.
    let old = (try? FileContent.read(file, maximumLength: 1 << 24)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    do throws(FileError) {
      // The collector runs as a user of its own.
      try FileContent.write(Array(report.metrics(keeping: old).utf8), to: file, mode: 0o644, ignoresUmask: true)
    } catch {
      environment.warn(
        AlertError(
          .metrics, "metrics-file", "\(error)",
          hint: error.errno == .noSuchFileOrDirectory
            ? "make the folder that node_exporter's --collector.textfile.directory names" : nil))
    }
  }

  // MARK: How

  private static let plainText = "text/plain; charset=utf-8"

  private func tries(until deadline: Deadline) -> Tries {
    Tries(
      attempts: configuration.attempts, timeout: Double(configuration.timeout), firstPause: environment.firstPause,
      deadline: deadline)
  }

  private func address(_ key: String, _ url: SecretURL?) throws(AlertError) -> Address? {
    guard let url else { return nil }
    do throws(SetupError) {
      return Address(key: key, url: try url.resolve(), userAgent: environment.userAgent, log: environment.log)
    } catch {
      throw AlertError(.address, "\(key)-file", "\(error)", hint: error.hint)
    }
  }
}
