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

/// A store that gathers what it is told and carries it out at once, because each time is dear: a push to a git
/// repository, say.
///
/// What was put or removed counts only once `flush` has returned. What a failed `flush` was to carry out stays gathered:
/// it may be tried again, or given up by `discard`.
public protocol BatchingStore: Sendable {
  /// Makes all that was put and removed since the last time durable: all of it, or nothing.
  /// - Parameter title: says in a few words what it is, where the store keeps a history.
  /// - Throws: as `put`; `.exists` where a key has been taken meanwhile.
  func flush(_ title: String) throws(StorageError)

  /// Forgets all that was put and removed since the last `flush`.
  func discard()

  /// What happened since the last call that whoever relies on this store should know.
  func takeNotices() -> [StoreNotice]
}

/// A file of a mirrored tree, whose content the mirror has taken.
public struct MirroredFile: Sendable, Equatable {
  public enum Kind: Sendable { case regular, executable, symbolicLink }
  /// Components separated by slashes, relative to the tree: any bytes but NUL.
  public var path: [UInt8]
  public var kind: Kind
  /// What `take` gave for its content; for a symbolic link, for its target.
  public var content: String

  public init(path: [UInt8], kind: Kind, content: String) {
    self.path = path
    self.kind = kind
    self.content = content
  }
}

/// A store that can also keep trees of files as they are.
public protocol TreeMirror: BatchingStore {
  /// Takes content that `replace` will refer to.
  /// - Returns: the same for the same content, at every mirror.
  func take(_ content: [UInt8]) throws(StorageError) -> String

  /// Makes a folder hold exactly these files, durably.
  /// - Parameters:
  ///   - folder: relative to the store's prefix.
  ///   - keeping: paths in the tree whose files stay as they are though they are not listed, with all below them.
  ///   - title: for the history.
  /// - Returns: whether anything has changed.
  func replace(
    _ folder: String, with files: [MirroredFile], keeping: [[UInt8]], title: String
  ) throws(StorageError) -> Bool
}

/// Something about a store that an operator should know, and that is no failure of a request.
public struct StoreNotice: Sendable, Equatable {
  /// Lowercase, without a full stop.
  public var text: String
  /// Whether objects that were stored there earlier may be gone.
  public var lostObjects: Bool

  public init(_ text: String, lostObjects: Bool = false) {
    self.text = text
    self.lostObjects = lostObjects
  }
}

/// An object as a listing shows it.
public struct ObjectSummary: Sendable, Equatable {
  public var key: String
  /// Bytes, at most 512 GiB: a listing may say anything, and no sum over the longest one may overflow. Nothing that is
  /// stored comes near.
  public let size: UInt64

  public init(key: String, size: UInt64) {
    self.key = key
    self.size = min(size, 1 << 39)
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
