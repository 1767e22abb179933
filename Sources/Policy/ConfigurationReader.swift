internal import Storage

/// Reads both programs' files: one grammar, of which each program knows its part.
struct ConfigurationReader {
  let problems: ProblemCollector
  let document: [String: TOMLNode]

  /// Looks who may change the file, reads the text and its syntax; `read` does the rest.
  static func report<Configuration>(
    _ path: String, _ read: (ConfigurationReader) -> Configuration?
  ) -> ConfigurationReport<Configuration> {
    switch ConfigurationText.read(path) {
    case .failure(let problem):
      return ConfigurationReport(path: path, problems: [problem], configuration: nil)
    case .success(let text):
      var report = report(path, text: text, read)
      report.problems += FileAccess.problems(ofConfiguration: path)
      return report
    }
  }

  static func report<Configuration>(
    _ path: String, text: String, _ read: (ConfigurationReader) -> Configuration?
  ) -> ConfigurationReport<Configuration> {
    switch TOMLNode.parse(text) {
    case .failure(let problem):
      return ConfigurationReport(path: path, problems: [problem], configuration: nil)
    case .success(let document):
      let reader = ConfigurationReader(problems: ProblemCollector(KeyLocations(text)), document: document)
      let configuration = read(reader)
      return ConfigurationReport(path: path, problems: reader.problems.sorted, configuration: configuration)
    }
  }

  func absolutePath<Key>(_ reader: TableReader<Key>, _ key: Key) -> String? {
    guard let path = reader.string(key) else { return nil }
    if let problem = ConfigurationRules.pathProblem(path) {
      reader.report(key, problem)
      return nil
    }
    return ConfigurationRules.normalized(path)
  }

  /// The frequency table that the configuration names, or the one that the programs come with; nil where it is broken, and
  /// nothing can be held to it.
  func frequencies<Key>(_ top: TableReader<Key>, _ key: Key) -> FrequencyTable? {
    guard top.has(key) else { return .standard }
    guard let path = absolutePath(top, key) else { return nil }
    do {
      return try FrequencyTable.load(path)
    } catch {
      for problem in error.problems {
        let place = [path, problem.place].compactMap(\.self).joined(separator: ", ")
        let message = "\(problem.key.map { "\($0): " } ?? "")\(problem.message)"
        top.report(
          key, "\(place): \(message)",
          hint: problem.hint ?? "mend the table, or remove the key: the programs come with a table of their own")
      }
      return nil
    }
  }

  /// Names of an array's tables: required, valid, each once. Nil stands for a table without a usable name.
  func names<Key>(_ readers: [TableReader<Key>], _ key: Key, reserved: [String] = []) -> [String?] {
    var seen: Set<String> = []
    return readers.map { reader in
      reader.require(key)
      guard let name = reader.string(key) else { return nil }
      if let problem = ConfigurationRules.nameProblem(name) {
        reader.report(key, problem)
        return nil
      }
      if reserved.contains(name) {
        reader.report(key, "'\(name)' is a name that the stored format uses itself")
        return nil
      }
      guard seen.insert(name).inserted else {
        reader.report(key, "the name '\(name)' is taken already")
        return nil
      }
      return name
    }
  }

  /// A reader for each table of an array, labeled by its name where it has a usable one.
  func readers<Outer, Key>(
    _ outer: TableReader<Outer>, _ key: Outer, named: Key, ifMissing: String
  ) -> [TableReader<Key>] {
    outer.tables(key, ifMissing: ifMissing).enumerated().map { index, table in
      var label = String(index + 1)
      if case .string(let name)? = table[named.rawValue], ConfigurationRules.nameProblem(name) == nil { label = name }
      return TableReader(
        table, path: [key.rawValue, String(index)], label: "\(key.rawValue).\(label)", problems: problems)
    }
  }

  /// Destinations by name (nil: there, but unreadable), and the readable ones in order.
  func destinations<Key>(
    _ outer: TableReader<Key>, _ key: Key
  ) -> (known: [String: DestinationConfiguration?], list: [DestinationConfiguration]) {
    let readers = readers(outer, key, named: DestinationKey.name, ifMissing: "there is no [[destination]]")
    var known: [String: DestinationConfiguration?] = [:]
    var list: [DestinationConfiguration] = []
    for (reader, name) in zip(readers, names(readers, .name)) {
      let destination = DestinationReader(reader: reader).read(name: name ?? "")
      guard let name else { continue }
      known.updateValue(destination, forKey: name)
      guard let destination else { continue }
      if let other = list.first(where: { isSamePlace($0, destination) }) {
        reader.report(nil, "is the same place as destination \(other.name)")
      }
      list.append(destination)
    }
    return (known, list)
  }

  private func isSamePlace(_ one: DestinationConfiguration, _ other: DestinationConfiguration) -> Bool {
    guard one.kind == other.kind else { return false }
    if let a = one.s3, let b = other.s3 {
      return a.endpoint == b.endpoint && a.bucket == b.bucket && a.prefix == b.prefix
    }
    return one.path == other.path
  }
}
