internal import Digests
internal import Files

/// Lines of `links.tsv`: a hard link's path, a tab, and the path of the earlier entry that is the file.
public enum LinksListing {
  /// The line of a hard link with its line end; nil for any other entry.
  public static func line(for entry: Entry) -> [UInt8]? {
    guard case .hardLink(let target) = entry.kind else { return nil }
    var line: [UInt8] = []
    MTreeText.append(path: entry.path, to: &line)
    line.append(UInt8(ascii: "\t"))
    MTreeText.append(path: target, to: &line)
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// - Parameters:
  ///   - line: with or without its line end.
  ///   - number: from 1, for the error.
  /// - Throws: `ArchiveError` `malformed` with the line's number.
  public static func link(from line: ArraySlice<UInt8>, number: Int) throws(ArchiveError) -> (
    path: [UInt8], target: [UInt8]
  ) {
    let fields = ListingLines.fields(line)
    guard fields.count == 2, let path = MTreeText.decode(path: fields[0]),
      let target = MTreeText.decode(path: fields[1])
    else { throw ArchiveError(.malformed, "links.tsv line \(number)", "not two paths with a tab between them") }
    return (path, target)
  }
}

/// Lines of `attributes.tsv`: an entry's path, an attribute's name, its value in base64, with tabs between.
public enum AttributesListing {
  /// A line for each attribute of the entry, with line ends; empty where it has none.
  public static func lines(for entry: Entry) -> [UInt8] {
    var lines: [UInt8] = []
    for attribute in entry.attributes {
      MTreeText.append(path: entry.path, to: &lines)
      lines.append(UInt8(ascii: "\t"))
      MTreeText.append(attribute.name, to: &lines)
      lines.append(UInt8(ascii: "\t"))
      lines.append(contentsOf: Base64.encode(attribute.value).utf8)
      lines.append(UInt8(ascii: "\n"))
    }
    return lines
  }

  /// - Parameters:
  ///   - line: with or without its line end.
  ///   - number: from 1, for the error.
  /// - Throws: `ArchiveError` `malformed` with the line's number.
  public static func attribute(from line: ArraySlice<UInt8>, number: Int) throws(ArchiveError) -> (
    path: [UInt8], attribute: ExtendedAttribute
  ) {
    let fields = ListingLines.fields(line)
    guard fields.count == 3, let path = MTreeText.decode(path: fields[0]), let name = MTreeText.decode(fields[1]),
      !name.isEmpty, !name.contains(0), let value = Base64.decode(String(decoding: fields[2], as: UTF8.self))
    else { throw ArchiveError(.malformed, "attributes.tsv line \(number)", "not a path, a name and a value in base64") }
    return (path, ExtendedAttribute(name: name, value: value))
  }
}

/// Cuts text that comes in pieces into lines. One thread at a time.
public struct ListingLines {
  private var carry: [UInt8] = []
  /// Lines so far; the number of the line that `append` passes.
  public private(set) var number = 0

  public init() {}

  /// Passes each line that these bytes complete, without its line end; valid during the call.
  public mutating func append<Failure: Error>(
    _ bytes: ArraySlice<UInt8>, line: (ArraySlice<UInt8>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      number += 1
      if carry.isEmpty {
        try line(rest[..<end], number)
      } else {
        carry.append(contentsOf: rest[..<end])
        let whole = carry
        carry = []
        try line(whole[...], number)
      }
      rest = rest[(end + 1)...]
    }
    carry.append(contentsOf: rest)
  }

  /// - Parameter name: the listing's, for the error.
  /// - Throws: `ArchiveError` `truncated` where the last line has no end.
  public func finish(_ name: String) throws(ArchiveError) {
    guard carry.isEmpty else { throw ArchiveError(.truncated, "\(name) line \(number + 1)", "the line has no end") }
  }

  static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    let line = line.last == UInt8(ascii: "\n") ? line.dropLast() : line
    return line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
  }
}
