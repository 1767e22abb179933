internal import Digests
internal import Files

/// Reads the lines of `files.mtree` as `MTreeWriter` writes them; keywords it does not know are passed over. One thread at
/// a time.
public struct MTreeReader {
  private var number = 0
  /// Names repeat from line to line.
  private var lastOwner: (text: ArraySlice<UInt8>, name: String) = ([], "")
  private var lastGroup: (text: ArraySlice<UInt8>, name: String) = ([], "")

  public init() {}

  /// Reads the next line.
  /// - Parameter line: with or without its line end.
  /// - Returns: the entry, where a hard link is a file; nil for an empty line and a comment.
  /// - Throws: `ArchiveError` `malformed` with the line's number.
  public mutating func entry(from line: some Collection<UInt8>) throws(ArchiveError) -> Entry? {
    try entry(from: Array(line)[...])
  }

  /// Reads the next line.
  public mutating func entry(from line: ArraySlice<UInt8>) throws(ArchiveError) -> Entry? {
    number += 1
    var rest = line
    if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
    if rest.isEmpty || rest.first == UInt8(ascii: "#") { return nil }
    guard let path = MTreeText.decode(path: Self.word(&rest)) else { throw malformed("a path that is not one") }
    var fields = Fields()
    while !rest.isEmpty {
      let word = Self.word(&rest)
      guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let value = word[(equals + 1)...]
      guard fields.set(word[..<equals], value, names: { isOwner in name(value, isOwner) }) else {
        throw malformed("a wrong value in \(word.displayPath)")
      }
    }
    guard let kind = fields.entryKind(), let mode = fields.mode, let owner = fields.owner, let group = fields.group,
      let time = fields.time, fields.size != nil || kind != .file
    else { throw malformed("a line without all of type, uid, gid, mode, time, and size, link or device") }
    return Entry(
      path: path, kind: kind, mode: mode, owner: owner, group: group, ownerName: fields.ownerName,
      groupName: fields.groupName, size: fields.size ?? 0, modified: time, digest: fields.digest)
  }

  private static func word(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let end = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
    defer { rest = rest[end...].drop { $0 == UInt8(ascii: " ") } }
    return rest[..<end]
  }

  private mutating func name(_ text: ArraySlice<UInt8>, _ isOwner: Bool) -> String? {
    let last = isOwner ? lastOwner : lastGroup
    if last.text.elementsEqual(text) { return last.name }
    guard let bytes = MTreeText.decode(text) else { return nil }
    let name = String(decoding: bytes, as: UTF8.self)
    // A copy, so that the line's memory does not stay.
    if isOwner { lastOwner = (Array(text)[...], name) } else { lastGroup = (Array(text)[...], name) }
    return name
  }

  private func malformed(_ reason: String) -> ArchiveError {
    ArchiveError(.malformed, "files.mtree line \(number)", reason)
  }
}

/// The keywords of one line.
private struct Fields {
  var type: ArraySlice<UInt8> = []
  var mode: UInt32?
  var owner: UInt32?
  var group: UInt32?
  var ownerName = ""
  var groupName = ""
  var size: UInt64?
  var time: Timestamp?
  var link: [UInt8]?
  var device: (major: UInt32, minor: UInt32)?
  var digest: SHA256Digest?

  /// - Returns: false for a value that is not of the keyword's kind.
  mutating func set(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, names: (Bool) -> String?) -> Bool {
    func isKey(_ word: StaticString) -> Bool {
      key.elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
    if isKey("type") {
      type = value
    } else if isKey("uid") {
      owner = Decimal.parse(value).flatMap(UInt32.init(exactly:))
      return owner != nil
    } else if isKey("gid") {
      group = Decimal.parse(value).flatMap(UInt32.init(exactly:))
      return group != nil
    } else if isKey("uname") || isKey("gname") {
      let isOwner = key.first == UInt8(ascii: "u")
      guard let name = names(isOwner) else { return false }
      if isOwner { ownerName = name } else { groupName = name }
    } else if isKey("mode") {
      mode = Self.octal(value)
      return mode != nil
    } else if isKey("size") {
      // off_t
      size = Decimal.parse(value).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil }
      return size != nil
    } else if isKey("time") {
      time = Self.time(value)
      return time != nil
    } else if isKey("link") {
      link = MTreeText.decode(value)
      return link != nil
    } else if isKey("device") {
      device = Self.device(value)
      return device != nil
    } else if isKey("sha256digest") {
      digest = Self.digest(value)
      return digest != nil
    }
    return true
  }

  func entryKind() -> Entry.Kind? {
    switch String(decoding: type, as: UTF8.self) {
    case "file": return .file
    case "dir": return .directory
    case "fifo": return .fifo
    case "link": return link.map { .symbolicLink(target: $0) }
    case "char": return device.map { .characterDevice(major: $0.major, minor: $0.minor) }
    case "block": return device.map { .blockDevice(major: $0.major, minor: $0.minor) }
    default: return nil
    }
  }

  private static func octal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    guard !digits.isEmpty, digits.count <= 5 else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard digit >= 48, digit <= 55 else { return nil }
      value = value << 3 | UInt32(digit - 48)
    }
    return value <= 0o7777 ? value : nil
  }

  private static func time(_ text: ArraySlice<UInt8>) -> Timestamp? {
    let isNegative = text.first == UInt8(ascii: "-")
    let rest = isNegative ? text.dropFirst() : text
    guard let point = rest.firstIndex(of: UInt8(ascii: ".")), rest.endIndex - point == 10,
      let seconds = Decimal.parse(rest[..<point]), let nanoseconds = Decimal.parse(rest[(point + 1)...])
    else { return nil }
    let signed = isNegative ? Int64(exactly: seconds).map { -$0 } : Int64(exactly: seconds)
    return signed.map { Timestamp(seconds: $0, nanoseconds: Int32(nanoseconds)) }
  }

  private static func device(_ text: ArraySlice<UInt8>) -> (UInt32, UInt32)? {
    let parts = text.split(separator: UInt8(ascii: ","))
    guard parts.count == 3, parts[0].elementsEqual("linux".utf8),
      let major = Decimal.parse(parts[1]).flatMap(UInt32.init(exactly:)),
      let minor = Decimal.parse(parts[2]).flatMap(UInt32.init(exactly:))
    else { return nil }
    return (major, minor)
  }

  private static func digest(_ text: ArraySlice<UInt8>) -> SHA256Digest? {
    guard text.count == 64 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      var index = text.startIndex
      while count < 32, let high = nibble(text[index]), let low = nibble(text[index + 1]) {
        buffer[count] = high << 4 | low
        count += 1
        index += 2
      }
    }
    return SHA256Digest(bytes: bytes)
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 97...102: digit - 87
    default: nil
    }
  }
}
