/// When one target's next run is due: a value without a clock of its own.
///
/// All times are seconds on a clock that never jumps and goes on while the machine is suspended (CLOCK_BOOTTIME).
public struct ChangeSchedule: Sendable, Equatable {
  /// The rules, in seconds.
  public struct Rules: Sendable, Equatable {
    /// How long nothing must have changed.
    public var quiet: Double
    /// How long after the first change a run comes though changes go on.
    public var longestWait: Double
    /// A run comes at least so often.
    public var heartbeat: Double = 86400
    /// The same while not everything can be watched.
    public var heartbeatInPart: Double = 3600
    /// The pause after a failed run; each further failure doubles it up to `longestRetry`.
    public var retry: Double = 60
    public var longestRetry: Double = 3600
    /// The same after runs that did a part.
    public var retryInPart: Double = 3600
    public var longestRetryInPart: Double = 86400
    /// The pause after a run that could not begin because another one was underway.
    public var busy: Double = 5

    public init(quiet: Double = 10, longestWait: Double = 600) {
      self.quiet = quiet
      self.longestWait = longestWait
    }
  }

  /// How a run ended.
  public enum Ending: Sendable, Equatable {
    case done
    /// Something is left to do that another run may do.
    case partial
    case failed
    /// Another run was underway: nothing was done.
    case busy
  }

  public let rules: Rules
  /// Whether everything of the target is watched.
  public var isCovered = true
  /// The first change that no run has taken yet.
  private(set) var firstChange: Double?
  private(set) var lastChange: Double?
  /// When the last run that did something began.
  private var lastDone: Double
  private var began: Double
  /// No run before this moment.
  private var pause: Double?
  /// A run at this moment, to do what the last one left.
  private var retry: Double?
  private var failures = 0
  /// Runs in a row during which something changed.
  private var disturbances = 0

  /// - Parameter now: counts as a change: what changed before is not known.
  public init(_ rules: Rules, now: Double) {
    self.rules = rules
    (lastDone, began) = (now, now)
    firstChange = now
    lastChange = now
  }

  public mutating func changed(first: Double, last: Double) {
    firstChange = min(firstChange ?? first, first)
    lastChange = max(lastChange ?? last, last)
  }

  /// When the next run is due.
  public var due: Double {
    var due = lastDone + (isCovered ? rules.heartbeat : rules.heartbeatInPart)
    if let firstChange, let lastChange { due = min(due, lastChange + quiet, firstChange + rules.longestWait) }
    if let retry { due = min(due, retry) }
    return pause.map { max(due, $0) } ?? due
  }

  /// Whether a run that is due now is due to the time alone.
  public var isHeartbeat: Bool { firstChange == nil && retry == nil }

  /// What changes its own sources whenever it runs would run for ever: each run that was disturbed doubles the wait.
  private var quiet: Double {
    min(rules.quiet * Double(1 << min(disturbances, 20)), max(rules.quiet, rules.longestWait))
  }

  /// A run begins: it takes the changes so far.
  /// - Returns: what was taken, for `ended`.
  public mutating func begin(at now: Double) -> ClosedRange<Double>? {
    defer { (firstChange, lastChange) = (nil, nil) }
    began = now
    guard let firstChange, let lastChange else { return nil }
    return firstChange...max(firstChange, lastChange)
  }

  /// A run has ended. What changed meanwhile must have been told by `changed` before.
  /// - Parameter taken: what `begin` returned; where nothing was done it comes back.
  public mutating func ended(_ ending: Ending, taken: ClosedRange<Double>?, now: Double) {
    switch ending {
    case .done, .partial:
      disturbances = firstChange == nil ? 0 : disturbances + 1
      lastDone = began
      (pause, retry) = (nil, nil)
      if ending == .done {
        failures = 0
      } else {
        retry = now + pause(rules.retryInPart, rules.longestRetryInPart)
      }
    case .failed:
      pause = now + pause(rules.retry, rules.longestRetry)
      retry = pause
    case .busy:
      pause = now + rules.busy
      // It was due: it stays due.
      retry = pause
    }
    guard ending == .failed || ending == .busy, let taken else { return }
    changed(first: taken.lowerBound, last: taken.upperBound)
  }

  private mutating func pause(_ first: Double, _ longest: Double) -> Double {
    defer { failures += 1 }
    return min(first * Double(1 << min(failures, 20)), longest)
  }
}
