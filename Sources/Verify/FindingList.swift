internal import Channels
internal import Repository

/// Findings from several threads, until one takes them.
final class FindingList: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var findings: [Finding] = []

  func add(_ finding: Finding) { monitor.locked { findings.append(finding) } }

  /// Hands them out, and is empty again.
  func take() -> [Finding] {
    monitor.locked {
      defer { findings = [] }
      return findings
    }
  }
}
