internal import Channels
internal import Files
internal import Glibc
internal import Storage

/// How many bytes a run may fetch and how long it may take, and how much of both is used. Any thread may use it.
final class RunBudget: Sendable {
  /// nil for any.
  let bytes: UInt64?
  private let isStopped: @Sendable () -> Bool
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var count: UInt64 = 0

  /// - Parameter isStopped: whether the time is over, or somebody has asked for an end.
  init(bytes: UInt64?, isStopped: @escaping @Sendable () -> Bool) {
    self.bytes = bytes
    self.isStopped = isStopped
  }

  var isOver: Bool { isStopped() }
  /// Bytes that were fetched, whatever for.
  var fetched: UInt64 { monitor.locked { count } }
  var left: UInt64 { bytes.map { $0 - min($0, fetched) } ?? .max }

  func count(_ bytes: Int) { monitor.locked { count += UInt64(bytes) } }
}

/// Reads for a run: counts what is fetched, and keeps a copy of objects that will be needed again.
final class RunReader: ObjectReader {
  private let reader: any ObjectReader
  private let budget: RunBudget
  /// Where copies are, as they are stored; made when the first is kept.
  private let folder: String
  private let monitor = Monitor()
  // Guarded by `monitor`: by key, whether the copy is there.
  private nonisolated(unsafe) var copies: [String: Bool] = [:]

  init(_ reader: any ObjectReader, _ budget: RunBudget, copies folder: String) {
    self.reader = reader
    self.budget = budget
    self.folder = folder
  }

  /// Has objects copied when they are fetched next.
  func keep(_ keys: [String]) {
    monitor.locked { for key in keys where copies[key] == nil { copies[key] = false } }
  }

  /// Whether fetching costs nothing.
  func has(_ key: String) -> Bool { monitor.locked { copies[key] == true } }

  /// Removes the copies.
  func forget() {
    let isUsed = monitor.locked {
      defer { copies = [:] }
      return copies.values.contains(true)
    }
    if isUsed { removeTree(folder) }
  }

  private func path(_ key: String) -> String { "\(folder)/\(key.replacing("/", with: "+"))" }

  func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    if has(key), let content = try? FileContent.read(path(key), maximumLength: maximumLength) { return content }
    let content = try reader.get(key, maximumLength: maximumLength)
    budget.count(content.count)
    copy(content, key)
    return content
  }

  func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError) {
    if has(key), let content = try? FileContent.read(path(key), maximumLength: maximumLength) {
      object.removeAll()
      do throws(FileError) {
        try content.withRawBytes { (bytes) throws(FileError) in try object.append(bytes) }
      } catch {
        throw StorageError(.unreachable, key, "\(error)")
      }
      return
    }
    try reader.get(key, into: object, maximumLength: maximumLength)
    budget.count(object.count)
    if monitor.locked({ copies[key] == false }) { copy(Array(object.bytes), key) }
  }

  /// Where there is no room for a copy, the object is fetched again.
  private func copy(_ content: [UInt8], _ key: String) {
    guard monitor.locked({ copies[key] == false }) else { return }
    do {
      try Paths.makeFolders(folder)
      try FileContent.write(content, to: path(key))
      monitor.locked { copies[key] = true }
    } catch {
      monitor.locked { copies[key] = nil }
    }
  }

  func size(of key: String) throws(StorageError) -> UInt64? { try reader.size(of: key) }
  func list(prefix: String) throws(StorageError) -> [ObjectSummary] { try reader.list(prefix: prefix) }
  func listFolders(prefix: String) throws(StorageError) -> [String] { try reader.listFolders(prefix: prefix) }
}
