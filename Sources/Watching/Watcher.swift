internal import Channels
internal import Synchronization

/// Follows targets on a thread of its own, and keeps of each no more than whether, since when and until when it changed:
/// a storm of events costs no memory here.
public final class Watcher: Sendable {
  /// What an operator should know.
  public enum Event: Sendable, Equatable {
    /// How much of a target is watched has changed.
    case coverage(target: Int, WatchCoverage)
    /// Events came faster than they could be read; everything counts as changed.
    case overflow(target: Int)
    /// The thread has ended: nothing is noticed any more.
    case failed(WatchError)
  }

  private struct State {
    var changes: [ClosedRange<Double>?]
    var coverages: [WatchCoverage]
    var rebuilds: Set<Int> = []
    var isStopped = false
  }

  private let state: Mutex<State>
  /// The owner's, woken at a target's first change and at events.
  private let owner: Wakeup
  private let wakeup: Wakeup
  private let clock: @Sendable () -> Double
  private let notifier: ServiceNotifier
  private let observe: @Sendable (Event) -> Void
  // The trees are used by `init` and then by the thread alone; the thread's handle by `init` and `stop`, the owner's.
  private nonisolated(unsafe) let trees: [WatchTree]
  private nonisolated(unsafe) var thread: DedicatedThread?

  /// A flood of events is read so often, in milliseconds: the kernel joins equal ones meanwhile.
  private static let breath: Int32 = 50

  /// Watches all targets before it returns.
  /// - Parameters:
  ///   - owner: woken when something is to be taken.
  ///   - clock: seconds.
  ///   - notifier: told at half the time within which the service manager expects a sign of life.
  ///   - observe: called on the watcher's thread.
  public init(
    _ targets: [WatchTarget], owner: Wakeup, clock: @escaping @Sendable () -> Double,
    notifier: ServiceNotifier = ServiceNotifier(environment: [:]), observe: @escaping @Sendable (Event) -> Void
  ) throws(WatchError) {
    self.owner = owner
    self.clock = clock
    self.notifier = notifier
    self.observe = observe
    wakeup = try Wakeup()
    var trees: [WatchTree] = []
    for target in targets { trees.append(try WatchTree(target)) }
    self.trees = trees
    state = Mutex(State(changes: trees.map { _ in nil }, coverages: trees.map(\.coverage)))
    thread = DedicatedThread { [self] in follow() }
  }

  /// How much of each target is watched.
  public var coverages: [WatchCoverage] { state.withLock { $0.coverages } }

  /// The first and the last change of a target since the last call; nil where there was none.
  public func takeChange(of target: Int) -> ClosedRange<Double>? {
    state.withLock { state in
      defer { state.changes[target] = nil }
      return state.changes[target]
    }
  }

  /// Looks into a target's directories anew: for what gives no event, such as a file system that was mounted.
  public func rebuild(_ target: Int) {
    state.withLock { _ = $0.rebuilds.insert(target) }
    wakeup.wake()
  }

  /// Ends the thread and waits for it.
  public func stop() {
    state.withLock { $0.isStopped = true }
    wakeup.wake()
    thread?.join()
    thread = nil
  }

  // MARK: The thread

  private func follow() {
    let pulse = notifier.watchdog.map { Int32(min(max($0 / 2, 0.1), 3600) * 1000) } ?? -1
    let descriptors = [wakeup.descriptor] + trees.map(\.descriptor)
    while true {
      waitForAny(descriptors, milliseconds: pulse)
      if pulse > 0 { notifier.tell("WATCHDOG=1") }
      wakeup.clear()
      let (isStopped, rebuilds) = state.withLock { state in
        defer { state.rebuilds = [] }
        return (state.isStopped, state.rebuilds)
      }
      if isStopped { return }
      var isBusy = false
      do throws(WatchError) {
        for target in trees.indices {
          if rebuilds.contains(target) { trees[target].rebuild() }
          if try read(target) { isBusy = true }
          compareCoverage(target)
        }
      } catch {
        observe(.failed(error))
        return owner.wake()
      }
      if isBusy { waitForAny([wakeup.descriptor], milliseconds: Self.breath) }
    }
  }

  /// - Returns: whether any event waited.
  private func read(_ target: Int) throws(WatchError) -> Bool {
    var any = false
    while true {
      let batch = try trees[target].readEvents()
      guard batch.any else { return any }
      any = true
      if batch.lost { observe(.overflow(target: target)) }
      if batch.changed { note(target) }
    }
  }

  private func note(_ target: Int) {
    let now = clock()
    let isFirst = state.withLock { state in
      let before = state.changes[target]
      state.changes[target] = min(before?.lowerBound ?? now, now)...max(before?.upperBound ?? now, now)
      return before == nil
    }
    if isFirst { owner.wake() }
  }

  private func compareCoverage(_ target: Int) {
    let coverage = trees[target].coverage
    let isNews = state.withLock { state in
      let before = state.coverages[target]
      state.coverages[target] = coverage
      return before.beyondLimit != coverage.beyondLimit || before.missing != coverage.missing
    }
    if isNews {
      observe(.coverage(target: target, coverage))
      owner.wake()
    }
  }
}
