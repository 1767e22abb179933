internal import Glibc
internal import Synchronization
public import Storage

/// What signals do to a run.
public enum Signals {
  /// Set by SIGINT and SIGTERM: a run ends in order as soon as it can.
  public static let cancellation = Cancellation()

  /// Written to by the handler; -1 for none.
  private static let wakeDescriptor = Atomic<Int32>(-1)

  /// Has SIGINT and SIGTERM write eight bytes (a 1) to a descriptor, which ends waiting for it: an eventfd that lives as
  /// long as the process.
  public static func wake(_ descriptor: Int32) { wakeDescriptor.store(descriptor, ordering: .relaxed) }

  /// To be called once, first of all: a closed pipe becomes a write error, SIGINT and SIGTERM ask for an orderly end. A
  /// second SIGINT or SIGTERM ends the program at once.
  public static func install() {
    // Made before a handler needs it: a handler must not allocate.
    _ = cancellation
    _ = wakeDescriptor.load(ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Signals.cancellation.cancel()
        let descriptor = Signals.wakeDescriptor.load(ordering: .relaxed)
        if descriptor >= 0 {
          let before = errno
          var one: UInt64 = 1
          _ = write(descriptor, &one, 8)
          errno = before
        }
        signal(number, SIG_DFL)
      }
    }
  }
}
