internal import Files

/// Reads a tar stream: pax, ustar and GNU's long names; sparse files of the formats GNU.sparse 0.0, 0.1 and 1.0.
///
/// Names come byte for byte (libarchive 3.6 composes Unicode names anew and takes half a second before 1970 for half a
/// second after, so it is not used here). Names are not judged: `..` and leading slashes come through, and are refused by
/// `Extractor`. One thread at a time.
public final class TarReader {
  /// Something in an archive that could not be understood but does no harm to the rest.
  public struct Warning: Sendable, Equatable {
    /// As in `Entry.path`.
    public let path: [UInt8]
    public let detail: String
  }

  private var source: ByteSource
  private var globals = PaxKeywords()
  private let owners = OwnerNames()
  /// Bytes of content still in the stream, and zeros behind them.
  private var remaining: UInt64 = 0
  private var padding: UInt64 = 0
  private var extents: [Extent] = []
  private var extentIndex = 0
  private var extentDone: UInt64 = 0
  private var path: [UInt8] = []

  /// What could not be understood so far.
  public private(set) var warnings: [Warning] = []
  /// Whether the end-of-archive blocks were seen: not in a piece of an archive that was cut after a member.
  public private(set) var sawEnd = false

  /// - Parameter source: the stream's next bytes, of any number; nil at its end. What it throws comes out of `next` and
  ///   `readData`.
  public init(source: @escaping () throws -> [UInt8]?) { self.source = ByteSource(source) }

  /// Bytes of the stream that were taken so far: after `next`, where the member's content begins, unless it is sparse.
  public var position: UInt64 { source.position }

  /// Bytes of the extended headers of one member, which are held in memory: Linux has at most 64 KiB of attributes' names
  /// and 64 KiB for each value, and file systems far less in all.
  private static let maximumHeaders: UInt64 = 1 << 26
  /// Bytes of a name or a link's target. Linux makes no path longer than 4 KiB at once, but trees may be deeper.
  private static let maximumName: UInt64 = 1 << 20
  /// Bytes of all global headers: they stay in memory.
  private static let maximumGlobals: UInt64 = 1 << 20
  private static let maximumWarnings = 1000
  private var globalBytes: UInt64 = 0

  /// Goes on to the next member; what was not read of the last one is skipped.
  /// - Returns: the entry, without a digest; nil at the end of the stream, which must be the end of a member. Everything
  ///   behind the end-of-archive blocks must be zeros.
  /// - Throws: `ArchiveError` `truncated` or `malformed`, after which nothing more can be read; what the source throws.
  public func next() throws -> Entry? {
    if sawEnd { return nil }
    guard try source.skip(remaining + padding) else { throw truncated() }
    remaining = 0
    padding = 0
    path = []
    var keywords = globals
    var longName: [UInt8]?
    var longLink: [UInt8]?
    var left = Self.maximumHeaders
    while true {
      guard let header = try readHeader() else {
        if keywords.values != globals.values || longName != nil || longLink != nil { throw truncated() }
        return nil
      }
      switch header.type {
      case UInt8(ascii: "x"):
        let body = try body(of: header, limit: left)
        left -= UInt64(body.count)
        guard keywords.add(body) else { throw malformed("an extended header that is not one") }
      case UInt8(ascii: "g"):
        let body = try body(of: header, limit: Self.maximumGlobals - globalBytes)
        globalBytes += UInt64(body.count)
        guard globals.add(body) else { throw malformed("a global header that is not one") }
        keywords.merge(globals)
      case UInt8(ascii: "L"): longName = try body(of: header, limit: Self.maximumName).prefix { $0 != 0 }
      case UInt8(ascii: "K"): longLink = try body(of: header, limit: Self.maximumName).prefix { $0 != 0 }
      default:
        let member = MemberFields(header: header, keywords: keywords, longName: longName, longLink: longLink)
        return try begin(member)
      }
    }
  }

  /// The next data of the present member.
  /// - Returns: where it lies in the file and its bytes, never empty, in ascending order; what lies between two of them and
  ///   after the last is a hole. Nil at the member's end.
  /// - Throws: as `next`.
  public func readData() throws -> (offset: UInt64, bytes: ArraySlice<UInt8>)? {
    guard remaining > 0, extentIndex < extents.count else { return nil }
    let extent = extents[extentIndex]
    guard let bytes = try source.some(limit: min(remaining, extent.length - extentDone)) else { throw truncated() }
    let offset = extent.offset + extentDone
    remaining -= UInt64(bytes.count)
    extentDone += UInt64(bytes.count)
    if extentDone == extent.length {
      extentIndex += 1
      extentDone = 0
    }
    return (offset, bytes)
  }

  private func readHeader() throws -> UstarFields? {
    guard let header = try readBlock() else { return nil }
    guard header.isZero else {
      guard header.isSound else { throw malformed("a header whose checksum is wrong") }
      return header
    }
    // POSIX ends an archive with two blocks of zeros; one and the end of the stream is seen too.
    if let second = try readBlock(), !second.isZero { throw malformed("a block of zeros between members") }
    while let rest = try source.some(limit: .max) {
      guard rest.allSatisfy({ $0 == 0 }) else { throw malformed("bytes after the end of the archive") }
    }
    sawEnd = true
    return nil
  }

  private func readBlock() throws -> UstarFields? {
    var block: [UInt8] = []
    block.reserveCapacity(UstarHeader.blockSize)
    let count = try source.read(UstarHeader.blockSize, into: &block)
    if count == 0 { return nil }
    guard count == UstarHeader.blockSize else { throw truncated() }
    return UstarFields(block)
  }

  private func body(of header: UstarFields, limit: UInt64) throws -> [UInt8] {
    guard let size = header.number(UstarHeader.Field.size), size >= 0, size <= limit else {
      throw malformed("an extended header of impossible size")
    }
    var body: [UInt8] = []
    guard try source.read(Int(size), into: &body) == size, try source.skip(UInt64(UstarHeader.padding(UInt64(size))))
    else {
      throw truncated()
    }
    return body
  }

  private func begin(_ member: MemberFields) throws -> Entry {
    let id = { [owners] (name: String, isUser: Bool) in
      isUser ? owners.user(named: name) : owners.group(named: name)
    }
    var entry = try member.entry(id)
    path = entry.path
    guard path.count <= Self.maximumName else {
      path = []
      throw malformed("a name of \(entry.path.count) bytes")
    }
    if warnings.count < Self.maximumWarnings {
      for warning in member.warnings(id) { warnings.append(Warning(path: path, detail: warning)) }
    }
    let stored = try member.storedSize()
    remaining = stored
    padding = UInt64(UstarHeader.padding(stored))
    extentIndex = 0
    extentDone = 0
    guard entry.kind == .file else {
      extents = []
      return entry
    }
    if let sparse = try member.sparse(readingMap: readMapLine) {
      guard sparse.dataLength == remaining else { throw malformed("a sparse map that does not fit its data") }
      entry.size = sparse.size
      entry.dataExtents = sparse.extents
      extents = sparse.extents
    } else {
      entry.size = stored
      extents = stored > 0 ? [Extent(offset: 0, length: stored)] : []
    }
    return entry
  }

  /// The next number of a sparse map in format 1.0, or with nil the rest of its last block.
  private func readMapLine(_ isEnd: Bool, _ used: inout UInt64) throws -> UInt64? {
    if isEnd {
      let rest = UInt64(UstarHeader.padding(used))
      guard rest <= remaining, try source.skip(rest) else { throw truncated() }
      remaining -= rest
      return nil
    }
    var line: [UInt8] = []
    while true {
      guard remaining > 0, let byte = try source.some(limit: 1)?.first else { throw truncated() }
      remaining -= 1
      used += 1
      if byte == UInt8(ascii: "\n") { break }
      line.append(byte)
      guard line.count <= 20 else { throw malformed("a sparse map that is not one") }
    }
    guard let number = Decimal.parse(line[...]) else { throw malformed("a sparse map that is not one") }
    return number
  }

  private var subject: String {
    path.isEmpty
      ? "tar stream at byte \(source.position)" : "\(path.displayPath) (tar stream at byte \(source.position))"
  }

  private func truncated() -> ArchiveError {
    ArchiveError(.truncated, subject, "the archive ends in the middle of a member")
  }

  private func malformed(_ reason: String) -> ArchiveError { ArchiveError(.malformed, subject, reason) }
}
