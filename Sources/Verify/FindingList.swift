internal import Channels
internal import Repository

/// Findings from several threads, until one takes them.
final class FindingList: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var findings: [Finding] = []
  private nonisolated(unsafe) var dropped = 0

  /// How many wait at a time. A volume may have a million members that are no chunks.
  private static let limit = 10_000

  func add(_ finding: Finding) {
    monitor.locked { if findings.count < Self.limit { findings.append(finding) } else { dropped += 1 } }
  }

  /// Hands them out, and is empty again.
  func take() -> [Finding] {
    monitor.locked {
      defer { (findings, dropped) = ([], 0) }
      guard dropped > 0, let last = findings.last else { return findings }
      return findings + [Finding(last.code, last.path, "and \(dropped) more such findings")]
    }
  }
}
