import CommandLineOutput
import Synchronization
import Verify

/// Turns the keeper's events into lines, progress or JSON. Any thread may call it.
final class VerifyReporter: Sendable {
  private let output: Output
  private let progress: Progress
  /// What is worked on, and how many bytes that are.
  private let current = Mutex<(label: String, total: UInt64)>(("", 0))

  init(_ output: Output, _ progress: Progress) {
    self.output = output
    self.progress = progress
  }

  func take(_ event: VerifyEvent) {
    switch event {
    case .started(let reference, let destination, let volumes, let bytes):
      current.withLock { $0 = ("\(reference)", bytes) }
      let place = destination.isEmpty ? "" : " at \(destination)"
      output.debug("\(reference)\(place): \(volumes) volumes, \(bytes) bytes")
    case .progress(_, let bytes):
      let (label, total) = current.withLock { $0 }
      progress.update(bytes: bytes, total: total, label: label)
    case .finding(let finding): output.show(finding, of: current.withLock { $0.label })
    case .notice(let text): output.warning(text)
    }
  }
}
