public import Repository

/// Paths of entries as a person names them: `/opt/convex/`, or with the escapes of `redoubt-verify ls` for bytes that no
/// keyboard has (`odd/\377name`).
public enum EntryPath {
  /// `/opt/convex/` as `opt/convex`; the root as `.`.
  public static func bytes(of text: String) -> [UInt8] {
    let components = text.utf8.split(separator: UInt8(ascii: "/"))
    return components.isEmpty ? [UInt8(ascii: ".")] : Array(components.joined(separator: [UInt8(ascii: "/")]))
  }

  /// The path that is meant: these very bytes, or, where the snapshot has no such entry, with their escapes undone.
  public static func find(_ text: String, in manifest: Manifest) throws -> [UInt8] {
    let literal = bytes(of: text)
    let plain = unescaped(literal)
    guard plain != literal else { return literal }
    var isThere = false
    try manifest.forEachEntry { (entry) in
      if entry.path == literal || entry.path.isBelow(literal) { isThere = true }
    }
    return isThere ? literal : plain
  }

  /// Three octal digits after a backslash are the byte of that number, as mtree(5) has it.
  private static func unescaped(_ path: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = path[...]
    while let first = rest.popFirst() {
      let digits = rest.prefix(3)
      if first == UInt8(ascii: "\\"), digits.count == 3,
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        result.append(byte)
        rest = rest.dropFirst(3)
      } else {
        result.append(first)
      }
    }
    return result
  }
}
