internal import Channels
internal import Storage

/// A destination during one run of the engine: once it could not be reached, with all attempts that its settings allow,
/// nothing more is sent to it. Each object would cost those attempts anew, and a server that stalls hours.
///
/// What it missed waits in its outbox and in the sources; the next run brings it.
final class RunDestination: ObjectWriter {
  let name: String
  let writer: any ObjectWriter
  /// The writer, where what it takes is stored by `flush` alone.
  private let batching: (any BatchingStore)?
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var failure: StorageError?

  init(_ name: String, _ writer: any ObjectWriter) {
    self.name = name
    self.writer = writer
    batching = writer as? any BatchingStore
  }

  /// Why it is not asked any more; nil as long as it is. A refusal, a conflict or a full disk is no reason: the next object
  /// may fare otherwise.
  var unreachable: StorageError? { monitor.locked { failure } }

  func put(_ upload: Upload) throws(StorageError) {
    try request { () throws(StorageError) in try writer.put(upload) }
  }

  /// Whether what `put` took is stored by `flush` alone.
  var gathers: Bool { batching != nil }

  /// Stores what was gathered; does nothing where the destination does not gather.
  func flush(_ title: String) throws(StorageError) {
    guard let batching else { return }
    try request { () throws(StorageError) in try batching.flush(title) }
  }

  func discard() { batching?.discard() }
  func takeNotices() -> [StoreNotice] { batching?.takeNotices() ?? [] }

  private func request(_ body: () throws(StorageError) -> Void) throws(StorageError) {
    if let unreachable { throw unreachable }
    do throws(StorageError) { try body() } catch {
      if error.code == .unreachable { monitor.locked { failure = failure ?? error } }
      throw error
    }
  }
}

/// Tells once in a run that a destination cannot be reached or is not there, not for every set and stage that misses it.
final class OncePerDestination: Sendable {
  private let observe: @Sendable (BackupEvent) -> Void
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var told: Set<String> = []

  init(_ observe: @escaping @Sendable (BackupEvent) -> Void) { self.observe = observe }

  @Sendable func take(_ event: BackupEvent) {
    guard case .destinationFailed(let set, let destination, var error) = event,
      error.code == .unreachable || error.code == .noSuchStore
    else { return observe(event) }
    guard monitor.locked({ told.insert(destination).inserted }) else { return }
    if error.code == .unreachable {
      error.hint =
        [error.hint, "nothing more is sent to it in this run; the next one brings what it misses"].compactMap(\.self)
        .joined(separator: "; ")
    }
    observe(.destinationFailed(set: set, destination: destination, error))
  }
}
