public import Files
internal import Glibc
internal import SystemPackage

/// A file that an `Extractor` made, to be filled and finished. Different files may be used by different threads at the same
/// time, and several threads may `write` to one. Closed when the last reference goes; a file that was never finished stays
/// as it is, with mode 600.
public final class ExtractedFile: Sendable {
  private let descriptor: Int32
  private let entry: Entry
  private let owners: Bool
  private let report: @Sendable (ExtractionFinding) -> Void

  init(descriptor: Int32, entry: Entry, owners: Bool, report: @escaping @Sendable (ExtractionFinding) -> Void) {
    self.descriptor = descriptor
    self.entry = entry
    self.owners = owners
    self.report = report
  }

  deinit { close(descriptor) }

  /// Writes bytes to their place (`pwrite(2)`); what is never written stays a hole.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let result = retryingInterrupts {
        pwrite(
          descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(offset) + off_t(written))
      }
      guard result >= 0 else { throw FileError("write", entry.path.displayPath, .current) }
      written += result
    }
  }

  /// Writes bytes to their place.
  public func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(FileError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(FileError) in try write(bytes, at: offset) }
    }
    try result.get()
  }

  /// Cuts the file or lengthens it with a hole (`ftruncate(2)`).
  public func setLength(_ length: UInt64) throws(FileError) {
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw FileError("set the length of", entry.path.displayPath, .current)
    }
  }

  /// Ends the file: its length is the entry's `size`, and owner, attributes, mode and times are the entry's. What cannot
  /// be set is reported to the extractor's `report`.
  public func finish() throws(FileError) {
    guard let status = FileStatus(descriptor: descriptor) else {
      throw FileError("stat", entry.path.displayPath, .current)
    }
    if status.size != entry.size { try setLength(entry.size) }
    MetadataRestorer(entry: entry, owners: owners, report: report).restore(descriptor: descriptor)
  }
}
