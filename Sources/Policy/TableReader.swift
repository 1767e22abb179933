/// Collects problems while a document is read, and knows where its keys stand.
final class ProblemCollector {
  private(set) var problems: [ConfigurationProblem] = []
  private let locations: KeyLocations

  init(_ locations: KeyLocations) { self.locations = locations }

  func add(
    _ message: String, severity: ConfigurationProblem.Severity = .error, at path: KeyLocations.Path, label: String?,
    hint: String? = nil
  ) {
    problems.append(ConfigurationProblem(severity, message, key: label, line: locations[path], hint: hint))
  }

  /// In the order of the file; those without a line come last.
  var sorted: [ConfigurationProblem] {
    problems.enumerated().sorted { ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset) }
      .map(\.element)
  }
}

/// Typed access to one table. Whatever is wrong is noted and left out: a reader never throws.
struct TableReader<Key: ConfigurationKey> {
  let table: [String: TOMLNode]
  /// Its place in the document.
  let path: KeyLocations.Path
  /// Its place as messages name it: `set.peer-keys`; empty for the top level.
  let label: String
  let problems: ProblemCollector

  /// - Parameter elsewhere: keys that another place knows, with what to say about them.
  init(
    _ table: [String: TOMLNode], path: KeyLocations.Path, label: String, problems: ProblemCollector,
    elsewhere: [String: String] = [:]
  ) {
    self.table = table
    self.path = path
    self.label = label
    self.problems = problems
    for key in table.keys.sorted() where Key(rawValue: key) == nil {
      let place = label.isEmpty ? "at the top level" : "in \(label)"
      if let reason = elsewhere[key] {
        problems.add("'\(key)' \(reason)", at: path + [key], label: label.isEmpty ? nil : label)
        continue
      }
      let nearest = nearestName(to: key, among: Key.allCases.map(\.rawValue))
      let known = Key.allCases.map(\.rawValue).sorted().joined(separator: ", ")
      problems.add(
        "unknown key '\(key)' \(place)", at: path + [key], label: nil,
        hint: nearest.map { "did you mean '\($0)'?" } ?? "known keys are \(known)")
    }
  }

  func has(_ key: Key) -> Bool { table[key.rawValue] != nil }

  func report(
    _ key: Key?, _ message: String, severity: ConfigurationProblem.Severity = .error, hint: String? = nil
  ) {
    let names = [label.isEmpty ? nil : label, key?.rawValue].compactMap(\.self)
    problems.add(
      message, severity: severity, at: path + (key.map { [$0.rawValue] } ?? []),
      label: names.isEmpty ? nil : names.joined(separator: "."), hint: hint)
  }

  /// Notes a missing required key.
  func require(_ key: Key, hint: String? = nil) {
    if !has(key) { report(nil, "the required key '\(key.rawValue)' is missing", hint: hint) }
  }

  private func value<Value>(_ key: Key, _ expected: String, _ convert: (TOMLNode) -> Value?) -> Value? {
    guard let node = table[key.rawValue] else { return nil }
    if let value = convert(node) { return value }
    let hint: String? =
      if case .string = node, expected.hasPrefix("an array") { "write it in brackets: \(key.rawValue) = [\"…\"]" } else
      { nil }
    report(key, "must be \(expected), but is \(node.typeName)", hint: hint)
    return nil
  }

  /// A string that is not empty.
  func string(_ key: Key) -> String? {
    let value: String? = value(key, "a string") { if case .string(let text) = $0 { text } else { nil } }
    guard let value, value.isEmpty else { return value }
    report(key, "is empty")
    return nil
  }

  func boolean(_ key: Key) -> Bool? {
    value(key, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
  }

  func integer(_ key: Key, in range: ClosedRange<Int>) -> Int? {
    let value: Int? = value(key, "an integer") { if case .integer(let value) = $0 { value } else { nil } }
    guard let value, !range.contains(value) else { return value }
    report(key, "must be from \(range.lowerBound) to \(range.upperBound), but is \(value)")
    return nil
  }

  /// Bytes, as an integer or as text with a unit.
  func bytes(_ key: Key, in range: ClosedRange<Int>) -> Int? {
    guard let node = table[key.rawValue] else { return nil }
    let bounds = "from \(range.lowerBound >> 20) MiB to \(range.upperBound >> 20) MiB"
    let value: Int?
    switch node {
    case .integer(let number): value = number
    case .string(let text):
      value = Quantity.bytes(text)
      if value == nil {
        report(key, "'\(text)' is no size", hint: "write a number of bytes, or text such as \"32 MiB\"")
        return nil
      }
    default:
      report(key, "must be a size such as \"32 MiB\", but is \(node.typeName)")
      return nil
    }
    guard let value, !range.contains(value) else { return value }
    report(key, "must be \(bounds), but is \(value) bytes")
    return nil
  }

  /// A time such as `90d`, in seconds.
  func seconds(_ key: Key, in range: ClosedRange<Int64>) -> Int64? {
    guard let text = string(key) else { return nil }
    guard let value = Quantity.seconds(text) else {
      report(key, "'\(text)' is no time", hint: "write a number and a unit: 12h, 90d, 4w")
      return nil
    }
    if range.contains(value) { return value }
    report(
      key, "must be from \(Quantity.text(range.lowerBound)) to \(Quantity.text(range.upperBound)), but is \(text)")
    return nil
  }

  /// A number from 0 to 1.
  func fraction(_ key: Key) -> Double? {
    let value: Double? = value(key, "a number from 0 to 1") {
      switch $0 {
      case .real(let number): number
      case .integer(let number): Double(number)
      default: nil
      }
    }
    guard let value, !(0...1).contains(value) else { return value }
    report(key, "must be from 0 to 1, but is \(value)")
    return nil
  }

  /// A string that is one of a type's raw values.
  func choice<Choice: CaseIterable & RawRepresentable>(_ key: Key, _: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    guard let text = string(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let known = Choice.allCases.map(\.rawValue)
    report(
      key, "'\(text)' is none of \(known.joined(separator: ", "))",
      hint: nearestName(to: text, among: known).map { "did you mean '\($0)'?" })
    return nil
  }

  /// An array of strings; none of them empty, none twice.
  /// - Parameter ifEmpty: what to say about an array without any; nil where that is allowed.
  func strings(_ key: Key, ifEmpty: (message: String, hint: String?)? = nil) -> [String]? {
    let nodes: [TOMLNode]? = value(key, "an array of strings") { if case .array(let nodes) = $0 { nodes } else { nil } }
    guard let nodes else { return nil }
    if nodes.isEmpty, let ifEmpty { report(key, ifEmpty.message, hint: ifEmpty.hint) }
    var texts: [String] = []
    for (index, node) in nodes.enumerated() {
      guard case .string(let text) = node else {
        report(key, "item \(index + 1) must be a string, but is \(node.typeName)")
        continue
      }
      if text.isEmpty {
        report(key, "item \(index + 1) is empty")
      } else if texts.contains(text) {
        report(key, "'\(text)' is there twice")
      } else {
        texts.append(text)
      }
    }
    return texts
  }

  /// `[key]`.
  func table(_ key: Key) -> [String: TOMLNode]? {
    value(key, "a table") { if case .table(let table) = $0 { table } else { nil } }
  }

  /// `[[key]]`.
  /// - Parameter ifMissing: what to say where there is none.
  func tables(_ key: Key, ifMissing: String) -> [[String: TOMLNode]] {
    guard let node = table[key.rawValue], node != .array([]) else {
      report(nil, ifMissing)
      return []
    }
    guard case .array(let nodes) = node else {
      report(
        key, "must be an array of tables, but is \(node.typeName)", hint: "write its header as [[\(key.rawValue)]]")
      return []
    }
    var tables: [[String: TOMLNode]] = []
    for node in nodes {
      guard case .table(let table) = node else {
        report(key, "must hold tables alone, but has \(node.typeName)")
        continue
      }
      tables.append(table)
    }
    return tables
  }
}
