internal import CSQLite
internal import Glibc

/// Consistent copies of SQLite databases that other processes have open and write to (https://www.sqlite.org/backup.html).
///
/// The database is opened for reading alone: it is neither recovered nor checkpointed nor changed. All pages are copied
/// as one read transaction sees them, so that a writer never makes the copy begin anew. With a write-ahead log (WAL)
/// writers go on meanwhile; with a rollback journal their commits wait until the copy is done.
public enum OnlineCopy {
  /// Makes a copy and checks it with `PRAGMA quick_check`. Equal databases make equal copies.
  /// - Parameters:
  ///   - database: absolute path.
  ///   - copy: where the copy goes: a file (mode 600) that must not exist, in a folder of the caller's own. Whatever
  ///     fails, it is removed again.
  ///   - patience: seconds to wait for another's lock.
  ///   - isCancelled: looked at often.
  public static func make(
    of database: String, at copy: String, patience: Double = 30, isCancelled: () -> Bool = { false }
  ) throws(OnlineCopyError) {
    try requireHeader(database)
    let file = open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw OnlineCopyError(.failed, database, "cannot make a copy at \(copy): \(String(cString: strerror(errno)))")
    }
    close(file)
    do throws(OnlineCopyError) {
      let source = try Connection(database, SQLITE_OPEN_READONLY, subject: database)
      try source.beginReading(patience: patience, isCancelled)
      let target = try Connection(copy, SQLITE_OPEN_READWRITE, subject: database)
      // Nothing to go back to: a copy that was not finished is removed.
      try target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
      try copyPages(from: source, to: target, isCancelled)
      target.close()
      source.close()
      try check(copy, database)
    } catch {
      unlink(copy)
      throw error
    }
  }

  /// Pages of one step: between two of them the caller may stop.
  private static let step: Int32 = 1024

  private static func copyPages(
    from source: Connection, to target: Connection, _ isCancelled: () -> Bool
  ) throws(OnlineCopyError) {
    guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
      throw target.error(sqlite3_errcode(target.handle))
    }
    var code = SQLITE_OK
    while code == SQLITE_OK, !isCancelled() { code = sqlite3_backup_step(backup, step) }
    let finished = sqlite3_backup_finish(backup)
    guard code != SQLITE_OK else { throw OnlineCopyError(.cancelled, source.path, "stopped by a signal") }
    guard code == SQLITE_DONE, finished == SQLITE_OK else {
      throw target.error(code == SQLITE_DONE ? finished : code)
    }
  }

  /// The copy is opened as one that nobody changes: no journal and no log come to lie beside it.
  private static func check(_ copy: String, _ database: String) throws(OnlineCopyError) {
    let unsafe: Set<UInt8> = [UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#")]
    var name = Array("file:".utf8)
    for byte in copy.utf8 { name += unsafe.contains(byte) ? Array("%\(String(byte, radix: 16))".utf8) : [byte] }
    let uri = String(decoding: name, as: UTF8.self) + "?immutable=1"
    let connection = try Connection(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, subject: database)
    let found = try connection.firstText("PRAGMA quick_check(1)")
    guard found == "ok" else { throw OnlineCopyError(.damaged, database, "it is damaged: \(found)") }
  }

  /// The first 16 bytes (https://www.sqlite.org/fileformat.html, section 1.3): SQLite itself takes an empty file for a
  /// database, and says little of other files.
  private static func requireHeader(_ path: String) throws(OnlineCopyError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw OnlineCopyError(.failed, path, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 16)
    let count = read(file, &header, header.count)
    if count == 0 { throw OnlineCopyError(.notADatabase, path, "is empty, and no SQLite database") }
    guard count == 16, header == Array("SQLite format 3\0".utf8) else {
      throw OnlineCopyError(.notADatabase, path, "is not an SQLite database (or an encrypted one)")
    }
  }
}

/// One connection for a copy. One thread.
private final class Connection {
  let path: String
  private(set) var handle: OpaquePointer?

  /// - Parameter subject: the database that errors name.
  init(_ name: String, _ flags: Int32, subject: String) throws(OnlineCopyError) {
    path = subject
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    handle = opened
    guard code == SQLITE_OK else { throw error(code) }
  }

  deinit { close() }

  func close() {
    sqlite3_close_v2(handle)
    handle = nil
  }

  func execute(_ sql: String) throws(OnlineCopyError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// Begins a read transaction; it holds until the connection is closed.
  func beginReading(patience: Double, _ isCancelled: () -> Bool) throws(OnlineCopyError) {
    let deadline = Self.now() + patience
    while true {
      // A transaction takes its lock with its first read.
      let code = sqlite3_exec(handle, "BEGIN; SELECT count(*) FROM sqlite_master", nil, nil, nil)
      if code == SQLITE_OK { return }
      let failure = error(code)
      // Whether there is a transaction to end is no matter: the next BEGIN tells.
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      guard failure.code == .locked else { throw failure }
      guard Self.now() < deadline else {
        throw OnlineCopyError(.locked, path, "was locked by another for \(Int(patience)) s")
      }
      guard !isCancelled() else { throw OnlineCopyError(.cancelled, path, "stopped by a signal") }
      usleep(50_000)
    }
  }

  func firstText(_ sql: String) throws(OnlineCopyError) -> String {
    var statement: OpaquePointer?
    var code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    defer { sqlite3_finalize(statement) }
    if code == SQLITE_OK { code = sqlite3_step(statement) }
    guard code == SQLITE_ROW else { throw error(code) }
    return sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
  }

  func error(_ code: Int32) -> OnlineCopyError {
    if code == Self.hotJournal {
      return OnlineCopyError(.unfinished, path, "was left in the middle of a transaction, with its journal beside it")
    }
    var reason = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    let system = handle.map { sqlite3_system_errno($0) } ?? 0
    if system != 0, [SQLITE_IOERR, SQLITE_CANTOPEN].contains(code & 0xFF) {
      reason += " (\(String(cString: strerror(system))))"
    }
    return OnlineCopyError(Self.meaning(code, system), path, reason)
  }

  /// `SQLITE_READONLY_ROLLBACK`, a macro that Swift does not import.
  private static let hotJournal = SQLITE_READONLY | (3 << 8)

  /// By the lower byte, the primary code (https://www.sqlite.org/rescode.html).
  private static func meaning(_ code: Int32, _ system: Int32) -> OnlineCopyError.Code {
    switch code & 0xFF {
    case SQLITE_NOTADB: .notADatabase
    case SQLITE_CORRUPT: .damaged
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
    case SQLITE_FULL: .noRoom
    case SQLITE_IOERR where system == ENOSPC || system == EDQUOT: .noRoom
    default: .failed
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
