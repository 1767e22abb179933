internal import Glibc

/// A mutex with one condition (POSIX threads), for what dedicated threads share.
public final class Monitor: @unchecked Sendable {
  // Both are used through the pthread functions alone, which any thread may call.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  public init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  public func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Gives the lock up, waits for `wakeAll()`, takes the lock again. Only inside `locked`, in a loop.
  public func wait() { pthread_cond_wait(condition, mutex) }

  public func wakeAll() { pthread_cond_broadcast(condition) }
}

/// A permit pool: bounds how much of something (bytes in memory, say) is in use at a time.
public final class Permits: Sendable {
  private let capacity: Int
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var used = 0

  public init(_ capacity: Int) { self.capacity = capacity }

  /// Waits until `count` permits are free; more than the capacity is granted once all are free.
  public func acquire(_ count: Int) {
    monitor.locked {
      while used > 0, used + count > capacity { monitor.wait() }
      used += count
    }
  }

  public func release(_ count: Int) {
    monitor.locked {
      used -= count
      monitor.wakeAll()
    }
  }

  /// Ends the bounding: whoever waits goes on, and nobody waits any more. For a pipeline that has failed.
  public func lift() {
    monitor.locked {
      used = Int.min / 2
      monitor.wakeAll()
    }
  }
}
