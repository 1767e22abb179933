/// The escape of mtree(5) for names and link targets: every byte outside 33 to 126, the backslash and `#` as a backslash
/// and three octal digits.
enum MTreeText {
  static func append(_ bytes: some Sequence<UInt8>, to line: inout [UInt8]) {
    for byte in bytes {
      if byte > 32, byte < 127, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "#") {
        line.append(byte)
      } else {
        line.append(UInt8(ascii: "\\"))
        line.append(48 + byte >> 6)
        line.append(48 + (byte >> 3 & 7))
        line.append(48 + (byte & 7))
      }
    }
  }

  /// An entry's path as listings name it: `./opt/x`; "." alone is the root.
  static func append(path: [UInt8], to line: inout [UInt8]) {
    line.append(UInt8(ascii: "."))
    if path.count == 1, path[0] == UInt8(ascii: ".") { return }
    line.append(UInt8(ascii: "/"))
    append(path, to: &line)
  }

  /// - Returns: nil for a byte that should have been escaped, or a backslash without three octal digits up to 377.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      guard byte > 32, byte < 127, byte != UInt8(ascii: "#") else { return nil }
      if byte != UInt8(ascii: "\\") {
        bytes.append(byte)
        index += 1
        continue
      }
      guard text.endIndex - index >= 4, text[index + 1] >= 48, text[index + 1] <= 51 else { return nil }
      var value = 0
      for digit in text[(index + 1)...(index + 3)] {
        guard digit >= 48, digit <= 55 else { return nil }
        value = value << 3 | Int(digit - 48)
      }
      bytes.append(UInt8(value))
      index += 4
    }
    return bytes
  }

  /// - Returns: nil unless it is "." or begins with "./" and is a plain relative path.
  static func decode(path text: ArraySlice<UInt8>) -> [UInt8]? {
    let dot = UInt8(ascii: ".")
    if text.count == 1, text.first == dot { return [dot] }
    guard text.starts(with: "./".utf8), let path = decode(text.dropFirst(2)) else { return nil }
    for component in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if component.isEmpty || component == [dot] || component == [dot, dot] || component.contains(0) { return nil }
    }
    return path
  }
}
