internal import Glibc
internal import Synchronization

/// A flag that ends transfers and waiting. `cancel()` may be called from any thread and from a signal handler.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  public func cancel() { flag.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Waits for `seconds`, or until cancelled: at most 50 ms longer, because a signal handler can set a flag and cannot
  /// wake a waiting thread.
  public func sleep(seconds: Double) {
    var left = seconds
    while left > 0, !isCancelled {
      usleep(useconds_t(min(left, 0.05) * 1_000_000))
      left -= 0.05
    }
  }
}
