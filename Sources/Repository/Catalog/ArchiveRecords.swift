// What a keeper's catalog records about itself.

/// Takes the place of records that were moved to archives. Its own number and link are those of the first of them, so that
/// the chain goes through it.
public struct ArchivedRun: Sendable, Equatable, Codable {
  /// The number of the last of them.
  public var last: Int
  /// SHA-256 of the last one's line: what the next line names as the one before it.
  public var head: String
  /// The archives that have them, oldest first.
  public var archives: [String]

  public init(last: Int, head: String, archives: [String]) {
    self.last = last
    self.head = head
    self.archives = archives
  }
}

/// Records were moved to a new archive.
public struct Rotation: Sendable, Equatable, Codable {
  /// The archive's name in the folder `catalog`.
  public var archive: String
  /// Its SHA-256.
  public var digest: String
  /// How many records it has, and the bytes of their lines.
  public var records: Int
  public var bytes: Int

  public init(archive: String, digest: String, records: Int, bytes: Int) {
    self.archive = archive
    self.digest = digest
    self.records = records
    self.bytes = bytes
  }
}

/// From here on another key than before signs the catalog's head, or a key at all.
public struct SignerNamed: Sendable, Equatable, Codable {
  /// The primary key's fingerprint.
  public var key: String

  public init(key: String) { self.key = key }
}
