internal import CSQLite
internal import Glibc

/// SQLite's result codes (https://www.sqlite.org/rescode.html) as errors of the index.
enum SQLiteCode {
  static func error(_ code: Int32, _ handle: OpaquePointer?, _ path: String) -> IndexError {
    let system = handle.map { sqlite3_system_errno($0) } ?? 0
    var reason = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    if system != 0, [SQLITE_IOERR, SQLITE_CANTOPEN].contains(code & 0xFF) {
      reason += " (\(String(cString: strerror(system))))"
    }
    return IndexError(meaning(code, system), path, reason)
  }

  /// A system call that failed on the index's file.
  static func systemError(_ code: Int32, _ path: String) -> IndexError {
    IndexError(meaning(code) ?? .failed, path, String(cString: strerror(code)))
  }

  private static func meaning(_ system: Int32) -> IndexError.Code? {
    switch system {
    case ENOSPC, EDQUOT: .full
    case EACCES, EPERM, EROFS: .readOnly
    default: nil
    }
  }

  private static func meaning(_ code: Int32, _ system: Int32) -> IndexError.Code {
    // The lower byte is the primary code.
    switch code & 0xFF {
    case SQLITE_NOTADB: return .notAnIndex
    case SQLITE_CORRUPT: return .damaged
    case SQLITE_BUSY, SQLITE_LOCKED: return .locked
    case SQLITE_FULL: return .full
    case SQLITE_READONLY: return .readOnly
    case SQLITE_IOERR, SQLITE_CANTOPEN:
      // SQLITE_IOERR_SHORT_READ: the file ends too early.
      return meaning(system) ?? (code == SQLITE_IOERR | (2 << 8) ? .damaged : .failed)
    default: return .failed
    }
  }
}
