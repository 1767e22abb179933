public import Files

/// What `stat(2)` told of an object when it was backed up: what change detection compares.
public struct FileStamp: Sendable, Equatable {
  /// The caller's number for the kind (file, directory and so on).
  public var kind: UInt8
  /// Permission bits: 0 to 0o7777.
  public var mode: UInt32
  public var owner: UInt32
  public var group: UInt32
  public var size: UInt64
  public var modified: Timestamp
  /// `st_ctim`.
  public var changed: Timestamp
  public var device: UInt64
  public var inode: UInt64
  /// The caller's marks, for instance that the file must be read again whatever its times say.
  public var flags: UInt8

  public init(
    kind: UInt8, mode: UInt32, owner: UInt32, group: UInt32, size: UInt64, modified: Timestamp, changed: Timestamp,
    device: UInt64, inode: UInt64, flags: UInt8 = 0
  ) {
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.group = group
    self.size = size
    self.modified = modified
    self.changed = changed
    self.device = device
    self.inode = inode
    self.flags = flags
  }

  static let encodedCount = 62

  /// Little-endian numbers of fixed length, in the order of `init(_:)`.
  var encoded: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.encodedCount) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      func store(_ value: UInt64, _ offset: Int) {
        raw.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
      }
      func store(_ value: UInt32, _ offset: Int) {
        raw.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
      }
      store(size, 0)
      store(UInt64(bitPattern: modified.seconds), 8)
      store(UInt64(bitPattern: changed.seconds), 16)
      store(device, 24)
      store(inode, 32)
      store(UInt32(bitPattern: modified.nanoseconds), 40)
      store(UInt32(bitPattern: changed.nanoseconds), 44)
      store(mode, 48)
      store(owner, 52)
      store(group, 56)
      raw[60] = kind
      raw[61] = flags
      count = Self.encodedCount
    }
  }

  /// - Returns: nil for another number of bytes.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.encodedCount else { return nil }
    func long(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    func short(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    size = long(0)
    modified = Timestamp(seconds: Int64(bitPattern: long(8)), nanoseconds: Int32(bitPattern: short(40)))
    changed = Timestamp(seconds: Int64(bitPattern: long(16)), nanoseconds: Int32(bitPattern: short(44)))
    device = long(24)
    inode = long(32)
    mode = short(48)
    owner = short(52)
    group = short(56)
    kind = bytes[60]
    flags = bytes[61]
  }
}
