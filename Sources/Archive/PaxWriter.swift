/// Writes a tar stream in the pax interchange format (POSIX.1-2017), sparse files in GNU's format 1.0, ACLs and attributes
/// under star's `SCHILY` keys: for each member `begin`, then its content with `write`, then `end`; last `finish`.
///
/// What a plain ustar header can hold gets no extended header. Equal calls make equal bytes. One thread at a time.
public final class PaxWriter {
  private let sink: (UnsafeRawBufferPointer) throws -> Void
  private var builder = MemberHeader()
  private var remaining: UInt64 = 0
  private var padding = 0
  private var isInside = false
  private var present: [UInt8] = []

  /// Bytes given to the sink so far; always a multiple of 512 between members.
  public private(set) var position: UInt64 = 0

  /// - Parameter sink: takes the stream's next bytes, valid during the call; what it throws comes out of every method here,
  ///   and the stream is of no use afterwards.
  public init(sink: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.sink = sink }

  /// Content bytes that `write` still has to be given before `end`.
  public var remainingContent: UInt64 { remaining }

  /// Writes a member's headers.
  /// - Parameter entry: of a file with `dataExtents`, those bytes alone are the content, one after the other; of any other
  ///   file its `size` bytes; hard links and all other kinds have none.
  /// - Throws: `ArchiveError` `invalidEntry` where the member before was not ended, or extents are out of order or outside
  ///   the file.
  public func begin(_ entry: Entry) throws {
    guard !isInside else {
      throw ArchiveError(.invalidEntry, present.displayPath, "the member before it was not ended")
    }
    let content = try builder.build(entry)
    present = entry.path
    isInside = true
    remaining = content.bytes
    padding = content.padding
    try put(builder.bytes)
  }

  /// Writes the content's next bytes.
  /// - Throws: `ArchiveError` `invalidEntry` where that is more than the member was said to have.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard isInside, UInt64(bytes.count) <= remaining else {
      throw ArchiveError(.invalidEntry, present.displayPath, "more content than its header says")
    }
    remaining -= UInt64(bytes.count)
    position += UInt64(bytes.count)
    if !bytes.isEmpty { try sink(bytes) }
  }

  /// Writes the content's next bytes.
  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Writes zeros in the place of content that could not be read, so that the archive stays whole.
  /// - Parameter count: bytes; `remainingContent` fills the member.
  public func writeZeros(_ count: UInt64) throws {
    var rest = count
    while rest > 0 {
      let piece = Int(min(rest, UInt64(Self.zeros.count)))
      try Self.zeros.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[..<piece])) }
      rest -= UInt64(piece)
    }
  }

  /// Ends the member: pads it to a full block.
  /// - Throws: `ArchiveError` `invalidEntry` where content is missing.
  public func end() throws {
    guard isInside, remaining == 0 else {
      throw ArchiveError(.invalidEntry, present.displayPath, "\(remaining) bytes of content are missing")
    }
    isInside = false
    try put(Self.zeros[..<padding])
  }

  /// Writes the end of the archive: two blocks of zeros.
  public func finish() throws {
    guard !isInside else { throw ArchiveError(.invalidEntry, present.displayPath, "the last member was not ended") }
    try put(Self.zeros[..<1024])
  }

  private static let zeros = [UInt8](repeating: 0, count: 1 << 16)

  private func put(_ bytes: some ContiguousBytes) throws {
    try bytes.withUnsafeBytes { bytes in
      guard !bytes.isEmpty else { return }
      position += UInt64(bytes.count)
      try sink(bytes)
    }
  }
}

/// Bytes that lie in one piece of memory.
private protocol ContiguousBytes {
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension [UInt8]: ContiguousBytes {}
extension ArraySlice<UInt8>: ContiguousBytes {}
