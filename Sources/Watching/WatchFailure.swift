internal import Synchronization

/// Why the watcher's thread has ended; set there, read by its owner.
final class WatchFailure: Sendable {
  private let error = Mutex<WatchError?>(nil)
  func set(_ value: WatchError) { error.withLock { $0 = value } }
  var value: WatchError? { error.withLock { $0 } }
}
