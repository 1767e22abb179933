internal import Archive
internal import Files
internal import Index
internal import Policy
internal import Repository

/// A consistent copy of an SQLite database, to be stored in the live one's place.
enum DatabaseCopy {
  /// SQLite's own files beside a database: a copy needs none of them.
  static let sideSuffixes = ["-wal", "-shm", "-journal"]

  /// Makes the copy.
  /// - Throws: `BackupError` where there is no good copy to be had: then there is no snapshot either.
  static func make(of database: String, _ spool: SourceSpool, isCancelled: () -> Bool) throws -> ExtraSource {
    let (entry, size) = try look(at: database)
    // What the log holds is a part of it.
    try spool.requireRoom(for: size + self.size(of: database + "-wal"))
    do throws(OnlineCopyError) {
      try OnlineCopy.make(of: database, at: spool.path, isCancelled: isCancelled)
    } catch {
      throw BackupError(error.code == .cancelled ? .cancelled : .failed, "sqlite: \(error)", hint: error.hint)
    }
    return ExtraSource(
      entry: entry, content: .spooled(try spool.take()),
      sideFiles: sideSuffixes.map { entry.path + Array($0.utf8) }, standsForFile: true)
  }

  /// The live database's metadata, and its size in bytes.
  static func look(at database: String) throws(BackupError) -> (entry: Entry, size: UInt64) {
    var found: Entry?
    var size: UInt64 = 0
    try TreeWalker(sources: [Array(database.utf8)]).walk(
      visit: { (object: borrowing FoundEntry) throws(BackupError) in
        guard object.status.kind == .file else {
          let kind = object.status.kind == .symbolicLink ? "a symbolic link" : "no regular file"
          throw BackupError(.failed, "sqlite: \(database) is \(kind)", hint: "name the database's file itself")
        }
        var entry = object.entry
        do throws(FileError) { entry.attributes = try object.attributes() } catch {
          throw BackupError(.failed, "sqlite: \(error)")
        }
        size = entry.size
        entry.size = 0
        found = entry
      },
      report: { finding throws(BackupError) in
        throw BackupError(
          .failed, "sqlite: \(database) \(finding.code == .missingPath ? "does not exist" : finding.detail)")
      })
    guard let found else { throw BackupError(.failed, "sqlite: \(database) does not exist") }
    return (found, size)
  }

  private static func size(of path: String) -> UInt64 {
    // A log that is not there needs no room.
    (try? SourceFile(path).status().size) ?? 0
  }
}
