/// One row of the frequency table: a kind of data, how often it is backed up, where to, and how often a copy is proven.
public struct DataClass: Sendable, Equatable {
  public enum Frequency: String, Sendable, CaseIterable {
    case once
    case afterEachChange = "after-each-change"
    case daily, weekly

    /// Seconds after which the next backup, or the note that nothing has changed, is due; nil for `once`.
    /// What is backed up after each change is looked at once a day at least.
    public var interval: Int64? {
      switch self {
      case .once: nil
      case .afterEachChange, .daily: 86400
      case .weekly: 7 * 86400
      }
    }
  }

  public var name: String
  public var frequency: Frequency
  /// A set of this class needs one destination at least of each of these groups. Empty: offline only.
  public var storage: [[DestinationConfiguration.Location]]
  /// Seconds in which each copy is to be verified once.
  public var verificationInterval: Int64
  /// Seconds that a backup may be later than due before it is overdue.
  public var grace: Int64

  /// Whether nothing of this class may be backed up by a program.
  public var isOffline: Bool { storage.isEmpty }
}

/// The classes of data that sets belong to.
public struct FrequencyTable: Sendable, Equatable {
  public let classes: [DataClass]

  /// In the table's order.
  public var names: [String] { classes.map(\.name) }

  /// The class of this name.
  public subscript(name: String) -> DataClass? { classes.first { $0.name == name } }

  /// The table that the programs come with.
  public static let standard: FrequencyTable = {
    // The text is a constant of this module and a test reads it: that it parses is proven.
    guard let table = try? FrequencyTable(frequencyTableText) else { return FrequencyTable(classes: []) }
    return table
  }()

  private init(classes: [DataClass]) { self.classes = classes }

  /// Reads a table from TOML.
  /// - Throws: every problem; the error's path is `frequency.toml`.
  public init(_ text: String) throws(ConfigurationError) {
    let document: [String: TOMLNode]
    switch TOMLNode.parse(text) {
    case .success(let table): document = table
    case .failure(let problem): throw ConfigurationError(path: "frequency.toml", problems: [problem])
    }
    let problems = ProblemCollector(KeyLocations(text))
    let top = TableReader<FrequencyKey>(document, path: [], label: "", problems: problems)
    classes = top.tables(.class, ifMissing: "there is no [[class]]").enumerated().compactMap { index, table in
      FrequencyTable.read(
        TableReader(table, path: ["class", String(index)], label: "class.\(index + 1)", problems: problems))
    }
    if !problems.problems.isEmpty { throw ConfigurationError(path: "frequency.toml", problems: problems.sorted) }
  }

  private enum FrequencyKey: String, ConfigurationKey { case `class` }

  private enum ClassKey: String, ConfigurationKey {
    case name
    case backUp = "back-up"
    case storage, verify, grace
  }

  private static func read(_ reader: TableReader<ClassKey>) -> DataClass? {
    for key in ClassKey.allCases { reader.require(key) }
    guard let name = reader.string(.name), let frequency = reader.choice(.backUp, DataClass.Frequency.self),
      let verify = duration(.verify, reader), let grace = duration(.grace, reader)
    else { return nil }
    return DataClass(
      name: name, frequency: frequency, storage: storage(reader), verificationInterval: verify, grace: grace)
  }

  private static func duration(_ key: ClassKey, _ reader: TableReader<ClassKey>) -> Int64? {
    guard let text = reader.string(key) else { return nil }
    if let seconds = Quantity.seconds(text) { return seconds }
    reader.report(key, "'\(text)' is no time", hint: "write a number and s, m, h, d or w: \"31d\"")
    return nil
  }

  private static func storage(_ reader: TableReader<ClassKey>) -> [[DestinationConfiguration.Location]] {
    guard case .array(let groups)? = reader.table[ClassKey.storage.rawValue] else {
      reader.report(.storage, "must be an array of arrays of locations")
      return []
    }
    return groups.compactMap { group in
      guard case .array(let names) = group else {
        reader.report(.storage, "must be an array of arrays of locations")
        return nil
      }
      return names.compactMap { name in
        if case .string(let text) = name, let location = DestinationConfiguration.Location(rawValue: text) {
          return location
        }
        reader.report(.storage, "has an unknown location in it")
        return nil
      }
    }
  }
}
