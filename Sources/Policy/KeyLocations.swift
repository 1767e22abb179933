/// The line of each key of a valid TOML text. The TOML library gives positions for syntax errors alone, so the text is
/// read once more for keys only: headers, keys, and just enough of values to skip them.
struct KeyLocations {
  /// A key's place: names and, for the tables of an array, their index: `destination`, `1`, `endpoint`.
  typealias Path = [String]

  private var lines: [Path: Int] = [:]
  private var text: [UInt8]
  private var position = 0
  private var line = 1
  private var table: Path = []
  private var counts: [Path: Int] = [:]

  init(_ text: String) {
    self.text = Array(text.utf8)
    while position < self.text.count { scanLine() }
  }

  /// The line of a key, or of the closest table around it that the text writes; nil for the whole document.
  subscript(path: Path) -> Int? {
    var path = path
    while !path.isEmpty {
      if let line = lines[path] { return line }
      path.removeLast()
    }
    return nil
  }

  private var current: UInt8 { position < text.count ? text[position] : 10 }

  private mutating func advance() {
    if current == 10 { line += 1 }
    position += 1
  }

  private mutating func skipBlanks() { while current == 32 || current == 9 || current == 13 { advance() } }

  private mutating func skipRestOfLine() {
    while position < text.count, current != 10 { advance() }
    advance()
  }

  private mutating func scanLine() {
    skipBlanks()
    switch current {
    case 10: advance()
    case UInt8(ascii: "#"): skipRestOfLine()
    case UInt8(ascii: "["): scanHeader()
    default:
      let start = line
      let key = scanKey()
      // A dotted key stands for each table on its way too.
      for length in stride(from: 1, through: key.count, by: 1) {
        let path = table + key.prefix(length)
        if lines[path] == nil { lines[path] = start }
      }
      skipBlanks()
      if current == UInt8(ascii: "=") { advance() }
      skipValue()
      skipRestOfLine()
    }
  }

  private mutating func scanHeader() {
    let start = line
    advance()
    let isArray = current == UInt8(ascii: "[")
    if isArray { advance() }
    let names = scanKey()
    var path: Path = []
    for (index, name) in names.enumerated() {
      path.append(name)
      if isArray, index == names.count - 1 {
        if lines[path] == nil { lines[path] = start }
        path.append(String(counts[path, default: 0]))
        counts[path.dropLast(), default: 0] += 1
      } else if let count = counts[path] {
        path.append(String(count - 1))
      }
      if lines[path] == nil { lines[path] = start }
    }
    table = path
    skipRestOfLine()
  }

  /// Bare, quoted and dotted keys, up to `=` or `]`.
  private mutating func scanKey() -> Path {
    var path: Path = []
    while true {
      skipBlanks()
      let start = position
      if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") {
        skipString()
        path.append(String(decoding: text[start + 1..<max(start + 1, position - 1)], as: UTF8.self))
      } else {
        while !" \t\r\n.=]".utf8.contains(current) { advance() }
        path.append(String(decoding: text[start..<position], as: UTF8.self))
      }
      skipBlanks()
      guard current == UInt8(ascii: ".") else { return path }
      advance()
    }
  }

  private mutating func skipValue() {
    var depth = 0
    repeat {
      switch current {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        advance()
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        advance()
      case UInt8(ascii: "#"):
        if depth == 0 { return }
        skipRestOfLine()
      case 10:
        if depth == 0 { return }
        advance()
      default: advance()
      }
    } while position < text.count
  }

  /// One string of any of TOML's four kinds, from its opening quote to behind its closing one.
  private mutating func skipString() {
    let quote = current
    let isLong = text[position...].prefix(3).elementsEqual([quote, quote, quote])
    for _ in 0..<(isLong ? 3 : 1) { advance() }
    while position < text.count {
      if current == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        advance()
        advance()
      } else if current == quote {
        let run = text[position...].prefix { $0 == quote }.count
        if !isLong { return advance() }
        // Up to two quotes may stand before the closing three.
        for _ in 0..<run { advance() }
        if run >= 3 { return }
      } else {
        advance()
      }
    }
  }
}
