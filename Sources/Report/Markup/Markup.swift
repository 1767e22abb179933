/// Markup that is well-formed by construction, as HTML and as XML: what is opened is closed, names are constants of the
/// program, and text comes in escaped alone.
struct Markup {
  typealias Attribute = (name: StaticString, value: String)

  private(set) var bytes: [UInt8] = Array("<!DOCTYPE html>\n".utf8)

  /// An element with content.
  mutating func element(
    _ name: StaticString, _ attributes: [Attribute] = [], _ content: (inout Markup) -> Void
  ) {
    open(name, attributes)
    append(">")
    content(&self)
    append("</")
    append(name)
    append(">")
  }

  /// An element with text in it.
  mutating func element(_ name: StaticString, _ attributes: [Attribute] = [], text: String) {
    element(name, attributes) { $0.text(text) }
  }

  /// A void element of HTML (`meta`), or an empty one of SVG (`path`).
  mutating func void(_ name: StaticString, _ attributes: [Attribute] = []) {
    open(name, attributes)
    append("/>")
  }

  mutating func text(_ text: String) {
    if text.utf8.allSatisfy(\.isPlain) {
      bytes.append(contentsOf: text.utf8)
    } else {
      for scalar in text.unicodeScalars { append(escaping: scalar) }
    }
  }

  /// Only for readability of the source.
  mutating func newline() { bytes.append(UInt8(ascii: "\n")) }

  /// The style sheet: a text of this program, without `<` and `&`.
  mutating func style(_ sheet: String) {
    append("<style>")
    bytes.append(contentsOf: sheet.utf8.filter { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&") })
    append("</style>\n")
  }

  private mutating func open(_ name: StaticString, _ attributes: [Attribute]) {
    append("<")
    append(name)
    for attribute in attributes {
      append(" ")
      append(attribute.name)
      append("=\"")
      text(attribute.value)
      append("\"")
    }
  }

  private mutating func append(_ constant: StaticString) {
    constant.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func append(escaping scalar: Unicode.Scalar) {
    switch scalar {
    case "&": append("&amp;")
    case "<": append("&lt;")
    case ">": append("&gt;")
    case "\"": append("&quot;")
    case "'": append("&#39;")
    case "\n": append("\n")
    case _ where scalar.isDeceptive: bytes.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".utf8)
    default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}

extension UInt8 {
  /// An ASCII character that stands for itself.
  fileprivate var isPlain: Bool {
    self >= 0x20 && self < 0x7F && self != UInt8(ascii: "&") && self != UInt8(ascii: "<") && self != UInt8(ascii: ">")
      && self != UInt8(ascii: "\"") && self != UInt8(ascii: "'")
  }
}

extension Unicode.Scalar {
  /// What cannot be seen, changes the order in which the rest is read, or may not be in a document: shown as its number.
  fileprivate var isDeceptive: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F: true
    // Zero-width and direction marks, embeddings and isolates, line separators, byte order mark, tags.
    case 0x00AD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    case 0xE0000...0xE0FFF: true
    default: value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value)
    }
  }
}
