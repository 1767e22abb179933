internal import Digests
internal import Files
internal import Index
internal import TestKit

/// Records that differ by a number.
enum Sample {
  static func digest(_ number: Int) -> SHA256Digest { SHA256.digest(Array("chunk \(number)".utf8)) }

  static func path(_ text: String) -> [UInt8] { Array(text.utf8) }

  static func stamp(_ number: Int) -> FileStamp {
    FileStamp(
      kind: UInt8(number % 7), mode: UInt32(number % 0o10000), owner: UInt32(number), group: .max,
      size: UInt64(number) << 33, modified: Timestamp(seconds: -Int64(number), nanoseconds: 999_999_999),
      changed: Timestamp(seconds: Int64(number) << 32, nanoseconds: Int32(number % 1000)), device: .max,
      inode: .max - UInt64(number), flags: UInt8(number % 256))
  }

  static func file(_ path: String, _ number: Int, chunks: [ChunkID] = []) -> FileRecord {
    FileRecord(
      path: Array(path.utf8), stamp: stamp(number), line: Array("./\(path) size=\(number)".utf8),
      attributes: number % 3 == 0 ? [] : [UInt8](repeating: UInt8(number % 251), count: number % 40), chunks: chunks)
  }
}

extension SetIndex {
  /// All records, in the cursor's order.
  func allFiles() throws -> [FileRecord] {
    let cursor = try files()
    var records: [FileRecord] = []
    while try cursor.advance() { records.append(try cursor.record()) }
    return records
  }

  /// Adds a volume with new chunks of the sample digests.
  @discardableResult
  func addSampleVolume(_ name: String, _ numbers: [Int], length: Int = 1000) throws -> [ChunkID] {
    let chunks = numbers.map { NewChunk(id: reserveChunkID(), digest: Sample.digest($0), length: length) }
    try addVolume(name, uploaded: 1_700_000_000, storedBytes: 123, record: Array(name.utf8), chunks: chunks)
    return chunks.map(\.id)
  }
}
