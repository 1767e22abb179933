internal import Synchronization

/// Bytes in an anonymous file in memory (memfd_create(2)) that is mapped here: what one process writes, another reads
/// through the descriptor, and neither copies it to hand it over.
///
/// Belongs to one thread at a time while it is filled; what is complete may be read by any number. Its memory goes back
/// to the pool it came from, or to the system, with this object.
public final class MemoryFile: @unchecked Sendable {
  // Filled by its owner alone; see above.
  private let mapping: MemoryMapping
  private let pool: MemoryFilePool?
  /// Bytes of content.
  public private(set) var count = 0

  /// - Parameter pool: where the memory comes from and goes to; nil for memory of its own.
  public init(from pool: MemoryFilePool? = nil) throws(FileError) {
    if let spare = pool?.take() { mapping = spare } else { mapping = try MemoryMapping() }
    self.pool = pool
  }

  deinit { pool?.keep(mapping) }

  public convenience init(_ content: [UInt8]) throws(FileError) {
    try self.init()
    try content.withRawBytes { (bytes) throws(FileError) in try append(bytes) }
  }

  /// For another process. Its numbers are above those that a child's redirections use.
  public var descriptor: Int32 { mapping.descriptor }

  /// The content; valid until it changes.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mapping.base, count: count) }

  /// A copy of the content.
  public var array: [UInt8] { Array(bytes) }

  /// Makes room, so that content does not move while it grows.
  /// - Parameter capacity: bytes, of which only those that are used take memory.
  public func reserve(_ capacity: Int) throws(FileError) { try mapping.reserve(capacity) }

  public func append(_ more: UnsafeRawBufferPointer) throws(FileError) {
    guard let source = more.baseAddress, !more.isEmpty else { return }
    if count + more.count > mapping.size { try reserve(max(count + more.count, count + count / 2)) }
    mapping.base?.advanced(by: count).copyMemory(from: source, byteCount: more.count)
    count += more.count
  }

  /// Puts other content in the place of the present one.
  /// - Parameter body: writes into the bytes that were reserved and returns how many it wrote; where it throws, nothing is
  ///   left.
  public func fill<Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    removeAll()
    count = min(mapping.size, try body(UnsafeMutableRawBufferPointer(start: mapping.base, count: mapping.size)))
  }

  /// Gives the memory back; the file is empty then.
  public func giveBack() {
    removeAll()
    mapping.giveBack()
  }

  /// The memory stays.
  public func removeAll() { count = 0 }

  /// Ends the file where the content ends and goes to its start, for a process that reads it.
  public func prepareForReading() throws(FileError) { try mapping.end(at: count, position: 0) }

  /// Goes to the start, for a process that writes it.
  public func prepareForWriting() throws(FileError) {
    removeAll()
    try mapping.end(at: mapping.size, position: 0)
  }

  /// Takes what a process wrote as the content.
  public func takeWritten() throws(FileError) {
    let written = try mapping.position()
    try mapping.end(at: written, position: 0)
    try mapping.reserve(written)
    count = written
  }
}

/// Memory files whose memory is used again: pages that are given back and asked for anew cost more than the work on them.
///
/// It holds as many as were ever in use at one time: who uses it bounds that. Any thread may use it.
public final class MemoryFilePool: Sendable {
  private let idle = Mutex<[MemoryMapping]>([])

  public init() {}

  /// The one that was used last, whose pages are likelier in the processor's caches.
  func take() -> MemoryMapping? { idle.withLock { $0.popLast() } }

  func keep(_ mapping: MemoryMapping) { idle.withLock { $0.append(mapping) } }
}
