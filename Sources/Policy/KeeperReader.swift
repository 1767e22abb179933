extension KeeperConfiguration {
  /// Where the keeper's configuration is unless `--config` names another file.
  public static let defaultPath = "/etc/redoubt/verify.toml"

  /// Reads the file, in full whatever is wrong with it.
  public static func inspect(_ path: String) -> ConfigurationReport<KeeperConfiguration> {
    ConfigurationReader.report(path) { $0.keeper() }
  }

  /// Reads the file.
  /// - Throws: every problem it has, not the first one only.
  public static func load(_ path: String) throws(ConfigurationError) -> KeeperConfiguration { try inspect(path).get() }
}

extension ConfigurationReader {
  func keeper() -> KeeperConfiguration {
    let elsewhere = "belongs to the node's configuration (redoubt.toml)"
    let top = TableReader<KeeperKey>(
      document, path: [], label: "", problems: problems, elsewhere: ["host": elsewhere, "set": elsewhere])
    top.require(.state, hint: "state = \"/var/lib/redoubt-verify\"")
    top.require(.keys, hint: "a [keys] table with gnupg-home")
    let destinations = destinations(top, .destination)
    var keeper = KeeperConfiguration(
      state: absolutePath(top, .state) ?? "", keys: keeperKeys(top), destinations: destinations.list,
      nodes: nodes(top, Array(destinations.known.keys)))
    keeper.destinations.placeClones(below: keeper.state)
    for destination in keeper.destinations where destination.layout == .plain {
      top.report(
        .destination, "\(destination.name) is a plain mirror: it holds no snapshots that could be verified or restored",
        hint: "leave it out here; clone it with git to see or take back its files")
    }
    if let workers = top.integer(.workers, in: 0...256) { keeper.workers = workers }
    if let frequencies = frequencies(top, .frequencyTable) { keeper.frequencies = frequencies }
    if let alerts = AlertsReader(top.table(.alerts), problems)?.read() { keeper.alerts = alerts }
    keeper.keep = keepRules(top)
    keeper.drill = drill(top)
    keeper.logs = logs(top)
    keeper.checks = checks(top, hosts: keeper.nodes.map(\.host))
    return keeper
  }

  private func keepRules(_ top: TableReader<KeeperKey>) -> KeepRules {
    var rules = KeepRules()
    guard let table = top.table(.keep) else { return rules }
    let reader = TableReader<KeepKey>(table, path: ["keep"], label: "keep", problems: problems)
    let range = 0...10_000
    if let count = reader.integer(.last, in: range) { rules.last = count }
    if let count = reader.integer(.daily, in: range) { rules.daily = count }
    if let count = reader.integer(.weekly, in: range) { rules.weekly = count }
    if let count = reader.integer(.monthly, in: range) { rules.monthly = count }
    if let count = reader.integer(.yearly, in: range) { rules.yearly = count }
    if rules.isEmpty {
      top.report(.keep, "keeps nothing", hint: "give one of last, daily, weekly, monthly, yearly a number above 0")
    }
    return rules
  }

  private func keeperKeys(_ top: TableReader<KeeperKey>) -> KeysConfiguration {
    guard let table = top.table(.keys) else { return KeysConfiguration(gnupgHome: "") }
    let elsewhere = "belongs to the node's configuration (redoubt.toml)"
    let reader = TableReader<KeeperKeysKey>(
      table, path: ["keys"], label: "keys", problems: problems,
      elsewhere: ["recipients": elsewhere])
    reader.require(.gnupgHome, hint: "gnupg-home = \"/var/lib/redoubt-verify/gnupg\"")
    return KeysConfiguration(
      gnupgHome: absolutePath(reader, .gnupgHome) ?? "", signer: reader.string(.signer) ?? "")
  }

  private func nodes(_ top: TableReader<KeeperKey>, _ known: [String]) -> [WatchedNode] {
    let readers = readers(
      top, .node, named: WatchedNodeKey.host, ifMissing: "there is no [[node]]: nothing would be verified")
    var nodes: [WatchedNode] = []
    for (reader, host) in zip(readers, names(readers, .host)) {
      let node = WatchedNode(
        host: host ?? "", trustedSigners: trustedSigners(reader),
        destinations: readDestinationNames(reader, .destinations, known: known))
      if host != nil { nodes.append(node) }
    }
    return nodes
  }

  private func trustedSigners(_ reader: TableReader<WatchedNodeKey>) -> [String] {
    reader.require(.trustedSigners, hint: "the fingerprint that 'redoubt init' printed on the node")
    let texts = reader.strings(
      .trustedSigners, ifEmpty: ("has no fingerprint in it", "without one, nothing could be trusted"))
    guard let texts else { return [] }
    return texts.compactMap { text in
      if let fingerprint = ConfigurationRules.fingerprint(text) { return fingerprint }
      reader.report(
        .trustedSigners, "'\(text)' is no fingerprint: 40 hexadecimal digits are",
        hint: "gpg --list-keys --with-colons prints it; an e-mail address or short key id can be forged")
      return nil
    }
  }
}
