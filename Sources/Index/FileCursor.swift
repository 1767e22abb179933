/// Goes through the files of a set's last snapshot in the order of a walk.
///
/// It shows the last snapshot whatever is staged or committed meanwhile, until the next `publish`, after which it goes on
/// with the new one's files. One row is in memory.
public final class FileCursor {
  private let database: Database
  private let first: Statement
  private let next: Statement
  private var query: Statement
  private var readers: Int
  private var isStarted = false
  private var isAtEnd = false
  /// The current row's key: where to go on when the query had to end.
  private var key: [UInt8] = []
  private var currentStamp: FileStamp?

  init(_ database: Database, table: String) throws(IndexError) {
    self.database = database
    readers = database.readers
    first = try database.prepare("SELECT \(FileRow.columns) FROM \(table) WHERE key >= ? ORDER BY key")
    next = try database.prepare("SELECT \(FileRow.columns) FROM \(table) WHERE key > ? ORDER BY key")
    query = first
  }

  /// Goes to the next file.
  /// - Returns: false after the last one.
  /// - Throws: `damaged`, `failed`.
  public func advance() throws(IndexError) -> Bool {
    if isAtEnd { return false }
    if !isStarted { start(first) } else if readers != database.readers { start(next) }
    isStarted = true
    repeat {
      guard try query.step() else {
        isAtEnd = true
        query.reset()
        return false
      }
    } while PathKey.isListing(query.bytes(0))
    try take()
    return true
  }

  private func start(_ statement: Statement) {
    query = statement
    query.reset()
    query.bind(1, key)
    readers = database.readers
  }

  private func take() throws(IndexError) {
    guard FileRow.isWhole(query), let stamp = FileStamp(query.bytes(1)) else {
      throw IndexError(.damaged, database.path, "a file's row does not match its checksum")
    }
    currentStamp = stamp
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: query.bytes(0))
  }

  /// The current row, found again where a commit has ended the query.
  private func row() throws(IndexError) -> Statement {
    guard isStarted, !isAtEnd else {
      throw IndexError(.unknown, database.path, "the cursor is not on a file")
    }
    guard readers != database.readers else { return query }
    start(first)
    guard try query.step(), query.bytes(0).elementsEqual(key) else {
      throw IndexError(.unknown, database.path, "the cursor's file is gone")
    }
    try take()
    return query
  }

  /// Negative where `path` comes before the current file in a walk, 0 where it is the same, positive where it comes after.
  public func compare(_ path: [UInt8]) -> Int { key.withUnsafeBytes { PathKey.compare(path, $0) } }

  public var path: [UInt8] { key.withUnsafeBytes(PathKey.decode) }

  /// Nil before the first `advance`.
  public var stamp: FileStamp? { currentStamp }

  /// The listing line; valid until the next call of anything of this cursor or `commit`.
  public func line() throws(IndexError) -> UnsafeRawBufferPointer { try row().bytes(2) }

  /// The caller's attributes; valid until the next call of anything of this cursor or `commit`.
  public func attributes() throws(IndexError) -> UnsafeRawBufferPointer { try row().bytes(3) }

  public func chunks() throws(IndexError) -> [ChunkID] {
    guard let chunks = ChunkList.decode(try row().bytes(4)) else {
      throw IndexError(.damaged, database.path, "a file's list of chunks is malformed")
    }
    return chunks
  }

  /// All of the current file, as a copy.
  public func record() throws(IndexError) -> FileRecord {
    guard let record = FileRow.read(try row()) else {
      throw IndexError(.damaged, database.path, "a file's row is malformed")
    }
    return record
  }
}
