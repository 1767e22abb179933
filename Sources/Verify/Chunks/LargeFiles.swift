internal import Archive
internal import Channels
internal import Files

/// Files of several chunks while they are restored: their chunks come from several volumes, on several threads.
///
/// They are made beforehand and finished when everything has come. Only some are open at a time, so that their number is
/// not bounded by that of descriptors.
final class LargeFiles: Sendable {
  private static let openLimit = 128

  /// Where each stands in the table of entries and in the listing.
  private let made = Spool(memoryLimit: 1 << 20)
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var open: [UInt32: ExtractedFile] = [:]
  private nonisolated(unsafe) var opened: [UInt32] = []

  /// Makes one without content. For the thread that goes through the listing.
  func make(_ entry: Entry, number: UInt32, record: UInt64, with extractor: Extractor) throws {
    guard try extractor.create(entry) != nil else { return }
    try withUnsafeBytes(of: (record, UInt64(number))) { try made.append($0) }
  }

  /// Writes one chunk to its place.
  /// - Parameters:
  ///   - bytes: nil for a hole.
  ///   - entry: the file.
  ///   - extractor: the calling thread's.
  /// - Throws: `ArchiveError` where it could not be opened, `FileError` where it could not be written.
  func write(
    _ bytes: ArraySlice<UInt8>?, _ need: ChunkNeed, of entry: Entry, with extractor: Extractor
  ) throws {
    guard let bytes else { return }
    let file = try monitor.locked { () throws -> ExtractedFile in
      if let file = open[need.entry] { return file }
      let file = try extractor.reopen(entry)
      open[need.entry] = file
      opened.append(need.entry)
      // Whoever writes to the oldest at this moment holds it until that is done.
      if opened.count > Self.openLimit { open[opened.removeFirst()] = nil }
      return file
    }
    try file.write(bytes, at: need.offset)
  }

  /// Calls `body` with each that was made: where it stands in the table of entries, and in the listing. Nothing may be
  /// written any more.
  func forEach(_ body: (UInt64, UInt32) throws -> Void) throws {
    monitor.locked { (open, opened) = ([:], []) }
    var offset: UInt64 = 0
    while offset < made.count {
      let batch = try made.read(at: offset, length: 16 << 10)
      for position in stride(from: 0, to: batch.count, by: 16) {
        let (record, number) = batch.withUnsafeBytes {
          (
            $0.loadUnaligned(fromByteOffset: position, as: UInt64.self),
            $0.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self)
          )
        }
        try body(record, UInt32(truncatingIfNeeded: number))
      }
      offset += UInt64(batch.count)
    }
  }
}
