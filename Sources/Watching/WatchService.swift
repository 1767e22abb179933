internal import CLinux

/// Runs something for a target whenever it has changed and become quiet, and at least once a day.
public final class WatchService {
  private let targets: [WatchTarget]
  private let rules: ChangeSchedule.Rules
  private let owner: Wakeup
  private let notifier: ServiceNotifier
  private let isCancelled: () -> Bool
  private let observe: @Sendable (Watcher.Event) -> Void

  /// - Parameters:
  ///   - owner: to be woken when `isCancelled` becomes true.
  ///   - observe: called on several threads.
  public init(
    _ targets: [WatchTarget], rules: ChangeSchedule.Rules, owner: Wakeup,
    notifier: ServiceNotifier = ServiceNotifier(environment: [:]), isCancelled: @escaping () -> Bool,
    observe: @escaping @Sendable (Watcher.Event) -> Void
  ) {
    self.targets = targets
    self.rules = rules
    self.owner = owner
    self.notifier = notifier
    self.isCancelled = isCancelled
    self.observe = observe
  }

  /// Watches until it is cancelled.
  /// - Parameter run: what is to be done for a target; called on the calling thread, one at a time.
  /// - Throws: where nothing could be watched.
  public func run(_ run: (WatchTarget) -> ChangeSchedule.Ending) throws(WatchError) {
    let failure = WatchFailure()
    let observe = observe
    let watcher = try Watcher(targets, owner: owner, clock: BootTimer.now, notifier: notifier) { event in
      if case .failed(let error) = event { failure.set(error) }
      observe(event)
    }
    defer { watcher.stop() }
    for (target, coverage) in watcher.coverages.enumerated() { observe(.coverage(target: target, coverage)) }
    let timer = try BootTimer()
    var schedules = targets.map { _ in ChangeSchedule(rules, now: BootTimer.now()) }
    let count = watcher.coverages.reduce(0) { $0 + $1.directories }
    notifier.tell("READY=1\nSTATUS=watching \(count) directories")
    defer { notifier.tell("STOPPING=1") }
    while !isCancelled() {
      if let error = failure.value { throw error }
      take(watcher, &schedules)
      guard let next = schedules.indices.min(by: { schedules[$0].due < schedules[$1].due }) else { return }
      guard schedules[next].due <= BootTimer.now() else {
        timer.set(schedules[next].due)
        waitForAny([owner.descriptor, timer.descriptor])
        owner.clear()
        continue
      }
      if schedules[next].isHeartbeat { watcher.rebuild(next) }
      let taken = schedules[next].begin(at: BootTimer.now())
      let ending = run(targets[next])
      take(watcher, &schedules)
      schedules[next].ended(ending, taken: taken, now: BootTimer.now())
      // What a run took is given back: most of the time this process waits.
      redoubt_trim_memory()
    }
  }

  private func take(_ watcher: Watcher, _ schedules: inout [ChangeSchedule]) {
    for (target, coverage) in watcher.coverages.enumerated() {
      schedules[target].isCovered = coverage.isComplete
      if let change = watcher.takeChange(of: target) {
        schedules[target].changed(first: change.lowerBound, last: change.upperBound)
      }
    }
  }
}
