internal import CLinux
internal import Glibc
internal import SystemPackage

/// Ends a thread's waiting in poll(2) (eventfd(2)). `wake()` may be called from any thread and from a signal handler.
public final class Wakeup: Sendable {
  /// Readable from `wake()` until `clear()`; it lives as long as this object.
  public let descriptor: Int32

  public init() throws(WatchError) {
    descriptor = redoubt_eventfd()
    guard descriptor >= 0 else { throw WatchError(.system, "make an event descriptor", .current) }
  }

  deinit { close(descriptor) }

  public func wake() {
    var one: UInt64 = 1
    // Full means that it wakes already.
    _ = Glibc.write(descriptor, &one, 8)
  }

  func clear() {
    var count: UInt64 = 0
    _ = Glibc.read(descriptor, &count, 8)
  }
}

/// A moment on CLOCK_BOOTTIME to wait for: that clock neither stops while the machine is suspended nor jumps.
final class BootTimer {
  let descriptor: Int32

  init() throws(WatchError) {
    descriptor = redoubt_boot_timer()
    guard descriptor >= 0 else { throw WatchError(.system, "make a timer", .current) }
  }

  deinit { close(descriptor) }

  /// Seconds since the start of the machine, time in suspension included.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Makes the descriptor readable from that moment on, at once where it is past.
  func set(_ time: Double) {
    // 0 would mean never.
    let time = max(time, 0.001)
    let seconds = Int64(time)
    _ = redoubt_boot_timer_set(descriptor, seconds, Int64((time - Double(seconds)) * 1e9))
  }
}

/// Waits until one of the descriptors is readable.
/// - Parameter milliseconds: at most so long; -1 for no limit. A signal ends it early.
func waitForAny(_ descriptors: [Int32], milliseconds: Int32 = -1) {
  var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  _ = poll(&entries, nfds_t(entries.count), milliseconds)
}
