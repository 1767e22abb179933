internal import Channels
public import Storage

/// A store that does what a real one beneath it does, except where its plan says otherwise: it fails, or lies.
public final class FaultyStore: ObjectWriter, ObjectReader, ObjectRemover {
  public enum Operation: String, Sendable { case put, get, size, list, listFolders, remove }

  public struct Call: Sendable, Equatable {
    /// From 1, over all operations.
    public var number: Int
    public var operation: Operation
    /// The key, or a listing's prefix.
    public var key: String
  }

  public enum Fault: Sendable {
    /// Throws, and does nothing.
    case fail(StorageError)
    /// Does it, and throws all the same: the answer was lost.
    case loseAnswer(StorageError)
    /// put and remove: reports success and does nothing. Listings: are empty. size: nil.
    case pretend
    /// get: one byte at this offset (counted from the end where negative) has its lowest bit flipped. put: so is stored.
    case flip(Int)
    /// get and put: only so many bytes of the content.
    case truncate(Int)
  }

  private let base: any ObjectStore
  private let plan: @Sendable (Call) -> Fault?
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var seen: [Call] = []

  /// - Parameter plan: asked before each call; nil lets it through.
  public init(_ base: any ObjectStore, plan: @escaping @Sendable (Call) -> Fault?) {
    self.base = base
    self.plan = plan
  }

  /// Fails, or lies, at the `nth` call alone (from 1).
  public convenience init(_ base: any ObjectStore, at nth: Int, _ fault: Fault) {
    self.init(base) { $0.number == nth ? fault : nil }
  }

  /// What was asked so far.
  public var calls: [Call] { monitor.locked { seen } }

  private func fault(_ operation: Operation, _ key: String) -> Fault? {
    let call = monitor.locked {
      let call = Call(number: seen.count + 1, operation: operation, key: key)
      seen.append(call)
      return call
    }
    return plan(call)
  }

  /// Runs `body` unless the plan has it fail before; throws afterwards where the answer is to be lost.
  private func run<Result>(
    _ operation: Operation, _ key: String, pretended: Result, _ body: (Fault?) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let fault = fault(operation, key)
    switch fault {
    case .fail(let error): throw error
    case .pretend: return pretended
    case .loseAnswer(let error):
      _ = try body(nil)
      throw error
    case .flip, .truncate, nil: return try body(fault)
    }
  }

  private static func changed(_ content: [UInt8], _ fault: Fault?) -> [UInt8] {
    switch fault {
    case .truncate(let count): return Array(content.prefix(count))
    case .flip(let offset):
      let position = offset < 0 ? content.count + offset : offset
      guard content.indices.contains(position) else { return content }
      var content = content
      content[position] ^= 1
      return content
    default: return content
    }
  }

  public func put(_ upload: Upload) throws(StorageError) {
    try run(.put, upload.key, pretended: ()) { (fault) throws(StorageError) in
      guard let fault else { return try base.put(upload) }
      let content = Self.changed(upload.content.array, fault)
      try base.put(Upload(key: upload.key, content: content, lockedUntil: upload.lockedUntil))
    }
  }

  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    try run(.get, key, pretended: []) { (fault) throws(StorageError) in
      Self.changed(try base.get(key, maximumLength: maximumLength), fault)
    }
  }

  public func size(of key: String) throws(StorageError) -> UInt64? {
    try run(.size, key, pretended: nil) { (_) throws(StorageError) in try base.size(of: key) }
  }

  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] {
    try run(.list, prefix, pretended: []) { (_) throws(StorageError) in try base.list(prefix: prefix) }
  }

  public func listFolders(prefix: String) throws(StorageError) -> [String] {
    try run(.listFolders, prefix, pretended: []) { (_) throws(StorageError) in try base.listFolders(prefix: prefix) }
  }

  public func remove(_ key: String) throws(StorageError) {
    try run(.remove, key, pretended: ()) { (_) throws(StorageError) in try base.remove(key) }
  }
}
