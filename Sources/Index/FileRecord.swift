/// What the index keeps of one entry of a snapshot.
public struct FileRecord: Sendable, Equatable {
  /// As `Entry.path`: no leading slash; "." alone is the root.
  public var path: [UInt8]
  public var stamp: FileStamp
  /// The entry's line in the snapshot's listing; the index does not look into it.
  public var line: [UInt8]
  /// The caller's record of extended attributes and whatever else; the index does not look into it.
  public var attributes: [UInt8]
  /// The content's chunks in order.
  public var chunks: [ChunkID]

  public init(path: [UInt8], stamp: FileStamp, line: [UInt8], attributes: [UInt8] = [], chunks: [ChunkID] = []) {
    self.path = path
    self.stamp = stamp
    self.line = line
    self.attributes = attributes
    self.chunks = chunks
  }
}

/// The columns of a table of files, in the order in which all statements name them.
enum FileRow {
  static let columns = "key, stamp, line, attributes, chunks, checksum"

  static func bind(_ statement: Statement, key: [UInt8], _ file: FileRecord) {
    let stamp = file.stamp.encoded
    let chunks = ChunkList.encode(file.chunks)
    var checksum = RowChecksum()
    for (column, bytes) in [key, stamp, file.line, file.attributes, chunks].enumerated() {
      statement.bind(Int32(column + 1), bytes)
      checksum.add(bytes)
    }
    statement.bind(6, checksum.value)
  }

  static func isWhole(_ statement: Statement) -> Bool {
    var checksum = RowChecksum()
    for column: Int32 in 0..<5 { checksum.add(statement.bytes(column)) }
    return checksum.value == statement.integer(5)
  }

  static func read(_ statement: Statement) -> FileRecord? {
    guard isWhole(statement), let stamp = FileStamp(statement.bytes(1)),
      let chunks = ChunkList.decode(statement.bytes(4))
    else { return nil }
    return FileRecord(
      path: PathKey.decode(statement.bytes(0)), stamp: stamp, line: statement.array(2),
      attributes: statement.array(3), chunks: chunks)
  }
}
