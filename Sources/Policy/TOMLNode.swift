internal import CTOML

/// A value of a TOML document. The library's own type is left at this border.
indirect enum TOMLNode: Sendable, Equatable {
  case string(String)
  case integer(Int)
  case real(Double)
  case boolean(Bool)
  case array([TOMLNode])
  case table([String: TOMLNode])
  /// A date, a time or both.
  case moment

  /// As a message names it: `a string`.
  var typeName: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .real: "a number with a fraction"
    case .boolean: "a boolean"
    case .array: "an array"
    case .table: "a table"
    case .moment: "a date or time"
    }
  }

  /// Reads a whole document; its top level is a table.
  static func parse(_ text: String) -> Result<[String: TOMLNode], ConfigurationProblem> {
    var text = text
    let building = Building()
    var error = redoubt_toml_error()
    let isValid = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        redoubt_toml_walk(
          characters.baseAddress, characters.count, Unmanaged.passUnretained(building).toOpaque(),
          { context, event in
            guard let context, let event else { return }
            Unmanaged<Building>.fromOpaque(context).takeUnretainedValue().take(event.pointee)
          }, &error)
      }
    }
    if isValid != 0 { return .success(building.document) }
    let message = withUnsafeBytes(of: &error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return .failure(
      ConfigurationProblem(
        .error, plain(message), line: Int(error.line), column: Int(error.column), hint: hint(Int(error.line), of: text))
    )
  }

  /// The library's sentence in our style: `Error while parsing string: …` loses its opening.
  private static func plain(_ description: String) -> String {
    var text = Substring(description)
    if text.hasPrefix("Error while parsing ") { text = text.dropFirst("Error while ".count) }
    while text.last == "." { text.removeLast() }
    return "not valid TOML: " + text.prefix(1).lowercased() + text.dropFirst()
  }

  /// The most frequent slip: a word without its quotes.
  private static func hint(_ number: Int, of text: String) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.indices.contains(number - 1), let equals = lines[number - 1].firstIndex(of: "=") else { return nil }
    let value = lines[number - 1][equals...].dropFirst().drop { $0 == " " || $0 == "\t" }
    guard let first = value.first, first.isLetter || first == "/" else { return nil }
    return "text values stand in double quotes: key = \"value\""
  }
}

/// A document that is being read, as the library's events tell of it.
private final class Building {
  private struct Open {
    let key: String
    let isTable: Bool
    var table: [String: TOMLNode] = [:]
    var array: [TOMLNode] = []
  }
  private var open: [Open] = []
  private(set) var document: [String: TOMLNode] = [:]

  func take(_ event: redoubt_toml_event) {
    let key = text(event.key, event.key_length)
    switch event.kind {
    case redoubt_toml_table: open.append(Open(key: key, isTable: true))
    case redoubt_toml_array: open.append(Open(key: key, isTable: false))
    case redoubt_toml_end: close()
    case redoubt_toml_string: add(.string(text(event.text, event.length)), key)
    case redoubt_toml_integer: add(.integer(Int(event.integer)), key)
    case redoubt_toml_real: add(.real(event.real), key)
    case redoubt_toml_boolean: add(.boolean(event.integer != 0), key)
    default: add(.moment, key)
    }
  }

  private func close() {
    guard let finished = open.popLast() else { return }
    if open.isEmpty {
      document = finished.table
    } else {
      add(finished.isTable ? .table(finished.table) : .array(finished.array), finished.key)
    }
  }

  private func add(_ node: TOMLNode, _ key: String) {
    guard let last = open.indices.last else { return }
    if open[last].isTable { open[last].table[key] = node } else { open[last].array.append(node) }
  }

  private func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
    UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length).withMemoryRebound(to: UInt8.self) {
      String(decoding: $0, as: UTF8.self)
    }
  }
}
