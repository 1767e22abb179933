internal import Glibc
public import Storage

/// What signals do to a run.
public enum Signals {
  /// Set by SIGINT and SIGTERM: a run ends in order as soon as it can.
  public static let cancellation = Cancellation()

  /// To be called once, first of all: a closed pipe becomes a write error, SIGINT and SIGTERM ask for an orderly end. A
  /// second SIGINT or SIGTERM ends the program at once.
  public static func install() {
    // Made before a handler needs it: a handler must not allocate.
    _ = cancellation
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Signals.cancellation.cancel()
        signal(number, SIG_DFL)
      }
    }
  }
}
