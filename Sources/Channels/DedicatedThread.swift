internal import Glibc

/// A POSIX thread for blocking work, which must never sit on Swift's cooperative pool.
///
/// It must be joined: a thread that is dropped without `join()` goes on by itself.
public final class DedicatedThread: @unchecked Sendable {
  // `handle` is written once before the object is shared; `join()` is called by the owner alone.
  private var handle = pthread_t()
  private var joined = false

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts `body` at once.
  public init(_ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // The main thread's usual size: deep C call chains (TLS, libarchive) are made for it.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
      if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
      return nil
    }
    let result = pthread_create(&handle, &attributes, entry, context)
    pthread_attr_destroy(&attributes)
    if result != 0 {
      // No thread to be had (EAGAIN): do the work here, so that whoever waits for it gets an end.
      joined = true
      Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
    }
  }

  /// Waits until the body has returned.
  public func join() {
    guard !joined else { return }
    joined = true
    pthread_join(handle, nil)
  }
}

/// Runs `body` on `count` threads of their own, each with its number from 0, and waits for all.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { number in DedicatedThread { body(number) } }
  for thread in threads { thread.join() }
}

/// How many threads to use: what is configured, or one for each processor that is on (`sysconf(3)`) where that is 0.
public func workerCount(configured: Int) -> Int {
  configured > 0 ? configured : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}
