internal import Archive

/// Reads `[[set]]`.
struct SetReader {
  let reader: TableReader<SetKey>
  /// Nil where the table is broken, which has a message of its own.
  let frequencies: FrequencyTable?

  /// - Parameter known: destinations by name, with nil for those that are there but could not be read.
  func read(name: String, known: [String: DestinationConfiguration?]) -> SetConfiguration? {
    reader.require(.dataClass, hint: "known classes are \(knownClasses)")
    let dataClass = dataClass()
    if let dataClass, dataClass.isOffline {
      reader.report(
        .dataClass, "what is of class \(dataClass.name) is kept offline only (paper, metal), never in a file's backup",
        hint: "remove this set; keep the phrase on paper or metal, and have 'redoubt-verify attest \(dataClass.name)' "
          + "record that its recovery was tested")
      return nil
    }
    let paths = paths()
    let destinations = readDestinationNames(reader, .destinations, known: Array(known.keys))
    var set = SetConfiguration(
      name: name, dataClass: dataClass?.name ?? "", paths: paths, destinations: destinations)
    if let dataClass { reportStorage(dataClass, known) }
    set.exclude = reader.strings(.exclude) ?? []
    if let value = reader.boolean(.excludeCaches) { set.excludeCaches = value }
    if let value = reader.boolean(.oneFileSystem) { set.oneFileSystem = value }
    if let mode = reader.choice(.mode, SetConfiguration.Mode.self) { set.mode = mode }
    if let bytes = reader.bytes(.volumeSize, in: 1 << 20...64 << 20) { set.volumeSize = bytes }
    if let level = reader.integer(.compressionLevel, in: 1...19) { set.compressionLevel = level }
    readPrograms(&set)
    if let policy = reader.choice(.secrets, SecretPolicy.self) { set.secrets = policy }
    set.secretsAllow = secretsAllow(paths)
    readIncremental(&set)
    readRetention(&set, known)
    return set
  }

  private func secretsAllow(_ paths: [String]) -> [String] {
    let allowed = reader.strings(.secretsAllow) ?? []
    return allowed.compactMap { text in
      if let problem = ConfigurationRules.pathProblem(text) {
        reader.report(.secretsAllow, problem)
        return nil
      }
      do throws(ArchiveError) { _ = try ExcludeRules([text]) } catch {
        reader.report(.secretsAllow, "\(error)", hint: error.hint)
      }
      let isPattern = text.contains { "*?[\\".contains($0) }
      let path = ConfigurationRules.normalized(text)
      if !isPattern, !paths.isEmpty, !paths.contains(where: { ConfigurationRules.isInside(path, $0) }) {
        reader.report(.secretsAllow, "'\(text)' is in none of this set's paths", severity: .warning, hint: "remove it")
      }
      return isPattern ? text : path
    }
  }

  /// `retention` belongs to sets with a destination that expires by itself, and is required there.
  private func readRetention(_ set: inout SetConfiguration, _ known: [String: DestinationConfiguration?]) {
    // What could not be read may be such a destination.
    let isSure = set.destinations.allSatisfy { if case .some(.some) = known[$0] { true } else { false } }
    let expires = set.destinations.contains { (known[$0] ?? nil)?.expiry == .lifecycle }
    if expires {
      reader.require(.retention, hint: "retention = \"30d\": how long each snapshot stays restorable")
    } else if isSure, reader.has(.retention) {
      reader.report(
        .retention, "means something where a destination has expiry = \"lifecycle\" alone",
        hint: "remove it; how long the keeper keeps what it prunes is written in its own configuration")
    }
    let seconds = reader.seconds(.retention, in: 86400...(3650 * 86400))
    if expires { set.retention = seconds }
  }

  private func readIncremental(_ set: inout SetConfiguration) {
    if set.mode == .full {
      for key in SetKey.allCases where SetKey.incremental.contains(key) && reader.table[key.rawValue] != nil {
        reader.report(key, "means something with mode = \"incremental\" alone", hint: "remove it, or set the mode")
      }
      return
    }
    if let seconds = reader.seconds(.refresh, in: 86400...(3650 * 86400)) { set.refresh = seconds }
    if let part = reader.fraction(.compact) { set.compact = part }
    if let value = reader.boolean(.ignoreInode) { set.ignoreInode = value }
    if let value = reader.boolean(.ignoreCtime) { set.ignoreCtime = value }
  }

  private func dataClass() -> DataClass? {
    guard let name = reader.string(.dataClass), let frequencies else { return nil }
    if let dataClass = frequencies[name] { return dataClass }
    let nearest = nearestName(to: name, among: frequencies.names).map { "did you mean '\($0)'? " } ?? ""
    reader.report(
      .dataClass, "unknown class '\(name)'",
      hint: "\(nearest)known classes are \(knownClasses)")
    return nil
  }

  private var knownClasses: String { (frequencies ?? .standard).names.joined(separator: ", ") }

  private func paths() -> [String] {
    if !reader.has(.command), !reader.has(.sqlite) {
      reader.require(.paths, hint: "paths = [\"/opt/node/keys\"]; command or sqlite can take its place")
    }
    guard let texts = reader.strings(.paths, ifEmpty: ("has no path in it", "paths = [\"/opt/node/keys\"]")) else {
      return []
    }
    var paths: [String] = []
    for text in texts {
      if let problem = ConfigurationRules.pathProblem(text) {
        reader.report(.paths, problem)
        continue
      }
      let path = ConfigurationRules.normalized(text)
      if let outer = paths.first(where: { ConfigurationRules.isInside(path, $0) }) {
        reader.report(.paths, "'\(text)' is part of '\(outer)', which this set has already", hint: "remove it")
      } else if let inner = paths.first(where: { ConfigurationRules.isInside($0, path) }) {
        reader.report(.paths, "'\(inner)' is part of '\(text)', which this set has too", hint: "remove '\(inner)'")
      } else {
        paths.append(path)
      }
    }
    return paths
  }

  /// Holds the set to what the frequency table says about storage, unless one of its destinations is unknown or could
  /// not be read: that has a message of its own.
  private func reportStorage(_ dataClass: DataClass, _ known: [String: DestinationConfiguration?]) {
    guard case .array(let names)? = reader.table[SetKey.destinations.rawValue], !names.isEmpty else { return }
    var destinations: [DestinationConfiguration] = []
    for case .string(let name) in names {
      guard case let destination?? = known[name] else { return }
      destinations.append(destination)
    }
    for group in dataClass.storage {
      if destinations.contains(where: { group.contains($0.location) }) {
        continue
      }
      let names = group.map(\.rawValue).joined(separator: " or ")
      let choices = group.map { "location = \"\($0.rawValue)\"" }.joined(separator: " or ")
      reader.report(
        .destinations,
        "class \(dataClass.name) needs a destination whose location is \(names)"
          + (group == [.git] ? " (a private git repository)" : ""),
        hint:
          "add the name of a [[destination]] that has \(choices); the table in redoubt.toml(5) lists what each class "
          + "needs")
    }
  }
}

/// Names of destinations, at least one, each known.
func readDestinationNames<Key>(_ reader: TableReader<Key>, _ key: Key, known: [String]) -> [String] {
  reader.require(key, hint: "\(key.rawValue) = [\"…\"], each the name of a [[destination]]")
  guard let names = reader.strings(key, ifEmpty: ("has no destination in it", nil)) else { return [] }
  return names.filter { name in
    if known.contains(name) { return true }
    let nearest = nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
    reader.report(
      key, "there is no [[destination]] named '\(name)'",
      hint: nearest ?? (known.isEmpty ? nil : "there are \(known.sorted().joined(separator: ", "))"))
    return false
  }
}
