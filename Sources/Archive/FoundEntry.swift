public import Files

/// An object that the walk has come to. Valid only during the call it is passed to.
public struct FoundEntry: ~Copyable {
  /// All that `lstat(2)` and `readlink(2)` tell; without attributes, extents and digest. A further name of a file is a file
  /// here too: see `HardLinks`.
  public let entry: Entry
  public let status: FileStatus
  /// The open directory that holds it, and its name there.
  let directory: Int32
  let name: UnsafePointer<CChar>

  public var device: UInt64 { status.device }
  public var inode: UInt64 { status.inode }
  public var linkCount: UInt64 { status.linkCount }
  /// `st_ctim`.
  public var changed: Timestamp { status.changed }

  /// The extended attributes, ACLs included, sorted by name, without opening the object (`llistxattr(2)`,
  /// `lgetxattr(2)`). Attributes of the `security` and `system` namespaces that the system will not give are left out.
  public func attributes() throws(FileError) -> [ExtendedAttribute] {
    try ExtendedAttributes.read(directory: directory, name: name, path: entry.path)
  }

  /// Opens a regular file; the result may outlive the visit.
  /// - Throws: `ENOENT` where it vanished or is another kind of object now.
  public func open() throws(FileError) -> SourceFile {
    try SourceFile(directory: directory, name: name, path: entry.path)
  }
}
