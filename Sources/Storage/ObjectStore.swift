public import Digests
public import Files

/// One object to be stored.
public struct Upload: Sendable {
  /// Slash-separated ASCII, relative to the destination's prefix: `peer-1/keys/20261121T020000Z-7f3a/volume-000001.tar.zst.gpg`.
  public var key: String
  public var content: Bytes
  /// SHA-256 of `content`, known beforehand: signed, sent as a checksum and kept in the manifest.
  public var digest: SHA256Digest
  /// Until when it is needed (seconds since 1970), and an object lock, where the store sets locks, is to forbid its
  /// deletion; nil for no lock.
  public var lockedUntil: Int64?

  public init(key: String, content: Bytes, digest: SHA256Digest? = nil, lockedUntil: Int64? = nil) {
    self.key = key
    self.content = content
    self.digest = digest ?? content.withUnsafeBytes { SHA256.digest($0) }
    self.lockedUntil = lockedUntil
  }

  public init(key: String, content: [UInt8], digest: SHA256Digest? = nil, lockedUntil: Int64? = nil) {
    self.init(key: key, content: Bytes(content), digest: digest, lockedUntil: lockedUntil)
  }
}

/// The node's whole view of storage: it can add an object, and nothing else.
public protocol ObjectWriter: Sendable {
  /// Stores a new object. It is durable once this returns.
  ///
  /// Never overwrites where the store can tell: `StorageError.Code.exists` is thrown where an object of that key stands
  /// already (S3: `If-None-Match: *` answered with 412; a directory: a file of that name with other content).
  /// An object of that key that holds the same bytes (an earlier try whose answer was lost) counts as stored by this
  /// call in a directory; over S3 a writer cannot look, so a 412 that follows an attempt without an answer counts as
  /// stored, a 412 on the first attempt is `exists`.
  func put(_ upload: Upload) throws(StorageError)
}

/// An object as a listing shows it.
public struct ObjectSummary: Sendable, Equatable {
  public var key: String
  /// Bytes.
  public var size: UInt64

  public init(key: String, size: UInt64) {
    self.key = key
    self.size = size
  }
}

/// The keeper's view of storage.
public protocol ObjectReader: Sendable {
  /// The object's bytes.
  /// - Parameter maximumLength: a longer object is refused with `.tooLong` before it fills the memory.
  /// - Throws: `.missing` where there is none.
  func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8]

  /// The same into memory that the caller uses again, for objects as large as volumes.
  /// - Parameter object: gets the object's bytes; holds nothing of use where this throws.
  func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError)

  /// The object's size in bytes, nil where there is none (HEAD).
  func size(of key: String) throws(StorageError) -> UInt64?

  /// All objects whose key begins with `prefix` (which ends at a slash or is empty), sorted by key.
  /// - Throws: `.denied` where the credentials may not list.
  func list(prefix: String) throws(StorageError) -> [ObjectSummary]

  /// The names directly below `prefix` that have objects under them ("directories"; without slashes), sorted: S3's
  /// CommonPrefixes with the delimiter "/".
  func listFolders(prefix: String) throws(StorageError) -> [String]
}

extension ObjectReader {
  /// For stores that have no shorter way.
  public func get(_ key: String, into object: MemoryFile, maximumLength: Int) throws(StorageError) {
    let content = try get(key, maximumLength: maximumLength)
    object.removeAll()
    do throws(FileError) {
      try content.withRawBytes { (bytes) throws(FileError) in try object.append(bytes) }
    } catch {
      throw StorageError(error, key)
    }
  }
}

/// What pruning needs beside reading.
public protocol ObjectRemover: Sendable {
  /// Deletes an object; deleting one that does not exist is no error.
  func remove(_ key: String) throws(StorageError)
}

/// Everything a store can do; each role takes only the protocol it needs.
public typealias ObjectStore = ObjectWriter & ObjectReader & ObjectRemover
