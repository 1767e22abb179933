/// The tables, and how a connection is set up.
enum Schema {
  /// "Rdbt", in the file's header (bytes 68 to 71) so that `file(1)` and we know whose it is.
  private static let application: Int64 = 0x5264_6274
  private static let version: Int64 = 1

  static func prepare(_ database: Database) throws(IndexError) {
    // Before anything is read: with an exclusive lock the log's index is in memory and needs no shared file, and no lock
    // is taken and given back at every transaction.
    try database.execute("PRAGMA locking_mode = EXCLUSIVE")
    let application = try database.number("PRAGMA application_id")
    let version = try database.number("PRAGMA user_version")
    let tables = try database.number("SELECT count(*) FROM sqlite_schema")
    guard tables == 0 && application == 0 || application == self.application else {
      throw IndexError(.notAnIndex, database.path, "the file is another program's database")
    }
    guard version <= self.version else {
      throw IndexError(
        .newer, database.path, "the file has format \(version); this version knows formats up to \(self.version)")
    }
    try configure(database, isNew: tables == 0)
    if tables == 0 { try create(database) }
    guard try database.number("SELECT count(*) FROM sqlite_schema WHERE name IN ('sets', 'values_of')") == 2 else {
      throw IndexError(.damaged, database.path, "the index has lost its tables")
    }
  }

  private static func configure(_ database: Database, isNew: Bool) throws(IndexError) {
    // Rows of files are some 300 bytes: larger pages keep the tree flat.
    if isNew { try database.execute("PRAGMA page_size = 8192") }
    _ = try database.number("PRAGMA journal_mode = WAL")
    try database.execute("PRAGMA synchronous = NORMAL")
    try database.execute("PRAGMA cache_size = -16384")  // KiB
    _ = try database.number("PRAGMA mmap_size = 50331648")
    _ = try database.number("PRAGMA journal_size_limit = 16777216")
    try database.execute("PRAGMA temp_store = FILE")
  }

  private static func create(_ database: Database) throws(IndexError) {
    try database.execute("BEGIN IMMEDIATE")
    do {
      try database.execute(
        """
        PRAGMA application_id = \(application);
        PRAGMA user_version = \(version);
        CREATE TABLE sets (
          id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, next_chunk INTEGER NOT NULL) STRICT;
        CREATE TABLE values_of (
          set_id INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (set_id, key)
        ) STRICT, WITHOUT ROWID;
        """)
      try database.commit()
    } catch {
      database.rollback()
      throw error
    }
  }

  static func setNumber(_ database: Database, _ name: String) throws(IndexError) -> Int64? {
    let statement = try database.prepare("SELECT id FROM sets WHERE name = ?")
    defer { statement.reset() }
    statement.bind(1, text: name)
    return try statement.step() ? statement.integer(0) : nil
  }

  /// Tables of a set of its own, so that a set goes at once, and a first list of files is not copied but renamed.
  static func makeSet(_ database: Database, _ name: String) throws(IndexError) -> Int64 {
    try database.begin()
    let insert = try database.prepare("INSERT INTO sets (name, next_chunk) VALUES (?, 1)")
    insert.bind(1, text: name)
    try insert.run()
    let id = try database.number("SELECT last_insert_rowid()")
    try database.execute(filesTable("files_\(id)"))
    try database.execute(filesTable("staged_\(id)"))
    try database.execute(
      """
      CREATE TABLE volumes_\(id) (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL, uploaded INTEGER NOT NULL, stored INTEGER NOT NULL,
        plain INTEGER NOT NULL, live INTEGER NOT NULL, record BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
      CREATE TABLE chunks_\(id) (
        id INTEGER PRIMARY KEY, prefix INTEGER NOT NULL, digest BLOB NOT NULL, length INTEGER NOT NULL,
        volume INTEGER NOT NULL, uses INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT;
      CREATE TABLE prefixes_\(id) (
        prefix INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (prefix, id)) STRICT, WITHOUT ROWID;
      CREATE TABLE recent_\(id) (volume INTEGER PRIMARY KEY, chunks BLOB NOT NULL) STRICT;
      CREATE INDEX chunks_\(id)_unused ON chunks_\(id) (uses) WHERE uses = 0;
      """)
    return id
  }

  /// A staged row without `stamp` says that the file is gone.
  static func filesTable(_ name: String) -> String {
    """
    CREATE TABLE \(name) (
      key BLOB PRIMARY KEY, stamp BLOB, line BLOB, attributes BLOB, chunks BLOB, checksum INTEGER
    ) STRICT, WITHOUT ROWID
    """
  }

  static func dropSet(_ database: Database, _ id: Int64) throws(IndexError) {
    database.resetReaders()
    for table in ["files", "staged", "chunks", "prefixes", "recent", "volumes"] {
      try database.execute("DROP TABLE \(table)_\(id)")
    }
    try database.execute("DELETE FROM values_of WHERE set_id = \(id)")
    try database.execute("DELETE FROM sets WHERE id = \(id)")
  }
}
