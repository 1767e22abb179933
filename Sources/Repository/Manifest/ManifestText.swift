internal import Archive
internal import Compression
internal import Files

/// A manifest's tar as it is stored: a row of zstd frames, each unpacked when it is read.
///
/// However long a listing claims to be, and however well it compresses, one frame for each reader is in memory.
struct ManifestText: Sendable {
  private enum Store: Sendable {
    case whole(Bytes)
    case spool(Spool)
  }
  private let stored: Store
  private let frames: [Decompressor.Frame]
  /// Where the content of each frame begins in the tar.
  private let starts: [UInt64]
  let length: UInt64

  /// A writer's frame holds at most 4 MiB.
  private static let frameLimit = 16 << 20
  private static let frameCount = 1 << 18
  /// What the listing of two hundred million files takes.
  static let lengthLimit: UInt64 = 64 << 30

  init(_ stored: Bytes) throws(ManifestError) {
    let frames: [Decompressor.Frame]
    do throws(ZstdError) {
      frames = try stored.withUnsafeBytes { (stored) throws(ZstdError) in
        try Decompressor.frames(in: stored, maximumCount: Self.frameCount, maximumLength: Self.frameLimit)
      }
    } catch {
      throw ManifestError("manifest", error.reason)
    }
    try self.init(.whole(stored), frames)
  }

  /// - Parameter frames: where they stand in the spool.
  init(_ spool: Spool, _ frames: [Decompressor.Frame]) throws(ManifestError) { try self.init(.spool(spool), frames) }

  private init(_ stored: Store, _ frames: [Decompressor.Frame]) throws(ManifestError) {
    self.stored = stored
    self.frames = frames
    var starts: [UInt64] = []
    var end: UInt64 = 0
    for frame in frames {
      starts.append(end)
      end += UInt64(frame.length)
    }
    self.starts = starts
    length = end
    guard end <= Self.lengthLimit else { throw ManifestError("manifest", "holds \(end) bytes") }
  }

  /// The bytes of a part of the tar, piece by piece; nil at its end. For one thread.
  /// - Parameter part: within the tar's length.
  func pieces(_ part: Range<UInt64>) throws(ManifestError) -> () throws(ManifestError) -> ArraySlice<UInt8>? {
    let decompressor: Decompressor
    do throws(ZstdError) { decompressor = try Decompressor() } catch { throw ManifestError("manifest", error.reason) }
    // The last frame that begins at or before the part.
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= part.lowerBound { low = middle + 1 } else { high = middle }
    }
    var frame = max(low - 1, 0)
    return { () throws(ManifestError) in
      while frame < frames.count, starts[frame] < part.upperBound {
        defer { frame += 1 }
        let start = starts[frame]
        let first = part.lowerBound > start ? Int(min(part.lowerBound - start, UInt64(frames[frame].length))) : 0
        let last = Int(min(part.upperBound - start, UInt64(frames[frame].length)))
        if first < last { return try unpack(frame, decompressor)[first..<last] }
      }
      return nil
    }
  }

  private func unpack(_ frame: Int, _ decompressor: Decompressor) throws(ManifestError) -> [UInt8] {
    let range = frames[frame].range
    switch stored {
    case .whole(let bytes):
      do throws(ZstdError) {
        return try bytes.withUnsafeBytes { (bytes) throws(ZstdError) in
          try decompressor.decompress(UnsafeRawBufferPointer(rebasing: bytes[range]), maximumLength: Self.frameLimit)
        }
      } catch {
        throw ManifestError("manifest", error.reason)
      }
    case .spool(let spool):
      do {
        return try decompressor.decompress(
          try spool.read(at: UInt64(range.lowerBound), length: range.count), maximumLength: Self.frameLimit)
      } catch {
        // We wrote it ourselves.
        throw ManifestError("manifest", "its listing cannot be read again: \(error)")
      }
    }
  }

  /// The lines of a member's content.
  func lines(of member: String, _ part: Range<UInt64>?) throws(ManifestError) -> ListingText {
    ListingText(member, try pieces(part ?? 0..<0))
  }
}

/// A text that comes in pieces, read field by field: a field that never ends is refused and not kept.
final class ListingText {
  let name: String
  private let next: () throws(ManifestError) -> ArraySlice<UInt8>?
  private var piece: ArraySlice<UInt8> = []
  private var carry: [UInt8] = []
  /// Lines that were begun.
  private(set) var line = 1

  /// Bytes of a field: a path in which every byte is escaped, or an attribute in base64, is shorter by far.
  private static let fieldLimit = 8 << 20
  private static let lineEnd = UInt8(ascii: "\n")

  init(_ name: String, _ next: @escaping () throws(ManifestError) -> ArraySlice<UInt8>?) {
    self.name = name
    self.next = next
  }

  /// The next line without its end; nil after the last.
  func nextLine() throws(ManifestError) -> ArraySlice<UInt8>? {
    try nextField { (bytes: ArraySlice<UInt8>) in bytes.firstIndex(of: Self.lineEnd) }?.field
  }

  /// What comes before the next space or line end.
  func nextWord() throws(ManifestError) -> (field: ArraySlice<UInt8>, isLast: Bool)? {
    guard
      let (field, end) = try nextField({ (bytes: ArraySlice<UInt8>) in
        bytes.firstIndex { $0 == Self.lineEnd || $0 == UInt8(ascii: " ") }
      })
    else { return nil }
    return (field, end == Self.lineEnd)
  }

  private func nextField(
    _ end: (ArraySlice<UInt8>) -> Int?
  ) throws(ManifestError) -> (field: ArraySlice<UInt8>, end: UInt8)? {
    carry.removeAll(keepingCapacity: true)
    while true {
      if let found = end(piece) {
        let field = carry.isEmpty ? piece[..<found] : (carry + piece[..<found])[...]
        guard field.count <= Self.fieldLimit else { throw tooLong }
        if piece[found] == Self.lineEnd { line += 1 }
        let byte = piece[found]
        piece = piece[(found + 1)...]
        return (field, byte)
      }
      guard carry.count + piece.count <= Self.fieldLimit else { throw tooLong }
      carry += piece
      guard let more = try next() else {
        piece = []
        guard carry.isEmpty else { throw ManifestError(name, "line \(line) has no end") }
        return nil
      }
      piece = more
    }
  }

  private var tooLong: ManifestError {
    ManifestError(name, "line \(line) is longer than \(Self.fieldLimit >> 20) MiB")
  }
}
