internal import Digests
internal import Files

/// All headers of one tar member, from which its entry is made.
struct MemberFields {
  private typealias Field = UstarHeader.Field
  private let header: UstarFields
  private let keywords: PaxKeywords
  private let longName: [UInt8]?
  private let longLink: [UInt8]?

  init(header: UstarFields, keywords: PaxKeywords, longName: [UInt8]?, longLink: [UInt8]?) {
    self.header = header
    self.keywords = keywords
    self.longName = longName
    self.longLink = longLink
  }

  /// Parts that are left out of `entry`.
  func warnings(_ id: (String, Bool) -> UInt32?) -> [String] {
    var warnings: [String] = []
    for (key, name) in Self.accessControlKeys {
      guard let text = keywords[key], Self.accessControlValue(text, id) == nil else { continue }
      warnings.append("\(name.displayPath) is not an access control list, or names users unknown here")
    }
    return warnings
  }

  private static let accessControlKeys: [(StaticString, [UInt8])] = [
    ("SCHILY.acl.access", AccessControlList.accessName), ("SCHILY.acl.default", AccessControlList.defaultName),
  ]

  private static func accessControlValue(_ text: [UInt8], _ id: (String, Bool) -> UInt32?) -> [UInt8]? {
    AccessControlList.value(text, user: { id($0, true) }, group: { id($0, false) })
  }

  /// The entry, without size, extents and digest.
  /// - Parameter id: of a user (true) or group (false) that is given by name alone.
  func entry(_ id: (String, Bool) -> UInt32?) throws(ArchiveError) -> Entry {
    let rawPath = keywords["GNU.sparse.name"] ?? keywords["path"] ?? longName ?? header.name
    let path = Self.cleaned(rawPath)
    let link = keywords["linkpath"] ?? longLink ?? header.text(Field.linkName)
    guard !path.contains(0), !link.contains(0) else { throw malformed(path, "a name with a NUL in it") }
    let modified: Timestamp
    if let text = keywords["mtime"] {
      guard let time = DecimalTime.parse(text) else { throw malformed(path, "a time that is not one") }
      modified = time
    } else {
      modified = Timestamp(seconds: try number(Field.modified, path))
    }
    let mode = try number(Field.mode, path)
    return Entry(
      path: path, kind: try kind(rawPath, link), mode: UInt32(mode & 0o7777),
      owner: try owner("uid", Field.owner, path),
      group: try owner("gid", Field.group, path), ownerName: text(keywords["uname"] ?? header.text(Field.ownerName)),
      groupName: text(keywords["gname"] ?? header.text(Field.groupName)), modified: modified,
      attributes: attributes(id))
  }

  private func kind(_ rawPath: [UInt8], _ link: [UInt8]) throws(ArchiveError) -> Entry.Kind {
    switch header.type {
    // Before POSIX a directory was a file whose name ends with a slash.
    case UInt8(ascii: "0"), UInt8(ascii: "7"), 0: return rawPath.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "1"): return .hardLink(target: Self.cleaned(link))
    case UInt8(ascii: "2"): return .symbolicLink(target: link)
    case UInt8(ascii: "3"):
      return .characterDevice(
        major: try device("SCHILY.devmajor", Field.major), minor: try device("SCHILY.devminor", Field.minor))
    case UInt8(ascii: "4"):
      return .blockDevice(
        major: try device("SCHILY.devmajor", Field.major), minor: try device("SCHILY.devminor", Field.minor))
    case UInt8(ascii: "5"): return .directory
    case UInt8(ascii: "6"): return .fifo
    default:
      throw malformed(rawPath, "a member of the unknown type \([header.type].displayPath)")
    }
  }

  /// Bytes that follow the header. Of kinds without content the size field means nothing.
  func storedSize() throws(ArchiveError) -> UInt64 {
    switch header.type {
    case UInt8(ascii: "2")...UInt8(ascii: "6"): return 0
    default: break
    }
    if let text = keywords["size"] {
      guard let size = Decimal.parse(text[...]), size <= UInt64(Int64.max) else {
        throw malformed(header.name, "a size that is not one")
      }
      return size
    }
    let size = try number(Field.size, header.name)
    guard size >= 0 else { throw malformed(header.name, "a negative size") }
    return UInt64(size)
  }

  struct Sparse {
    let size: UInt64
    let extents: [Extent]
    var dataLength: UInt64 { extents.reduce(0) { $0 + $1.length } }
  }

  /// The map of a sparse file; nil of any other.
  /// - Parameter readingMap: reads a number out of the content, or (true) the rest of the map's last block.
  func sparse(readingMap: (Bool, inout UInt64) throws -> UInt64?) throws -> Sparse? {
    let numbers: [UInt64]
    if keywords["GNU.sparse.major"] == Array("1".utf8), keywords["GNU.sparse.minor"] == Array("0".utf8) {
      var used: UInt64 = 0
      let count = try readingMap(false, &used) ?? 0
      var map: [UInt64] = []
      for _ in 0..<count {
        // Offset and length; each takes two bytes of content at least, so the content's end stops a false count.
        map.append(try readingMap(false, &used) ?? 0)
        map.append(try readingMap(false, &used) ?? 0)
      }
      _ = try readingMap(true, &used)
      numbers = map
    } else if let map = keywords["GNU.sparse.map"] {
      let parsed = map.split(separator: UInt8(ascii: ",")).map { Decimal.parse($0) }
      numbers = parsed.compactMap { $0 }
      guard parsed.count == numbers.count else { throw malformed(header.name, "a sparse map that is not one") }
    } else if keywords["GNU.sparse.size"] != nil {
      numbers = keywords.sparseNumbers
    } else if keywords["GNU.sparse.major"] != nil {
      throw malformed(header.name, "a sparse file in an unknown format")
    } else {
      return nil
    }
    guard let text = keywords["GNU.sparse.realsize"] ?? keywords["GNU.sparse.size"],
      let size = Decimal.parse(text[...]), size <= UInt64(Int64.max)
    else { throw malformed(header.name, "a sparse file without a size") }
    return Sparse(size: size, extents: try extents(numbers, size))
  }

  private func extents(_ numbers: [UInt64], _ size: UInt64) throws(ArchiveError) -> [Extent] {
    guard numbers.count.isMultiple(of: 2) else { throw malformed(header.name, "a sparse map that is not one") }
    var extents: [Extent] = []
    var end: UInt64 = 0
    for index in stride(from: 0, to: numbers.count, by: 2) {
      let (offset, length) = (numbers[index], numbers[index + 1])
      let (next, overflow) = offset.addingReportingOverflow(length)
      guard !overflow, offset >= end, next <= size else {
        throw malformed(header.name, "a sparse map whose ranges overlap or lie outside the file")
      }
      end = next
      if length > 0 { extents.append(Extent(offset: offset, length: length)) }
    }
    return extents
  }

  private func attributes(_ id: (String, Bool) -> UInt32?) -> [ExtendedAttribute] {
    var attributes: [ExtendedAttribute] = []
    for (key, name) in Self.accessControlKeys {
      guard let text = keywords[key], let value = Self.accessControlValue(text, id) else { continue }
      attributes.append(ExtendedAttribute(name: name, value: value))
    }
    let prefix = Array("SCHILY.xattr.".utf8)
    for (key, value) in keywords.values where key.starts(with: prefix) {
      let name = AttributeKeyword.decode(key.dropFirst(prefix.count))
      if !attributes.contains(where: { $0.name == name }) {
        attributes.append(ExtendedAttribute(name: name, value: value))
      }
    }
    attributes.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return attributes
  }

  private func owner(_ key: StaticString, _ field: Range<Int>, _ path: [UInt8]) throws(ArchiveError) -> UInt32 {
    if let text = keywords[key] {
      guard let value = Decimal.parse(text[...]), let id = UInt32(exactly: value) else {
        throw malformed(path, "an owner that is not one")
      }
      return id
    }
    guard let id = UInt32(exactly: try number(field, path)) else { throw malformed(path, "an owner that is not one") }
    return id
  }

  private func device(_ key: StaticString, _ field: Range<Int>) throws(ArchiveError) -> UInt32 {
    try owner(key, field, header.name)
  }

  private func number(_ field: Range<Int>, _ path: [UInt8]) throws(ArchiveError) -> Int64 {
    guard let value = header.number(field) else { throw malformed(path, "a header field that is not a number") }
    return value
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func malformed(_ path: [UInt8], _ reason: String) -> ArchiveError {
    ArchiveError(.malformed, path.displayPath, reason)
  }

  /// Without `./` in front and slashes at the end, which tars write and an `Entry.path` has not.
  private static func cleaned(_ path: [UInt8]) -> [UInt8] {
    var rest = path[...]
    while rest.count > 1, rest.last == UInt8(ascii: "/") { rest.removeLast() }
    while rest.count > 2, rest.starts(with: "./".utf8) { rest.removeFirst(2) }
    return Array(rest)
  }
}
