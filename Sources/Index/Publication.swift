/// What a `publish` changed.
public struct Publication: Sendable, Equatable {
  /// Files added or replaced, without listings.
  public var stagedFiles: Int
  public var removedFiles: Int
  /// Chunks that the new snapshot does not refer to.
  public var forgottenChunks: Int
  /// Volumes in which nothing is alive any more.
  public var forgottenVolumes: Int

  public init(stagedFiles: Int = 0, removedFiles: Int = 0, forgottenChunks: Int = 0, forgottenVolumes: Int = 0) {
    self.stagedFiles = stagedFiles
    self.removedFiles = removedFiles
    self.forgottenChunks = forgottenChunks
    self.forgottenVolumes = forgottenVolumes
  }
}

extension SetIndex {
  /// Makes the staged changes the last snapshot's files, forgets all chunks that these do not refer to and the volumes
  /// that have none left, and commits. After it the staged changes are gone. Its work is that of the changes alone.
  ///
  /// All or nothing: where it fails or the process dies, the last snapshot stays.
  /// - Throws: `unknown` where a staged file refers to a chunk that is not known.
  @discardableResult
  public func publish() throws(IndexError) -> Publication {
    try database.begin()
    do {
      database.resetReaders()
      var publication = Publication()
      try countUses(&publication)
      try applyStaged()
      try forgetUnused(&publication)
      try database.commit()
      return publication
    } catch {
      database.rollback()
      throw error
    }
  }

  private func countUses(_ publication: inout Publication) throws(IndexError) {
    let statement = try database.prepare(
      """
      SELECT new.key, new.stamp IS NULL, new.chunks, old.chunks FROM staged_\(number) AS new
        LEFT JOIN files_\(number) AS old ON old.key = new.key
      """)
    defer { statement.reset() }
    while try statement.step() {
      let isRemoval = statement.integer(1) != 0
      if !PathKey.isListing(statement.bytes(0)) {
        if isRemoval { publication.removedFiles += 1 } else { publication.stagedFiles += 1 }
      }
      guard let new = ChunkList.decode(statement.bytes(2)), let old = ChunkList.decode(statement.bytes(3)) else {
        throw IndexError(.damaged, database.path, "a file's list of chunks is malformed")
      }
      var changes: [ChunkID: Int] = [:]
      for chunk in new { changes[chunk, default: 0] += 1 }
      for chunk in old { changes[chunk, default: 0] -= 1 }
      for (chunk, change) in changes where change != 0 {
        // A chunk that only the old list has may be gone with its volume.
        guard try chunkTable.addUses(chunk, change) || change < 0 else {
          throw IndexError(.unknown, database.path, "a staged file refers to a chunk that no volume has")
        }
      }
    }
  }

  private func applyStaged() throws(IndexError) {
    let (files, staged) = ("files_\(number)", "staged_\(number)")
    guard try database.number("SELECT EXISTS (SELECT 1 FROM \(files))") != 0 else {
      try database.execute("DELETE FROM \(staged) WHERE stamp IS NULL")
      try database.execute("DROP TABLE \(files)")
      try database.execute("ALTER TABLE \(staged) RENAME TO \(files)")
      return try database.execute(Schema.filesTable(staged))
    }
    try database.execute("DELETE FROM \(files) WHERE key IN (SELECT key FROM \(staged) WHERE stamp IS NULL)")
    try database.execute("INSERT OR REPLACE INTO \(files) SELECT * FROM \(staged) WHERE stamp IS NOT NULL")
    try database.execute("DELETE FROM \(staged)")
  }

  private func forgetUnused(_ publication: inout Publication) throws(IndexError) {
    let (chunks, volumes) = ("chunks_\(number)", "volumes_\(number)")
    let statement = try database.prepare(
      "SELECT volume, sum(length), count(*) FROM \(chunks) WHERE uses = 0 GROUP BY volume")
    while try statement.step() {
      try volumeTable.addLiveBytes(VolumeID(number: statement.integer(0)), -Int(statement.integer(1)))
      publication.forgottenChunks += Int(statement.integer(2))
    }
    statement.reset()
    // In the prefixes' order. Recent chunks are not there yet; what is left of them afterwards leads nowhere.
    try database.execute(
      """
      DELETE FROM prefixes_\(number)
        WHERE (prefix, id) IN (SELECT prefix, id FROM \(chunks) WHERE uses = 0)
      """)
    try database.execute("DELETE FROM \(chunks) WHERE uses = 0")
    try database.execute("DELETE FROM \(volumes) WHERE live <= 0")
    publication.forgottenVolumes = database.changedRows
  }
}
