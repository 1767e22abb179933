import CommandLineOutput
import Synchronization
import Watching

/// Tells what watching meets. Any thread may call it.
final class WatchReporter: Sendable {
  private let output: Output
  private let targets: [WatchTarget]
  /// Sets of which it was said that they wait for another run.
  private let waiting = Mutex<Set<String>>([])

  init(_ output: Output, _ targets: [WatchTarget]) {
    self.output = output
    self.targets = targets
  }

  func take(_ event: Watcher.Event) {
    switch event {
    case .coverage(let target, let coverage): show(coverage, of: targets[target].name)
    case .overflow(let target):
      output.note("\(targets[target].name): changes came faster than they could be read; all of it counts as changed")
      output.event("overflow", [.init("set", .string(targets[target].name))])
    // Thrown to whoever waits.
    case .failed: break
    }
  }

  /// Another run holds the lock: said once, until a run could begin.
  func isWaiting(_ set: String) {
    if waiting.withLock({ $0.insert(set).inserted }) {
      output.note("\(set): waiting for another run, which holds the lock")
    }
  }

  func hasBegun(_ set: String) { waiting.withLock { _ = $0.remove(set) } }

  private func show(_ coverage: WatchCoverage, of set: String) {
    let missing = coverage.missing.map { ", waiting for \($0)" }.joined()
    output.note("\(set): watching \(coverage.directories) directories\(missing)")
    output.event(
      "watching",
      [
        .init("set", .string(set)), .init("directories", JSONValue(coverage.directories)),
        .init("beyond-limit", JSONValue(coverage.beyondLimit)),
        .init("unreachable", JSONValue(coverage.unreachable)), .init("missing", JSONValue(coverage.missing)),
      ])
    guard coverage.beyondLimit > 0 else { return }
    let needed = coverage.directories + coverage.beyondLimit
    output.warning(
      "\(set): \(coverage.beyondLimit) of its \(needed) directories cannot be watched: the user has no more watches; "
        + "the set is looked at every hour instead",
      hint: "raise the limit in /etc/sysctl.d and with sysctl -w fs.inotify.max_user_watches=\(suggestion(needed))")
  }

  /// Twice what is needed here, beside what the system has by default.
  private func suggestion(_ needed: Int) -> Int { max(524_288, needed * 2) }
}
