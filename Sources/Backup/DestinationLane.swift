internal import Channels
internal import Repository
internal import Storage

/// One destination during one set's run: takes objects until one fails, then nothing more.
final class DestinationLane: Sendable {
  let name: String
  /// How long after its upload an object of the set is needed at this destination, in seconds; nil where nothing there
  /// expires by itself.
  private let lifetime: Int64?
  private let writer: any ObjectWriter
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var failure: StorageError?
  private nonisolated(unsafe) var stored: UInt64 = 0

  init(name: String, lifetime: Int64? = nil, writer: any ObjectWriter) {
    self.name = name
    self.lifetime = lifetime
    self.writer = writer
  }

  var error: StorageError? { monitor.locked { failure } }
  var isUsable: Bool { error == nil }
  /// Bytes acknowledged in this run.
  var storedBytes: UInt64 { monitor.locked { stored } }

  /// Stores an object; after a failure, here or earlier, does nothing.
  /// - Parameter time: when the object was sealed, in seconds since 1970: its lifetime counts from then, so that neither a
  ///   queue nor a slow upload makes it look younger than the store takes it for.
  /// - Returns: whether the object is stored.
  func put(_ upload: Upload, sealedAt time: Int64, onFailure: (StorageError) -> Void) -> Bool {
    guard isUsable else { return false }
    var upload = upload
    upload.lockedUntil = lifetime.map { time + $0 }
    do throws(StorageError) {
      try writer.put(upload)
      monitor.locked { stored += UInt64(upload.content.count) }
      return true
    } catch {
      let isFirst = monitor.locked {
        defer { failure = failure ?? error }
        return failure == nil
      }
      if isFirst { onFailure(error) }
      return false
    }
  }

  var outcome: DestinationOutcome {
    let error = error
    return DestinationOutcome(name: name, stored: error == nil, error: error.map { "\($0)" })
  }
}
