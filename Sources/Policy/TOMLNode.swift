internal import TOMLKit

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
    do {
      return .success(convert(try TOMLTable(string: text)))
    } catch let error as TOMLParseError {
      let (line, column) = (error.source.begin.line, error.source.begin.column)
      return .failure(
        ConfigurationProblem(.error, plain(error.description), line: line, column: column, hint: hint(line, of: text)))
    } catch {
      return .failure(ConfigurationProblem(.error, "cannot be read as TOML: \(error)"))
    }
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

  private static func convert(_ table: TOMLTable) -> [String: TOMLNode] {
    var result: [String: TOMLNode] = [:]
    for key in table.keys { if let value = table[key] { result[key] = convert(value) } }
    return result
  }

  private static func convert(_ value: any TOMLValueConvertible) -> TOMLNode {
    switch value.type {
    case .table: .table(value.table.map(convert) ?? [:])
    case .array: .array(value.array?.map { convert($0) } ?? [])
    case .string: .string(value.string ?? "")
    case .int: .integer(value.int ?? 0)
    case .double: .real(value.double ?? 0)
    case .bool: .boolean(value.bool ?? false)
    case .date, .time, .dateTime: .moment
    }
  }
}
