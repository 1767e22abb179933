internal import Digests
internal import Files

/// Writes `files.mtree`: mtree(5), one line an entry, as BSD's mtree and libarchive read it.
///
/// Times are seconds, negative before 1970, a point, and nine digits of nanoseconds that count forward from those seconds.
public enum MTreeWriter {
  /// The first line of the file.
  public static let header = Array("#mtree\n".utf8)

  /// The entry's line with its line end. A hard link is listed as the file that it is, with the entry's `size` and `digest`;
  /// attributes and extents are not in it.
  public static func line(for entry: Entry) -> [UInt8] {
    var line: [UInt8] = []
    append(entry, to: &line)
    return line
  }

  /// Appends the entry's line to a buffer.
  public static func append(_ entry: Entry, to line: inout [UInt8]) {
    MTreeText.append(path: entry.path, to: &line)
    let type: StaticString =
      switch entry.kind {
      case .file, .hardLink: " type=file uid="
      case .directory: " type=dir uid="
      case .symbolicLink: " type=link uid="
      case .fifo: " type=fifo uid="
      case .characterDevice: " type=char uid="
      case .blockDevice: " type=block uid="
      }
    append(type, &line)
    append(UInt64(entry.owner), &line)
    append(" gid=", &line)
    append(UInt64(entry.group), &line)
    if !entry.ownerName.isEmpty {
      append(" uname=", &line)
      MTreeText.append(entry.ownerName.utf8, to: &line)
    }
    if !entry.groupName.isEmpty {
      append(" gname=", &line)
      MTreeText.append(entry.groupName.utf8, to: &line)
    }
    append(" mode=0", &line)
    if entry.mode > 0o777 { line.append(48 + UInt8(entry.mode >> 9 & 7)) }
    for shift: UInt32 in [6, 3, 0] { line.append(48 + UInt8(entry.mode >> shift & 7)) }
    switch entry.kind {
    case .file, .hardLink:
      append(" size=", &line)
      append(entry.size, &line)
    case .symbolicLink(let target):
      append(" link=", &line)
      MTreeText.append(target, to: &line)
    case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
      append(" device=linux,", &line)
      append(UInt64(major), &line)
      line.append(UInt8(ascii: ","))
      append(UInt64(minor), &line)
    case .directory, .fifo: break
    }
    append(" time=", &line)
    if entry.modified.seconds < 0 { line.append(UInt8(ascii: "-")) }
    append(entry.modified.seconds.magnitude, &line)
    line.append(UInt8(ascii: "."))
    appendNanoseconds(UInt32(entry.modified.nanoseconds), &line)
    if let digest = entry.digest {
      append(" sha256digest=", &line)
      for byte in digest.bytes {
        line.append(hexDigit(byte >> 4))
        line.append(hexDigit(byte & 15))
      }
    }
    line.append(UInt8(ascii: "\n"))
  }

  private static func append(_ text: StaticString, _ line: inout [UInt8]) {
    line.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private static func append(_ number: UInt64, _ line: inout [UInt8]) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      line.append(48 + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  private static func appendNanoseconds(_ number: UInt32, _ line: inout [UInt8]) {
    var divisor: UInt32 = 100_000_000
    while divisor > 0 {
      line.append(48 + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
