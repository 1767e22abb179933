internal import Archive

extension NodeConfiguration {
  /// Where the node's configuration is unless `--config` names another file.
  public static let defaultPath = "/etc/redoubt/redoubt.toml"

  /// Reads the file, in full whatever is wrong with it.
  public static func inspect(_ path: String) -> ConfigurationReport<NodeConfiguration> {
    ConfigurationReader.report(path) { $0.node() }
  }

  /// Reads the file.
  /// - Throws: every problem it has, not the first one only.
  public static func load(_ path: String) throws(ConfigurationError) -> NodeConfiguration { try inspect(path).get() }
}

extension ConfigurationReader {
  func node() -> NodeConfiguration {
    let top = TableReader<NodeKey>(
      document, path: [], label: "", problems: problems,
      elsewhere: ["node": "belongs to the keeper's configuration (verify.toml)"])
    top.require(.host)
    top.require(.state, hint: "state = \"/var/lib/redoubt\"")
    top.require(.keys, hint: "a [keys] table with gnupg-home, recipients and signer")
    let host = top.string(.host)
    if let host, let problem = ConfigurationRules.nameProblem(host) { top.report(.host, problem) }
    let destinations = destinations(top, .destination)
    let frequencies = frequencies(top, .frequencyTable)
    var node = NodeConfiguration(
      host: host ?? "", state: absolutePath(top, .state) ?? "", keys: keys(top), destinations: destinations.list,
      sets: sets(top, destinations.known, frequencies))
    if let frequencies { node.frequencies = frequencies }
    node.never = never(top)
    if let workers = top.integer(.workers, in: 0...256) { node.workers = workers }
    if let alerts = AlertsReader(top.table(.alerts), problems)?.read() { node.alerts = alerts }
    node.watch = watch(top)
    return node
  }

  private func watch(_ top: TableReader<NodeKey>) -> WatchConfiguration {
    var watch = WatchConfiguration()
    guard let table = top.table(.watch) else { return watch }
    let reader = TableReader<WatchKey>(table, path: ["watch"], label: "watch", problems: problems)
    if let seconds = reader.seconds(.quiet, in: 1...3600) { watch.quiet = seconds }
    if let seconds = reader.seconds(.longestWait, in: 1...86400) { watch.longestWait = seconds }
    if watch.longestWait < watch.quiet {
      let key: WatchKey = reader.has(.longestWait) ? .longestWait : .quiet
      reader.report(key, "longest-wait (\(watch.longestWait)s) is shorter than quiet (\(watch.quiet)s)")
    }
    return watch
  }

  private func never(_ top: TableReader<NodeKey>) -> [String] {
    let patterns = top.strings(.never) ?? []
    do throws(ArchiveError) { _ = try NeverRules(patterns) } catch { top.report(.never, "\(error)", hint: error.hint) }
    return patterns
  }

  private func keys(_ top: TableReader<NodeKey>) -> KeysConfiguration {
    guard let table = top.table(.keys) else { return KeysConfiguration(gnupgHome: "") }
    let reader = TableReader<NodeKeysKey>(table, path: ["keys"], label: "keys", problems: problems)
    reader.require(.gnupgHome, hint: "gnupg-home = \"/var/lib/redoubt/gnupg\"")
    reader.require(.recipients, hint: "recipients = [\"backup@example.com\"]")
    reader.require(.signer, hint: "the node's own signing key; the init command makes one")
    let recipients = reader.strings(
      .recipients, ifEmpty: ("has no recipient in it", "without one, nobody could open a backup"))
    return KeysConfiguration(
      gnupgHome: absolutePath(reader, .gnupgHome) ?? "", recipients: recipients ?? [],
      signer: reader.string(.signer) ?? "")
  }

  private func sets(
    _ top: TableReader<NodeKey>, _ known: [String: DestinationConfiguration?], _ frequencies: FrequencyTable?
  ) -> [SetConfiguration] {
    let readers = readers(top, .set, named: SetKey.name, ifMissing: "there is no [[set]]: nothing would be backed up")
    var sets: [SetConfiguration] = []
    for (reader, name) in zip(readers, names(readers, .name, reserved: ["catalog", "probe"])) {
      guard let set = SetReader(reader: reader, frequencies: frequencies).read(name: name ?? "", known: known) else {
        continue
      }
      reportDestinationsInside(set, reader, known)
      if name != nil { sets.append(set) }
    }
    return sets
  }

  /// A directory destination below a set's own paths would be backed up into itself.
  private func reportDestinationsInside(
    _ set: SetConfiguration, _ reader: TableReader<SetKey>, _ known: [String: DestinationConfiguration?]
  ) {
    for case let destination? in known.values where destination.kind == .directory {
      guard let path = set.paths.first(where: { ConfigurationRules.isInside(destination.path, $0) }) else { continue }
      reader.report(
        .paths, "'\(path)' holds destination \(destination.name) (\(destination.path)), so backups would be backed up",
        severity: .warning, hint: "add '\(destination.path)' to exclude")
    }
  }
}
