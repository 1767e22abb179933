internal import Files
internal import Glibc

/// A node's index: what the last snapshot of each set held, and which chunks are in which volumes.
///
/// It is a cache. Whoever loses it pays one complete upload, never data; so nothing here tries to mend a damaged file.
///
/// Every write belongs to a transaction that begins by itself and ends with `commit()`, which returns when the disk has it
/// (write-ahead log, synced by us). What was not committed is gone after a crash, all of it. While it is open no other
/// process can open the file. Memory stays below some 100 MB (16 of them the page cache, 48 the mapped file), whatever the
/// index's size.
///
/// One thread at a time. All objects made from it keep it open.
public final class IndexFile {
  public let path: String
  let database: Database

  /// Opens the index, and makes it (mode 600) where it does not exist; its folder must exist.
  /// - Throws: `notAnIndex`, `newer`, `locked`, `readOnly`, `full`, `failed`; `damaged` here only where the beginning of
  ///   the file shows it: damage elsewhere is found by whatever reads it.
  public static func open(_ path: String) throws(IndexError) -> IndexFile {
    // SQLite would make it with the umask's permissions; its other files take over this one's.
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
    } else if errno != EEXIST {
      throw SQLiteCode.systemError(errno, path)
    }
    let database = try Database(path: path)
    try Schema.prepare(database)
    return IndexFile(database)
  }

  /// Removes the file and SQLite's files beside it, for instance a damaged one.
  public static func remove(_ path: String) throws(IndexError) {
    for name in [path + "-wal", path + "-shm", path + "-journal", path] {
      if unlink(name) != 0, errno != ENOENT {
        throw SQLiteCode.systemError(errno, path)
      }
    }
  }

  private init(_ database: Database) {
    path = database.path
    self.database = database
  }

  /// A value that was kept for the whole index: the epoch, the gear key and the like.
  public func value(_ key: String) throws(IndexError) -> [UInt8]? { try Values.read(database, 0, key) }

  /// - Parameter value: nil removes it.
  public func setValue(_ key: String, _ value: [UInt8]?) throws(IndexError) {
    try Values.write(database, 0, key, value)
  }

  /// The names of all sets, sorted.
  public func setNames() throws(IndexError) -> [String] {
    let statement = try database.prepare("SELECT name FROM sets ORDER BY name")
    defer { statement.reset() }
    var names: [String] = []
    while try statement.step() { names.append(statement.text(0)) }
    return names
  }

  /// What the index has of a set; an empty one where it has nothing yet.
  public func set(_ name: String) throws(IndexError) -> SetIndex { try SetIndex(database, name) }

  /// Forgets a set. Objects for it must not be used any more.
  public func removeSet(_ name: String) throws(IndexError) {
    guard let id = try Schema.setNumber(database, name) else { return }
    try database.begin()
    try Schema.dropSet(database, id)
  }

  /// Forgets everything, values and sets, for a new epoch. Objects for sets must not be used any more.
  public func removeAll() throws(IndexError) {
    for name in try setNames() { try removeSet(name) }
    try database.begin()
    try database.execute("DELETE FROM values_of")
  }

  /// Makes all changes so far durable.
  /// - Parameter survivesPowerLoss: false where it is enough that they outlive this process: that costs no wait for the
  ///   disk, and after a loss of power the index may stand at an earlier commit.
  /// - Throws: whatever keeps it from doing so; then none of them is.
  public func commit(survivesPowerLoss: Bool = true) throws(IndexError) {
    do { try database.commit(survivesPowerLoss: survivesPowerLoss) } catch {
      database.rollback()
      throw error
    }
  }

  /// Undoes all changes since the last commit.
  public func rollback() { database.rollback() }
}
