/// POSIX.1e ACLs in the two forms we meet: the kernel's bytes (linux/posix_acl_xattr.h: version 2, then tag, permissions
/// and id of each entry, little-endian) and the text of acl(5), in the short form with numeric ids that tar keeps.
enum AccessControlList {
  static let accessName = Array("system.posix_acl_access".utf8)
  static let defaultName = Array("system.posix_acl_default".utf8)

  private static let noID = UInt32.max

  /// `user::rw-,user:1000:r--,group::r--,mask::r--,other::---`.
  /// - Returns: nil where these are not the kernel's bytes.
  static func text(_ value: [UInt8]) -> [UInt8]? {
    guard value.count >= 4, value.count % 8 == 4, number(value[0..<4]) == 2 else { return nil }
    var parts: [String] = []
    for start in stride(from: 4, to: value.count, by: 8) {
      let tag = number(value[start..<(start + 2)])
      let permissions = number(value[(start + 2)..<(start + 4)])
      let id = number(value[(start + 4)..<(start + 8)])
      guard permissions <= 7, let name = name(tag) else { return nil }
      let shown = tag == 2 || tag == 8 ? String(id) : ""
      let bits =
        (permissions & 4 != 0 ? "r" : "-") + (permissions & 2 != 0 ? "w" : "-") + (permissions & 1 != 0 ? "x" : "-")
      parts.append("\(name):\(shown):\(bits)")
    }
    return parts.isEmpty ? nil : Array(parts.joined(separator: ",").utf8)
  }

  private static func name(_ tag: UInt32) -> String? {
    switch tag {
    case 1, 2: "user"
    case 4, 8: "group"
    case 16: "mask"
    case 32: "other"
    default: nil
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private struct Item {
    let tag: UInt32
    let permissions: UInt32
    let id: UInt32
  }

  /// The kernel's bytes of a text as `text(_:)`, GNU tar, star or libarchive write it: entries divided by commas or line
  /// ends, comments after `#`, a numeric id as the name or as a fourth field.
  /// - Parameters:
  ///   - user: the id of a user who is given by name alone; nil where there is no such user.
  /// - Returns: nil for anything else.
  static func value(
    _ text: [UInt8], user: (String) -> UInt32? = { _ in nil }, group: (String) -> UInt32? = { _ in nil }
  ) -> [UInt8]? {
    var items: [Item] = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      for part in line.prefix(while: { $0 != UInt8(ascii: "#") }).split(separator: UInt8(ascii: ",")) {
        let fields = part.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
          String(decoding: $0.filter { $0 != 32 && $0 != 9 }, as: UTF8.self)
        }
        if fields == [""] { continue }
        guard let item = item(fields, user, group) else { return nil }
        items.append(item)
      }
    }
    guard !items.isEmpty else { return nil }
    // The kernel demands the order of tags, and of ids within a tag.
    items.sort { ($0.tag, $0.tag == 2 || $0.tag == 8 ? $0.id : 0) < ($1.tag, $1.tag == 2 || $1.tag == 8 ? $1.id : 0) }
    var value: [UInt8] = [2, 0, 0, 0]
    for item in items {
      for field in [(item.tag, 2), (item.permissions, 2), (item.id, 4)] {
        for byte in 0..<field.1 { value.append(UInt8(truncatingIfNeeded: field.0 >> UInt32(byte * 8))) }
      }
    }
    return value
  }

  private static func item(_ fields: [String], _ user: (String) -> UInt32?, _ group: (String) -> UInt32?) -> Item? {
    // libarchive and Solaris write `mask:rwx` and `other:rwx` too.
    let short = fields.count == 2 && ["mask", "other", "m", "o"].contains(fields[0])
    let fields = short ? [fields[0], "", fields[1]] : fields
    guard fields.count >= 3, let permissions = permissions(fields[2]) else { return nil }
    let named = !fields[1].isEmpty
    var id = noID
    if named {
      let lookUp = fields[0].hasPrefix("u") ? user : group
      guard let number = UInt32(fields[1]) ?? (fields.count > 3 ? UInt32(fields[3]) : nil) ?? lookUp(fields[1]) else {
        return nil
      }
      id = number
    }
    switch fields[0] {
    case "user", "u": return Item(tag: named ? 2 : 1, permissions: permissions, id: id)
    case "group", "g": return Item(tag: named ? 8 : 4, permissions: permissions, id: id)
    case "mask", "m": return Item(tag: 16, permissions: permissions, id: noID)
    case "other", "o": return Item(tag: 32, permissions: permissions, id: noID)
    default: return nil
    }
  }

  private static func permissions(_ text: String) -> UInt32? {
    var bits: UInt32 = 0
    for letter in text {
      switch letter {
      case "r": bits |= 4
      case "w": bits |= 2
      case "x": bits |= 1
      case "-": break
      default: return nil
      }
    }
    return bits
  }
}
