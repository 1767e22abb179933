internal import CSQLite

/// The versions of what this module stands on.
public enum IndexVersions {
  /// SQLite's (sqlite3_libversion).
  public static var sqlite: String { String(cString: sqlite3_libversion()) }
}
