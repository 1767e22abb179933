internal import CSQLite
internal import Glibc

/// One connection to an SQLite database, with SQLite's result codes as `IndexError`.
///
/// Used by one thread at a time (opened with `SQLITE_OPEN_NOMUTEX`).
final class Database {
  let path: String
  let handle: OpaquePointer
  /// Changes whenever open queries were ended: a cursor that sees another number starts its query anew.
  private(set) var readers = 0

  /// - Throws: `readOnly` where the file or its folder cannot be written, `notAnIndex`, `damaged`, `failed`.
  init(path: String) throws(IndexError) {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let error = SQLiteCode.error(code, opened, path)
      sqlite3_close_v2(opened)
      throw error
    }
    self.path = path
    handle = opened
    guard sqlite3_db_readonly(opened, "main") == 0 else {
      throw IndexError(.readOnly, path, "the file is read-only")
    }
  }

  deinit { sqlite3_close_v2(handle) }

  func error(_ code: Int32) -> IndexError { SQLiteCode.error(code, handle, path) }

  func execute(_ sql: String) throws(IndexError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  func prepare(_ sql: String) throws(IndexError) -> Statement { try Statement(self, sql) }

  /// The first column of a query's only row.
  func number(_ sql: String) throws(IndexError) -> Int64 {
    let statement = try prepare(sql)
    defer { statement.reset() }
    return try statement.step() ? statement.integer(0) : 0
  }

  /// SQLite ends a transaction by itself after some errors, so that it alone knows.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Begins a transaction unless one is open.
  func begin() throws(IndexError) {
    if !isInTransaction { try execute("BEGIN IMMEDIATE") }
  }

  /// - Parameter survivesPowerLoss: whether the disk has the transaction on return; else only the kernel: it then outlives
  ///   this process, whatever ends it, and after a loss of power the file may stand at an earlier commit.
  func commit(survivesPowerLoss: Bool = true) throws(IndexError) {
    guard isInTransaction else { return }
    resetReaders()
    try execute("COMMIT")
    if survivesPowerLoss { try syncLog() }
  }

  /// Makes the log's pages durable: SQLite does so itself only where it writes them back (`synchronous=NORMAL`), and a
  /// commit that did so each time would wait for all other data that the file system has to write.
  private func syncLog() throws(IndexError) {
    let log = open(path + "-wal", O_RDONLY | O_CLOEXEC)
    guard log >= 0 else { throw IndexError(.failed, path, "cannot open its log: \(String(cString: strerror(errno)))") }
    defer { close(log) }
    guard fsync(log) == 0 else {
      throw IndexError(.failed, path, "cannot sync its log: \(String(cString: strerror(errno)))")
    }
  }

  /// Counts up: what was kept in memory of a transaction may no longer be so.
  private(set) var rollbacks = 0

  func rollback() {
    rollbacks += 1
    resetReaders()
    // It fails only where SQLite has rolled back already.
    if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
  }

  /// Ends all open queries: they would keep a table from being changed and the log from being written back.
  func resetReaders() {
    readers += 1
    var statement = sqlite3_next_stmt(handle, nil)
    while let open = statement {
      if sqlite3_stmt_busy(open) != 0 { sqlite3_reset(open) }
      statement = sqlite3_next_stmt(handle, open)
    }
  }

  var changedRows: Int { Int(sqlite3_changes(handle)) }
}
