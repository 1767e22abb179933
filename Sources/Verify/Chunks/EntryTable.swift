internal import Archive
internal import Files

/// Files and folders with what restoring them takes, one after another: on disk where there are many.
///
/// Filled by one thread; read by any once it is full.
final class EntryTable: Sendable {
  private let spool = Spool()

  /// Bytes of a record before the path; most records are read at once.
  private static let head = 44
  private static let usual = 512
  private static let folderBit: UInt32 = 1 << 31

  /// Where the next entry will stand.
  var end: UInt64 { spool.count }

  /// Appends a file or a folder.
  /// - Returns: where it stands.
  func add(_ entry: Entry) throws -> UInt64 {
    let offset = spool.count
    var rest = entry.path
    for attribute in entry.attributes {
      rest.append(UInt32(attribute.name.count))
      rest.append(UInt32(attribute.value.count))
      rest += attribute.name
      rest += attribute.value
    }
    var record: [UInt8] = []
    record.reserveCapacity(Self.head + rest.count)
    record.append(UInt32(rest.count))
    record.append(UInt32(entry.path.count))
    record.append(entry.mode | (entry.kind == .directory ? Self.folderBit : 0))
    record.append(entry.owner)
    record.append(entry.group)
    record.append(UInt32(bitPattern: entry.modified.nanoseconds))
    record.append(UInt64(bitPattern: entry.modified.seconds))
    record.append(entry.size)
    record.append(UInt32(entry.attributes.count))
    try spool.append(record + rest)
    return offset
  }

  /// The entry that stands there, without owners' names and digest, and where the one after it does.
  func entry(at offset: UInt64) throws -> (entry: Entry, next: UInt64) {
    var bytes = try spool.read(at: offset, length: Self.usual)
    let length = Self.head + Int(bytes.number(at: 0) as UInt32)
    if length > bytes.count { bytes = try spool.read(at: offset, length: length) }
    let mode: UInt32 = bytes.number(at: 8)
    var position = Self.head + Int(bytes.number(at: 4) as UInt32)
    var entry = Entry(
      path: Array(bytes[Self.head..<position]), kind: mode & Self.folderBit == 0 ? .file : .directory,
      mode: mode & ~Self.folderBit, owner: bytes.number(at: 12), group: bytes.number(at: 16),
      size: bytes.number(at: 32),
      modified: Timestamp(
        seconds: Int64(bitPattern: bytes.number(at: 24)), nanoseconds: Int32(bitPattern: bytes.number(at: 20))))
    for _ in 0..<(bytes.number(at: 40) as UInt32) {
      let name = Int(bytes.number(at: position) as UInt32)
      let value = Int(bytes.number(at: position + 4) as UInt32)
      position += 8
      entry.attributes.append(
        ExtendedAttribute(
          name: Array(bytes[position..<position + name]), value: Array(bytes[(position + name)...].prefix(value))))
      position += name + value
    }
    return (entry, offset + UInt64(length))
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
  }

  fileprivate func number<Number: FixedWidthInteger>(at position: Int) -> Number {
    withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Number.self) }
  }
}
