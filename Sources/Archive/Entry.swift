public import Digests
public import Files

/// One object of a file tree with all that is kept of it.
public struct Entry: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case file
    case directory
    /// The target is kept byte for byte, never resolved.
    case symbolicLink(target: [UInt8])
    /// Another name of a file whose own entry comes earlier; `target` is that entry's `path`.
    case hardLink(target: [UInt8])
    case fifo
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
  }

  /// The absolute path without its leading slash (`opt/convex/peer-keys.dat`): any bytes but NUL; components separated
  /// by one slash, none of them empty, `.` or `..`; no trailing slash. "." alone stands for the root directory itself.
  public var path: [UInt8]
  public var kind: Kind
  /// Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777.
  public var mode: UInt32
  public var owner: UInt32
  public var group: UInt32
  /// The owner's name on the machine that was backed up; empty where it has none.
  public var ownerName: String
  public var groupName: String
  /// Bytes of content; 0 for everything but files (and for hard links).
  public var size: UInt64
  public var modified: Timestamp
  /// Extended attributes sorted by name, as the kernel gives them; POSIX ACLs are among them under their kernel names
  /// `system.posix_acl_access` and `system.posix_acl_default`, with the kernel's binary value.
  public var attributes: [ExtendedAttribute]
  /// The ranges that hold data, in order and without overlap; everything between them is a hole that reads as zeros.
  /// Nil where the file has no holes.
  public var dataExtents: [Extent]?
  /// SHA-256 of the content as stored (`size` bytes, holes as zeros). Nil for everything but files.
  public var digest: SHA256Digest?

  public init(
    path: [UInt8], kind: Kind, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, ownerName: String = "",
    groupName: String = "", size: UInt64 = 0, modified: Timestamp = Timestamp(seconds: 0),
    attributes: [ExtendedAttribute] = [], dataExtents: [Extent]? = nil, digest: SHA256Digest? = nil
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.group = group
    self.ownerName = ownerName
    self.groupName = groupName
    self.size = size
    self.modified = modified
    self.attributes = attributes
    self.dataExtents = dataExtents
    self.digest = digest
  }
}

/// An extended attribute (xattr(7)): a name such as `user.comment` and any bytes.
public struct ExtendedAttribute: Sendable, Equatable {
  public var name: [UInt8]
  public var value: [UInt8]

  public init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// A range of bytes in a file.
public struct Extent: Sendable, Equatable {
  public var offset: UInt64
  public var length: UInt64

  public init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }
}
