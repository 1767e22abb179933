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
  /// Seconds in which each copy is to be verified once; of an offline class, in which a person is to attest it.
  public var verificationInterval: Int64
  /// Seconds in which a restore of it is to be rehearsed once; nil: not by itself.
  public var drillInterval: Int64?
  /// Seconds that a backup may be later than due before it is overdue.
  public var grace: Int64

  /// - Parameters:
  ///   - verificationInterval: seconds, more than 0.
  ///   - drillInterval: seconds, more than 0.
  ///   - grace: seconds.
  public init(
    name: String, frequency: Frequency, storage: [[DestinationConfiguration.Location]], verificationInterval: Int64,
    drillInterval: Int64? = nil, grace: Int64
  ) {
    self.name = name
    self.frequency = frequency
    self.storage = storage
    self.verificationInterval = verificationInterval
    self.drillInterval = drillInterval
    self.grace = grace
  }

  /// Reserved: under this name a person attests that they reviewed all keys.
  public static let keyRotation = "key-rotation"

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

  /// Reads a table from a file.
  /// - Throws: every problem, also where others than its owner may write the file.
  public static func load(_ path: String) throws(ConfigurationError) -> FrequencyTable {
    switch ConfigurationText.read(path) {
    case .failure(var problem):
      problem.hint = nil
      throw ConfigurationError(path: path, problems: [problem])
    case .success(let text):
      let table = try FrequencyTable(text, path: path)
      // It holds no secret, so that others may read it.
      let errors = FileAccess.problems(ofConfiguration: path).filter { $0.severity == .error }
      if !errors.isEmpty { throw ConfigurationError(path: path, problems: errors) }
      return table
    }
  }

  /// Reads a table from TOML.
  /// - Parameter path: what errors call it.
  /// - Throws: every problem.
  public init(_ text: String, path: String = "frequency.toml") throws(ConfigurationError) {
    let document: [String: TOMLNode]
    switch TOMLNode.parse(text) {
    case .success(let table): document = table
    case .failure(let problem): throw ConfigurationError(path: path, problems: [problem])
    }
    let problems = ProblemCollector(KeyLocations(text))
    let top = TableReader<FrequencyKey>(document, path: [], label: "", problems: problems)
    var classes: [DataClass] = []
    for (index, table) in top.tables(.class, ifMissing: "there is no [[class]]").enumerated() {
      let reader = TableReader<ClassKey>(
        table, path: ["class", String(index)], label: "class.\(index + 1)", problems: problems)
      guard let dataClass = FrequencyTable.read(reader) else { continue }
      if classes.contains(where: { $0.name == dataClass.name }) {
        reader.report(.name, "the name '\(dataClass.name)' is taken already")
      }
      classes.append(dataClass)
    }
    self.classes = classes
    if !problems.problems.isEmpty { throw ConfigurationError(path: path, problems: problems.sorted) }
  }

  private enum FrequencyKey: String, ConfigurationKey { case `class` }

  private enum ClassKey: String, ConfigurationKey {
    case name
    case backUp = "back-up"
    case storage, verify, drill, grace

    static let optional: Set<ClassKey> = [.drill]
  }

  private static func read(_ reader: TableReader<ClassKey>) -> DataClass? {
    for key in ClassKey.allCases where !ClassKey.optional.contains(key) { reader.require(key) }
    let drill = duration(.drill, reader, from: 1)
    guard let name = reader.string(.name), let frequency = reader.choice(.backUp, DataClass.Frequency.self),
      let verify = duration(.verify, reader, from: 1), let grace = duration(.grace, reader, from: 0)
    else { return nil }
    if let problem = ConfigurationRules.nameProblem(name) { reader.report(.name, problem) }
    if name == DataClass.keyRotation {
      reader.report(.name, "the name '\(name)' is reserved for the yearly review of all keys")
    }
    return DataClass(
      name: name, frequency: frequency, storage: storage(reader), verificationInterval: verify, drillInterval: drill,
      grace: grace)
  }

  private static func duration(
    _ key: ClassKey, _ reader: TableReader<ClassKey>, from least: Int64
  ) -> Int64? {
    guard let text = reader.string(key) else { return nil }
    if let seconds = Quantity.seconds(text) {
      // Ten years: sums with times of today stay far from any overflow.
      if (least...(3650 * 86400)).contains(seconds) { return seconds }
      reader.report(key, "must be from \(least)s to 3650d, but is \(text)")
      return nil
    }
    reader.report(key, "'\(text)' is no time", hint: "write a number and s, m, h, d or w: \"31d\"")
    return nil
  }

  private static func storage(_ reader: TableReader<ClassKey>) -> [[DestinationConfiguration.Location]] {
    guard case .array(let groups)? = reader.table[ClassKey.storage.rawValue] else {
      reader.report(.storage, "must be an array of arrays of locations")
      return []
    }
    return groups.compactMap { group in
      guard case .array(let names) = group, !names.isEmpty else {
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
