public import Files
internal import Glibc

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

  /// Lets the owner of a file or directory read it, on disk; `status` stays as it was.
  /// - Returns: whether that changed anything.
  func makeReadable(by owner: uid_t) -> Bool {
    let needed: UInt32 =
      switch entry.kind {
      case .file: 0o400
      case .directory: 0o500
      default: 0
      }
    guard entry.mode & needed != needed, status.owner == owner else { return false }
    return fchmodat(directory, name, entry.mode | needed, 0) == 0
  }

  func resetMode() { fchmodat(directory, name, entry.mode, 0) }
}
