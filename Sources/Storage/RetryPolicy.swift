internal import Glibc

/// How often, and after which pauses, a failed request is tried again: exponential backoff with full jitter ("Exponential
/// Backoff And Jitter", AWS Architecture Blog), so that many clients do not come back at the same moment.
public struct RetryPolicy: Sendable {
  /// Tries in all, at least one.
  public var attempts: Int
  /// Seconds: the upper bound of the first pause; it doubles with each further one.
  public var firstPause = 0.5
  /// Seconds: where the doubling ends, and the most that a server's Retry-After is followed.
  public var longestPause = 30.0
  /// A number from 0 up to 1, for the jitter.
  public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }
  /// Waits for so many seconds; nil to wait on the cancellation, which ends it.
  public var sleep: (@Sendable (Double) -> Void)?
  public var cancellation: Cancellation
  /// Told of each failure that is followed by another try.
  public var log: (@Sendable (String) -> Void)?

  public init(
    attempts: Int = 5, cancellation: Cancellation = Cancellation(), log: (@Sendable (String) -> Void)? = nil
  ) {
    self.attempts = attempts
    self.cancellation = cancellation
    self.log = log
  }

  /// Runs `body` until it succeeds, fails for good, or has been tried often enough.
  /// - Parameter body: is told whether an earlier try may have taken effect although it failed.
  func run<Result>(_ body: (_ mayHaveTakenEffect: Bool) throws(StorageError) -> Result) throws(StorageError) -> Result {
    var mayHaveTakenEffect = false
    var attempt = 1
    while true {
      do throws(StorageError) {
        return try body(mayHaveTakenEffect)
      } catch {
        guard error.isTransient, attempt < attempts, !cancellation.isCancelled else { throw error }
        mayHaveTakenEffect = mayHaveTakenEffect || error.mayHaveTakenEffect
        let pause = pause(after: attempt, error.retryAfter)
        log?("\(error); try \(attempt + 1) of \(attempts) in \(Int((pause * 1000).rounded())) ms")
        if let sleep { sleep(pause) } else { cancellation.sleep(seconds: pause) }
        if cancellation.isCancelled { throw StorageError(.cancelled, error.subject, "stopped") }
        attempt += 1
      }
    }
  }

  private func pause(after attempt: Int, _ wanted: Int?) -> Double {
    let bound = min(longestPause, firstPause * pow(2, Double(attempt - 1)))
    let jittered = random() * bound
    guard let wanted else { return jittered }
    return max(jittered, min(Double(wanted), longestPause))
  }
}
