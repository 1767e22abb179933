internal import Channels
internal import Repository
internal import Storage

/// One destination during one set's run: takes objects until one fails, then nothing more.
final class DestinationLane: Sendable {
  let name: String
  /// How long after its upload an object of the set is needed at this destination, in seconds; nil where nothing there
  /// expires by itself.
  private let lifetime: Int64?
  private let writer: RunDestination
  /// The snapshot, for the store's history: `peer-1/keys/20261121T020000Z-7f3a`.
  private let subject: String
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var failure: StorageError?
  private nonisolated(unsafe) var stored: UInt64 = 0

  init(name: String, subject: String, lifetime: Int64? = nil, writer: RunDestination) {
    self.name = name
    self.lifetime = lifetime
    self.writer = writer
    self.subject = subject
  }

  var error: StorageError? { monitor.locked { failure } }
  var isUsable: Bool { error == nil }
  /// Whether what `put` took is stored by `flush` alone.
  var isBatching: Bool { writer.gathers }
  /// Bytes acknowledged in this run.
  var storedBytes: UInt64 { monitor.locked { stored } }

  /// Stores an object; after a failure, here or earlier, does nothing.
  /// - Parameter time: when the object was sealed, in seconds since 1970: its lifetime counts from then, so that neither a
  ///   queue nor a slow upload makes it look younger than the store takes it for.
  /// - Returns: whether the object is stored, or taken to be stored by `flush`.
  func put(_ upload: Upload, sealedAt time: Int64, onFailure: (StorageError) -> Void) -> Bool {
    guard isUsable else { return false }
    var upload = upload
    upload.lockedUntil = lifetime.map { time + $0 }
    do throws(StorageError) {
      try writer.put(upload)
      monitor.locked { stored += UInt64(upload.content.count) }
      return true
    } catch {
      fail(error, onFailure)
      return false
    }
  }

  /// Stores what was put since the last time, where the destination gathers; after a failure does nothing.
  /// - Parameter what: begins its entry in the store's history.
  func flush(_ what: String, onFailure: (StorageError) -> Void) {
    guard writer.gathers, isUsable else { return }
    do throws(StorageError) { try writer.flush("\(what) \(subject)") } catch { fail(error, onFailure) }
  }

  private func fail(_ error: StorageError, _ onFailure: (StorageError) -> Void) {
    let isFirst = monitor.locked {
      defer { failure = failure ?? error }
      return failure == nil
    }
    if isFirst { onFailure(error) }
  }

  var outcome: DestinationOutcome {
    let error = error
    return DestinationOutcome(name: name, stored: error == nil, error: error.map { "\($0)" })
  }
}
