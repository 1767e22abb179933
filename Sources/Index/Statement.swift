internal import CSQLite

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite.
final class Statement {
  private let database: Database
  private let handle: OpaquePointer

  init(_ database: Database, _ sql: String) throws(IndexError) {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(
      database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw database.error(code) }
    self.database = database
    handle = prepared
  }

  deinit { sqlite3_finalize(handle) }

  // Binding fails only for a wrong parameter number, or for want of memory, which `step` would meet as well.

  func bind(_ parameter: Int32, _ value: Int64) { sqlite3_bind_int64(handle, parameter, value) }

  func bind(_ parameter: Int32, _ value: Int) { bind(parameter, Int64(value)) }

  func bind(_ parameter: Int32, _ value: [UInt8]) {
    _ = value.withUnsafeBytes {
      redoubt_sqlite3_bind_copy(handle, parameter, $0.baseAddress, UInt64($0.count))
    }
  }

  func bind(_ parameter: Int32, text: String) { bind(parameter, Array(text.utf8)) }

  func bindNull(_ parameter: Int32) { sqlite3_bind_null(handle, parameter) }

  /// - Returns: whether there is a row.
  func step() throws(IndexError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    let error = database.error(code)
    sqlite3_reset(handle)
    throw error
  }

  /// Runs a statement that gives no rows, and readies it for the next time.
  func run() throws(IndexError) {
    _ = try step()
    reset()
  }

  func reset() { sqlite3_reset(handle) }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  /// The column's bytes; valid until the next `step` or `reset`.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let base = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
  }

  func array(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
