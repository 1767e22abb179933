public import Digests

/// Finds the further names of files that were stored already. Not safe for concurrent use.
///
/// For every regular file with a `linkCount` above 1, in the walk's order: ask `target(of:)`; where it answers nil, store
/// the file, and call `stored(_:)` when its content is safely in the archive. A file that could not be read is never
/// given to `stored`, so its next name becomes the file.
public struct HardLinks {
  private struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }
  private struct Record {
    let path: [UInt8]
    let status: FileStatus
    let digestAndSize: (SHA256Digest?, UInt64)
    /// Names not seen yet; the record goes with the last one.
    var remaining: UInt64
  }
  private var records: [Identity: Record] = [:]

  public init() {}

  /// - Returns: the entry that a new `hardLink` entry shall name, or nil where `found` is to be stored as a file. The
  ///   file's size and digest are the link's too.
  public mutating func target(of found: borrowing FoundEntry) -> (path: [UInt8], size: UInt64, digest: SHA256Digest?)? {
    guard found.linkCount > 1, found.status.kind == .file else { return nil }
    let identity = Identity(device: found.device, inode: found.inode)
    guard var record = records[identity] else { return nil }
    // Changed since, or another file with the first one's inode number: it has content of its own.
    guard record.status.size == found.status.size, record.status.modified == found.status.modified else { return nil }
    record.remaining -= 1
    records[identity] = record.remaining == 0 ? nil : record
    return (record.path, record.digestAndSize.1, record.digestAndSize.0)
  }

  /// Remembers a file whose content was stored as `entry`.
  public mutating func stored(_ entry: Entry, as status: FileStatus) {
    guard status.linkCount > 1, status.kind == .file else { return }
    records[Identity(device: status.device, inode: status.inode)] = Record(
      path: entry.path, status: status, digestAndSize: (entry.digest, entry.size), remaining: status.linkCount - 1)
  }
}
