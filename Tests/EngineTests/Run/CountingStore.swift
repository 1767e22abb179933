import Channels
import Storage
import Files

/// A store that counts how often each object is fetched.
final class CountingStore: ObjectReader, ObjectWriter, ObjectRemover {
  private let store: any ObjectStore
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var counts: [String: Int] = [:]
  private nonisolated(unsafe) var sum = 0
  private nonisolated(unsafe) var action: (@Sendable (String) -> Void)?

  init(_ store: any ObjectStore) { self.store = store }

  /// How often each object was fetched since the last time.
  func take() -> (counts: [String: Int], bytes: Int) {
    monitor.locked {
      defer { (counts, sum) = ([:], 0) }
      return (counts, sum)
    }
  }

  /// Has something done after each fetch.
  func onGet(_ body: (@Sendable (String) -> Void)?) { monitor.locked { action = body } }

  func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    let content = try store.get(key, maximumLength: maximumLength)
    let action = monitor.locked {
      counts[key, default: 0] += 1
      sum += content.count
      return self.action
    }
    action?(key)
    return content
  }

  func put(_ upload: Upload) throws(StorageError) { try store.put(upload) }
  func remove(_ key: String) throws(StorageError) { try store.remove(key) }
  func size(of key: String) throws(StorageError) -> UInt64? { try store.size(of: key) }
  func list(prefix: String) throws(StorageError) -> [ObjectSummary] { try store.list(prefix: prefix) }
  func listFolders(prefix: String) throws(StorageError) -> [String] { try store.listFolders(prefix: prefix) }
}
