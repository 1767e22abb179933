public import Files

/// A store whose requests are tried again where that makes sense: on failures that call themselves transient, never on a
/// denial. It does what the store beneath it does: what can only write stays so.
public struct RetryingStore<Base: Sendable>: Sendable {
  public let base: Base
  public let policy: RetryPolicy

  public init(_ base: Base, _ policy: RetryPolicy = RetryPolicy()) {
    self.base = base
    self.policy = policy
  }
}

extension RetryingStore: ObjectWriter where Base: ObjectWriter {
  /// An `.exists` that follows a try which may have taken effect is that try's success: its answer alone was lost.
  public func put(_ upload: Upload) throws(StorageError) {
    try policy.run { (mayHaveTakenEffect) throws(StorageError) in
      do throws(StorageError) {
        try base.put(upload)
      } catch {
        if error.code == .exists, mayHaveTakenEffect || error.mayHaveTakenEffect { return }
        throw error
      }
    }
  }
}

extension RetryingStore: ObjectReader where Base: ObjectReader {
  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    try policy.run { (_) throws(StorageError) in try base.get(key, maximumLength: maximumLength) }
  }

  public func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError) {
    try policy.run { (_) throws(StorageError) in try base.get(key, into: object, maximumLength: maximumLength) }
  }

  public func size(of key: String) throws(StorageError) -> UInt64? {
    try policy.run { (_) throws(StorageError) in try base.size(of: key) }
  }

  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
    try policy.run { (_) throws(StorageError) in try base.list(prefix: prefix) }
  }

  public func listFolders(prefix: String) throws(StorageError) -> [String] {
    try policy.run { (_) throws(StorageError) in try base.listFolders(prefix: prefix) }
  }
}

extension RetryingStore: ObjectRemover where Base: ObjectRemover {
  public func remove(_ key: String) throws(StorageError) {
    try policy.run { (_) throws(StorageError) in try base.remove(key) }
  }
}

extension RetryingStore: BatchingStore where Base: BatchingStore {
  public func flush(_ title: String) throws(StorageError) {
    try policy.run { (_) throws(StorageError) in try base.flush(title) }
  }

  public func discard() { base.discard() }
  public func takeNotices() -> [StoreNotice] { base.takeNotices() }
}

extension RetryingStore: TreeMirror where Base: TreeMirror {
  public func take(_ content: [UInt8]) throws(StorageError) -> String {
    try policy.run { (_) throws(StorageError) in try base.take(content) }
  }

  public func replace(
    _ folder: String, with files: [MirroredFile], keeping: [[UInt8]], title: String
  ) throws(StorageError) -> Bool {
    try policy.run { (_) throws(StorageError) in
      try base.replace(folder, with: files, keeping: keeping, title: title)
    }
  }
}
