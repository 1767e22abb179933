internal import Channels
internal import Glibc
internal import Synchronization

/// Seconds of a clock that only goes forward (`CLOCK_MONOTONIC`).
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A moment that another thread may bring forward. Of the monotonic clock.
final class Deadline: Sendable {
  private let moment: Mutex<Double>

  init(after seconds: Double) { moment = Mutex(monotonicSeconds() + seconds) }

  /// Seconds that are left; 0 once it has passed.
  var left: Double { max(0, moment.withLock { $0 } - monotonicSeconds()) }

  var hasPassed: Bool { left == 0 }

  /// Makes it `seconds` from now where that is sooner.
  func shorten(to seconds: Double) {
    let sooner = monotonicSeconds() + seconds
    moment.withLock { $0 = min($0, sooner) }
  }
}

/// How often something is tried, how long each time, and until when.
struct Tries {
  /// Tries in all.
  var attempts: Int
  /// Seconds of one try.
  var timeout: Double
  /// Seconds between the first two tries; doubled after each.
  var firstPause: Double
  var deadline: Deadline

  /// - Parameter body: gets the seconds that this try may take.
  func run(_ body: (Double) throws(AlertError) -> Void) throws(AlertError) {
    var pause = firstPause
    var attempt = 1
    while true {
      do throws(AlertError) {
        return try body(min(timeout, max(deadline.left, 0.001)))
      } catch {
        guard error.isTransient, attempt < attempts, deadline.left > pause else { throw error }
        sleep(pause)
        // Brought forward in the meantime.
        if deadline.hasPassed { throw error }
        pause *= 2
        attempt += 1
      }
    }
  }

  /// In small pieces, because the deadline may be brought forward.
  private func sleep(_ seconds: Double) {
    let end = Deadline(after: seconds)
    while !end.hasPassed, !deadline.hasPassed { usleep(useconds_t(min(end.left, 0.05) * 1_000_000) + 1) }
  }
}
