internal import Archive
internal import Channels

/// Files of several chunks while they are restored: their chunks come from several volumes, on several threads.
///
/// Only some stay open, so that their number is not bounded by that of descriptors.
final class LargeFiles: Sendable {
  private struct Progress {
    /// Chunks still to come.
    var remaining: Int
    var open: ExtractedFile?
    var isMade = false
  }
  private static let openLimit = 128

  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var files: [UInt32: Progress] = [:]
  private nonisolated(unsafe) var opened: [UInt32] = []

  func add(_ file: UInt32, chunks: Int) { monitor.locked { files[file] = Progress(remaining: chunks) } }

  func contains(_ file: UInt32) -> Bool { monitor.locked { files[file] != nil } }

  /// Writes one chunk to its place, and gives the file its metadata with the last one.
  /// - Parameters:
  ///   - entry: what to make it as.
  ///   - bytes: nil for a hole.
  ///   - extractor: the calling thread's.
  /// - Throws: `ArchiveError` where it could not be made or opened, `FileError` where it could not be written.
  func write(
    _ bytes: ArraySlice<UInt8>?, at offset: UInt64, of file: UInt32, _ entry: Entry, with extractor: Extractor
  ) throws {
    let target = try monitor.locked { try open(file, entry, extractor) }
    if let bytes { try target.write(bytes, at: offset) }
    let isComplete = monitor.locked {
      files[file]?.remaining -= 1
      guard files[file]?.remaining == 0 else { return false }
      files[file]?.open = nil
      opened.removeAll { $0 == file }
      return true
    }
    if isComplete { try target.finish() }
  }

  private func open(_ file: UInt32, _ entry: Entry, _ extractor: Extractor) throws -> ExtractedFile {
    guard var progress = files[file] else { throw ArchiveError(.system, entry.path.displayPath, "not a file in work") }
    if let open = progress.open { return open }
    let made: ExtractedFile
    if progress.isMade {
      made = try extractor.reopen(entry)
    } else {
      guard let created = try extractor.create(entry) else {
        throw ArchiveError(.system, entry.path.displayPath, "not a file")
      }
      made = created
    }
    progress.isMade = true
    progress.open = made
    files[file] = progress
    opened.append(file)
    // Whoever writes to the oldest at this moment holds it until that is done.
    if opened.count > Self.openLimit { files[opened.removeFirst()]?.open = nil }
    return made
  }

  /// The files that were made and did not get all their chunks, closed. Nothing may be written any more.
  func incomplete() -> [UInt32] {
    monitor.locked {
      for file in opened { files[file]?.open = nil }
      opened = []
      return files.filter { $0.value.isMade && $0.value.remaining > 0 }.map(\.key)
    }
  }
}
