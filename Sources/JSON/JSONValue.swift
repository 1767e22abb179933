/// A JSON value whose objects keep the order of their members.
public indirect enum JSONValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: JSONValue
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  public init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
  public init(_ value: Double) { self = value.isFinite ? .real(value) : .null }
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
  public init(_ values: [String]) { self = .array(values.map { .string($0) }) }

  /// On one line, without spaces (RFC 8259).
  public var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// On several lines, for people: objects and arrays of anything but plain values are indented by two spaces.
  public var indentedText: String {
    var text = ""
    write(to: &text, indentation: "")
    return text
  }

  private var isPlain: Bool {
    switch self {
    case .array(let values): values.isEmpty
    case .object(let members): members.isEmpty
    default: true
    }
  }

  private func write(to text: inout String, indentation: String) {
    let items: [(name: String?, value: JSONValue)]
    let isObject: Bool
    switch self {
    case .array(let values) where !values.allSatisfy(\.isPlain):
      (items, isObject) = (values.map { (nil, $0) }, false)
    case .object(let members) where !members.isEmpty:
      (items, isObject) = (members.map { ($0.name, $0.value) }, true)
    default: return write(to: &text)
    }
    text += isObject ? "{" : "["
    for (index, item) in items.enumerated() {
      text += "\(index > 0 ? "," : "")\n\(indentation)  "
      if let name = item.name {
        JSONValue.write(name, to: &text)
        text += ": "
      }
      item.value.write(to: &text, indentation: indentation + "  ")
    }
    text += "\n\(indentation)\(isObject ? "}" : "]")"
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .real(let value): text += "\(value)"
    case .string(let value): JSONValue.write(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        JSONValue.write(member.name, to: &text)
        text += ":"
        member.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1f}", "\u{7f}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(floatLiteral value: Double) { self.init(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
  public init(nilLiteral: ()) { self = .null }
}
