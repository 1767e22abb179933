/// A page read as strictly as XML is read, with what tests ask of it.
struct StrictPage {
  final class Element {
    let name: String
    let attributes: [String: String]
    fileprivate(set) var children: [Node] = []
    fileprivate(set) weak var parent: Element?

    init(_ name: String, _ attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    subscript(_ attribute: String) -> String? { attributes[attribute] }

    /// All text below, in order.
    var text: String {
      children.map { node in
        switch node {
        case .text(let text): text
        case .element(let element): element.text
        }
      }.joined()
    }

    var elements: [Element] {
      children.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// The elements below with this name, in order; all without one.
    func all(_ name: String? = nil) -> [Element] {
      elements.flatMap { (name == nil || $0.name == name ? [$0] : []) + $0.all(name) }
    }

    func all(class name: String) -> [Element] {
      all().filter { ($0["class"] ?? "").split(separator: " ").contains { $0 == name } }
    }
  }

  enum Node {
    case text(String)
    case element(Element)
  }

  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  let root: Element

  init(_ content: [UInt8]) throws {
    var reader = Reader(rest: Array(String(decoding: content, as: UTF8.self).unicodeScalars)[...])
    try reader.expect("<!DOCTYPE html>\n")
    root = try reader.element()
    try reader.expect("\n")
    guard reader.rest.isEmpty else { throw Malformed(description: "something follows the root") }
  }

  func all(_ name: String? = nil) -> [Element] { root.all(name) }
  func all(class name: String) -> [Element] { root.all(class: name) }

  var text: String { root.all("body").first?.text ?? "" }

  /// Reads elements, quoted attributes and the five entities; anything else is malformed.
  private struct Reader {
    var rest: ArraySlice<Unicode.Scalar>

    mutating func expect(_ text: String) throws {
      guard rest.starts(with: text.unicodeScalars) else {
        throw Malformed(description: "expected \(text) before \(String(String.UnicodeScalarView(rest.prefix(60))))")
      }
      rest = rest.dropFirst(text.unicodeScalars.count)
    }

    private func starts(_ text: String) -> Bool { rest.starts(with: text.unicodeScalars) }

    private mutating func name() throws -> String {
      let scalars = rest.prefix { $0.properties.isAlphabetic || $0 == "-" || ("0"..."9").contains($0) }
      guard !scalars.isEmpty else { throw Malformed(description: "a name is missing") }
      rest = rest.dropFirst(scalars.count)
      return String(String.UnicodeScalarView(scalars))
    }

    mutating func element() throws -> Element {
      try expect("<")
      let name = try name()
      var attributes: [String: String] = [:]
      while starts(" ") {
        try expect(" ")
        let attribute = try self.name()
        try expect("=\"")
        let value = try text(until: "\"")
        try expect("\"")
        guard attributes.updateValue(value, forKey: attribute) == nil else {
          throw Malformed(description: "\(name) has \(attribute) twice")
        }
      }
      let element = Element(name, attributes)
      if starts("/>") {
        try expect("/>")
        return element
      }
      try expect(">")
      while !starts("</") {
        if starts("<") {
          let child = try self.element()
          child.parent = element
          element.children.append(.element(child))
        } else {
          guard !rest.isEmpty else { throw Malformed(description: "\(name) is not closed") }
          element.children.append(.text(try text(until: "<")))
        }
      }
      try expect("</\(name)>")
      return element
    }

    private mutating func text(until end: Unicode.Scalar) throws -> String {
      var result = String.UnicodeScalarView()
      let entities: [String: Unicode.Scalar] = [
        "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'",
      ]
      while let next = rest.first, next != end {
        if next == "<" { throw Malformed(description: "< within an attribute") }
        if next == "&" {
          guard let entity = entities.keys.first(where: starts), let scalar = entities[entity] else {
            throw Malformed(description: "an entity that is none")
          }
          rest = rest.dropFirst(entity.unicodeScalars.count)
          result.append(scalar)
        } else {
          guard next.value >= 0x20 || next == "\n", next.value != 0x7F else {
            throw Malformed(description: "a control character: \(next.value)")
          }
          result.append(next)
          rest = rest.dropFirst()
        }
      }
      return String(result)
    }
  }
}
