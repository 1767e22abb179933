/// Why a text is no JSON, or not what it should be.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// The member it is about; empty where it is about the text as a whole.
  public var name: String
  public var reason: String

  public init(_ reason: String) { self.init("", reason) }

  public init(_ name: String, _ reason: String) {
    self.name = name
    self.reason = reason
  }

  public var description: String { name.isEmpty ? reason : "\(name) \(reason)" }
}

/// Reads JSON texts (RFC 8259), one after the other, without making values of what nobody asks for.
///
/// Stricter than most: the text is one object in UTF-8 and nothing else, no object has a name twice, and what nobody asks
/// for is held to the grammar too. Not safe for concurrent use: one thread at a time.
public final class JSONReader {
  /// How deep objects and arrays may be nested.
  public static let depthLimit = 512
  /// How long a text may be, in bytes.
  public static let lengthLimit = 1 << 30

  private var tokens: UnsafeMutablePointer<JSONToken>
  private var capacity = 256
  private var count = 0
  private var text: UnsafePointer<UInt8>
  private var position = 0
  private var end = 0
  /// Stands for a text without bytes.
  private let empty: UnsafePointer<UInt8>

  public init() {
    tokens = .allocate(capacity: capacity)
    empty = UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))
    text = empty
  }

  deinit {
    tokens.deallocate()
    empty.deallocate()
  }

  /// Reads one text.
  /// - Returns: the object's members: good until the next call, and as long as `bytes` are.
  public func read(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONFields {
    guard bytes.count <= Self.lengthLimit else { throw JSONError("the text is too long") }
    text = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty
    (position, end, count) = (0, bytes.count, 0)
    skipSpace()
    guard position < end, text[position] == UInt8(ascii: "{") else { throw JSONError("no object") }
    try value(depth: 1)
    skipSpace()
    guard position == end else { throw unexpected() }
    return JSONFields(text: text, tokens: UnsafePointer(tokens), object: 0)
  }

  private func unexpected() -> JSONError {
    JSONError(position < end ? "unexpected byte at \(position)" : "ends too early")
  }

  private func add(_ kind: JSONToken.Kind) -> Int {
    if count == capacity {
      let larger = UnsafeMutablePointer<JSONToken>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: tokens, count: count)
      tokens.deallocate()
      tokens = larger
      capacity *= 2
    }
    (tokens + count).initialize(to: JSONToken(kind: kind, start: UInt32(position)))
    count += 1
    return count - 1
  }

  private func skipSpace() {
    while position < end {
      switch text[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private func value(depth: Int) throws(JSONError) {
    guard position < end else { throw unexpected() }
    switch text[position] {
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "t"): try word("true", .yes)
    case UInt8(ascii: "f"): try word("false", .no)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private func object(depth: Int) throws(JSONError) {
    guard depth <= Self.depthLimit else { throw JSONError("is nested too deep") }
    let token = add(.object)
    position += 1
    skipSpace()
    if position < end, text[position] == UInt8(ascii: "}") { return close(token) }
    while true {
      skipSpace()
      guard position < end, text[position] == UInt8(ascii: "\"") else { throw unexpected() }
      try string()
      skipSpace()
      guard position < end, text[position] == UInt8(ascii: ":") else { throw unexpected() }
      position += 1
      skipSpace()
      try value(depth: depth + 1)
      if try isLast(before: UInt8(ascii: "}")) { break }
    }
    close(token)
    if let name = JSONFields(text: text, tokens: UnsafePointer(tokens), object: token).repeatedName {
      throw JSONError(name, "stands there twice")
    }
  }

  private func array(depth: Int) throws(JSONError) {
    guard depth <= Self.depthLimit else { throw JSONError("is nested too deep") }
    let token = add(.array)
    position += 1
    skipSpace()
    if position < end, text[position] == UInt8(ascii: "]") { return close(token) }
    while true {
      skipSpace()
      try value(depth: depth + 1)
      if try isLast(before: UInt8(ascii: "]")) { break }
    }
    close(token)
  }

  /// Takes the comma; at the closing bracket stays before it.
  private func isLast(before bracket: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    guard position < end else { throw unexpected() }
    if text[position] == bracket { return true }
    guard text[position] == UInt8(ascii: ",") else { throw unexpected() }
    position += 1
    return false
  }

  private func close(_ token: Int) {
    position += 1
    tokens[token].end = UInt32(position)
    tokens[token].next = UInt32(count)
  }

  private func word(_ word: StaticString, _ kind: JSONToken.Kind) throws(JSONError) {
    let length = word.utf8CodeUnitCount
    guard position + length <= end else { throw unexpected() }
    for offset in 0..<length where text[position + offset] != word.utf8Start[offset] { throw unexpected() }
    leaf(kind, length)
  }

  private func leaf(_ kind: JSONToken.Kind, _ length: Int) {
    let token = add(kind)
    position += length
    tokens[token].end = UInt32(position)
    tokens[token].next = UInt32(count)
  }

  private func number() throws(JSONError) {
    var next = position
    var kind = JSONToken.Kind.integer
    func digits() -> Bool {
      let first = next
      while next < end, text[next] &- 48 < 10 { next += 1 }
      return next > first
    }
    if text[next] == UInt8(ascii: "-") { next += 1 }
    let first = next
    guard digits(), next == first + 1 || text[first] != UInt8(ascii: "0") else { throw unexpected() }
    if next < end, text[next] == UInt8(ascii: ".") {
      kind = .real
      next += 1
      guard digits() else { throw unexpected() }
    }
    if next < end, text[next] | 0x20 == UInt8(ascii: "e") {
      kind = .real
      next += 1
      if next < end, text[next] == UInt8(ascii: "+") || text[next] == UInt8(ascii: "-") { next += 1 }
      guard digits() else { throw unexpected() }
    }
    leaf(kind, next - position)
  }

  /// A string's token is what stands between its quotes.
  private func string() throws(JSONError) {
    position += 1
    let token = add(.string)
    var next = position
    var all: UInt8 = 0
    var isEscaped = false
    while true {
      guard next < end else {
        position = next
        throw unexpected()
      }
      let byte = text[next]
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        guard let length = JSONEscape.length(text + next, available: end - next) else {
          position = next
          throw unexpected()
        }
        next += length
        continue
      }
      guard byte >= 0x20 else {
        position = next
        throw unexpected()
      }
      all |= byte
      next += 1
    }
    if all & 0x80 != 0 {
      let bytes = UnsafeBufferPointer(start: text + position, count: next - position)
      guard String(validating: bytes, as: UTF8.self) != nil else { throw JSONError("a string is not UTF-8") }
    }
    if isEscaped { tokens[token].kind = .escapedString }
    tokens[token].end = UInt32(next)
    tokens[token].next = UInt32(count)
    position = next + 1
  }
}
