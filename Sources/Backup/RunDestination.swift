internal import Channels
internal import Storage

/// A destination during one run of the engine: once it could not be reached, with all attempts that its settings allow,
/// nothing more is sent to it. Each object would cost those attempts anew, and a server that stalls hours.
///
/// What it missed waits in its outbox and in the sources; the next run brings it.
final class RunDestination: ObjectWriter {
  let name: String
  let writer: any ObjectWriter
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var failure: StorageError?

  init(_ name: String, _ writer: any ObjectWriter) {
    self.name = name
    self.writer = writer
  }

  /// Why it is not asked any more; nil as long as it is. A refusal, a conflict or a full disk is no reason: the next object
  /// may fare otherwise.
  var unreachable: StorageError? { monitor.locked { failure } }

  func put(_ upload: Upload) throws(StorageError) {
    if let unreachable { throw unreachable }
    do throws(StorageError) { try writer.put(upload) } catch {
      if error.code == .unreachable { monitor.locked { failure = failure ?? error } }
      throw error
    }
  }
}

/// Tells once in a run that a destination cannot be reached, not for every set and stage that misses it.
final class OncePerDestination: Sendable {
  private let observe: @Sendable (BackupEvent) -> Void
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var told: Set<String> = []

  init(_ observe: @escaping @Sendable (BackupEvent) -> Void) { self.observe = observe }

  @Sendable func take(_ event: BackupEvent) {
    guard case .destinationFailed(let set, let destination, var error) = event, error.code == .unreachable else {
      return observe(event)
    }
    guard monitor.locked({ told.insert(destination).inserted }) else { return }
    error.hint =
      [error.hint, "nothing more is sent to it in this run; the next one brings what it misses"].compactMap(\.self)
      .joined(separator: "; ")
    observe(.destinationFailed(set: set, destination: destination, error))
  }
}
