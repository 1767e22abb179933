/// An element of one of S3's answers. Attributes and name spaces mean nothing there and are dropped.
struct XMLElement {
  var name: String
  /// The text directly inside, entities decoded.
  var text = ""
  var children: [XMLElement] = []

  /// The text of the first child of that name.
  subscript(name: String) -> String? { children.first { $0.name == name }?.text }

  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a document is not what S3 would send.
struct XMLError: Error {
  var reason: String
}

/// Reads the small part of XML 1.0 that S3 answers with: elements, text, the five named entities and character references,
/// CDATA, comments and processing instructions. A document type declaration is refused, and with it every entity bomb.
struct XMLParser {
  private var rest: Substring.UTF8View
  private static let deepest = 16

  static func parse(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw XMLError(reason: "not UTF-8") }
    var parser = XMLParser(rest: text[...].utf8)
    parser.skip("\u{FEFF}")
    try parser.skipMisc()
    let root = try parser.element(depth: 0)
    try parser.skipMisc()
    guard parser.rest.isEmpty else { throw XMLError(reason: "text after the end") }
    return root
  }

  private mutating func element(depth: Int) throws(XMLError) -> XMLElement {
    guard depth < Self.deepest else { throw XMLError(reason: "nested too deep") }
    guard skip("<") else { throw XMLError(reason: "no element") }
    let (tag, isEmpty) = try startTag()
    var element = XMLElement(name: tag)
    if isEmpty { return element }
    while true {
      element.text += try Self.decoded(take { $0 != UInt8(ascii: "<") })
      if skip("</") {
        guard Self.localName(try until(">")) == tag else { throw XMLError(reason: "<\(tag)> is not closed") }
        return element
      } else if skip("<![CDATA[") {
        element.text += try until("]]>")
      } else if try !skipComment() {
        element.children.append(try self.element(depth: depth + 1))
      }
    }
  }

  /// The name in a start tag after its `<`, and whether the element ends with it. Attributes are passed over.
  private mutating func startTag() throws(XMLError) -> (name: String, isEmpty: Bool) {
    let name = take { !Self.isSpace($0) && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/") }
    guard let first = name.utf8.first, first != UInt8(ascii: "!"), first != UInt8(ascii: "?") else {
      throw XMLError(reason: "a tag without a name")
    }
    while let byte = rest.first {
      if skip(">") { return (Self.localName(name), false) }
      if skip("/>") { return (Self.localName(name), true) }
      rest = rest.dropFirst()
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { _ = try until(byte == 34 ? "\"" : "'") }
    }
    throw XMLError(reason: "the document is cut short")
  }

  private mutating func skipMisc() throws(XMLError) {
    while true {
      _ = take(Self.isSpace)
      if try !skipComment() { return }
    }
  }

  private mutating func skipComment() throws(XMLError) -> Bool {
    if skip("<?") {
      _ = try until("?>")
    } else if skip("<!--") {
      _ = try until("-->")
    } else {
      return false
    }
    return true
  }

  @discardableResult
  private mutating func skip(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  private mutating func take(_ accept: (UInt8) -> Bool) -> String {
    let taken = rest.prefix(while: accept)
    rest = rest[taken.endIndex...]
    return String(Substring(taken))
  }

  private mutating func until(_ end: String) throws(XMLError) -> String {
    var text = rest
    while !text.isEmpty {
      if text.starts(with: end.utf8) {
        let found = String(Substring(rest[..<text.startIndex]))
        rest = text.dropFirst(end.utf8.count)
        return found
      }
      text = text.dropFirst()
    }
    throw XMLError(reason: "the document is cut short")
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

  /// A name without its name space prefix and without spaces after it.
  private static func localName(_ name: String) -> String {
    let trimmed = name.prefix { $0 != " " && !$0.isNewline && $0 != "\t" }
    return String(trimmed.split(separator: ":").last ?? trimmed)
  }

  private static func decoded(_ text: String) throws(XMLError) -> String {
    guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
    var result = ""
    var rest = text[...]
    while let ampersand = rest.firstIndex(of: "&") {
      result += rest[..<ampersand]
      guard let semicolon = rest[ampersand...].firstIndex(of: ";") else { throw XMLError(reason: "a bare ampersand") }
      let name = rest[rest.index(after: ampersand)..<semicolon]
      guard let character = character(name) else { throw XMLError(reason: "an unknown entity") }
      result.unicodeScalars.append(character)
      rest = rest[rest.index(after: semicolon)...]
    }
    return result + rest
  }

  private static func character(_ name: Substring) -> Unicode.Scalar? {
    switch name {
    case "amp": "&"
    case "lt": "<"
    case "gt": ">"
    case "quot": "\""
    case "apos": "'"
    default:
      if name.hasPrefix("#x") {
        UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
      } else if name.hasPrefix("#") {
        UInt32(name.dropFirst(1)).flatMap(Unicode.Scalar.init)
      } else {
        nil
      }
    }
  }
}
