/// Paths as keys whose bytewise order is the order of a walk: a slash becomes a NUL, which no name contains and which is
/// smaller than any other byte; the root, ".", becomes the empty key.
enum PathKey {
  private static let slash = UInt8(ascii: "/")

  static func encode(_ path: [UInt8]) -> [UInt8] {
    if path == [UInt8(ascii: ".")] { return [] }
    return path.map { $0 == slash ? 0 : $0 }
  }

  static func decode(_ key: UnsafeRawBufferPointer) -> [UInt8] {
    if key.isEmpty { return [UInt8(ascii: ".")] }
    return key.map { $0 == 0 ? slash : $0 }
  }

  /// The key of a listing of the snapshot itself: no path begins with a slash.
  static func listing(_ name: String) -> [UInt8] { [0] + Array(name.utf8) }

  static func isListing(_ key: UnsafeRawBufferPointer) -> Bool { key.first == 0 }

  /// Negative where `path` comes before the key's path in a walk, 0 where it is the same, positive where it comes after.
  static func compare(_ path: [UInt8], _ key: UnsafeRawBufferPointer) -> Int {
    path.withUnsafeBufferPointer { path in
      if path.count == 1, path[0] == UInt8(ascii: ".") { return key.isEmpty ? 0 : -1 }
      let common = min(path.count, key.count)
      var position = 0
      while position < common {
        let byte = path[position] == slash ? 0 : path[position]
        let other = key[position]
        if byte != other { return Int(byte) - Int(other) }
        position += 1
      }
      return path.count - key.count
    }
  }
}
