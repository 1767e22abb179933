internal import Repository

extension KeeperOverview {
  /// Only what is about some nodes and sets. Of what is about none of them alone, the self-test stays, without which no
  /// result counts, and the chosen sets' recipients.
  /// - Parameters:
  ///   - hosts: all where empty.
  ///   - sets: by name, of whatever node; all where empty.
  /// - Throws: `.notFound` for a host that is not configured and a set that nothing is known of.
  public func only(hosts: [String], sets names: [String]) throws(VerifyError) -> KeeperOverview {
    if hosts.isEmpty && names.isEmpty { return self }
    for host in hosts where !nodes.contains(where: { $0.host == host }) {
      throw VerifyError(
        .notFound, "there is no node named \(host)",
        hint: "the configuration has \(nodes.map(\.host).joined(separator: ", "))")
    }
    func isChosen(_ host: String) -> Bool { hosts.isEmpty || hosts.contains(host) }
    for name in names where !sets.contains(where: { $0.set == name && isChosen($0.host) }) {
      let known = Set(sets.filter { isChosen($0.host) }.map(\.set)).sorted()
      throw VerifyError(
        .notFound, "nothing is known of a set named \(name)",
        hint: known.isEmpty ? "redoubt-verify catalog check looks for sets" : "known: \(known.joined(separator: ", "))")
    }
    var part = self
    part.sets = sets.filter { isChosen($0.host) && (names.isEmpty || names.contains($0.set)) }
    let chosenHosts = names.isEmpty ? Set(nodes.map(\.host).filter(isChosen)) : Set(part.sets.map(\.host))
    let members = Set(part.sets.map(\.name))
    part.nodes = nodes.filter { chosenHosts.contains($0.host) }
    part.attestations = attestations.filter { $0.host.map(chosenHosts.contains) ?? false }
    part.recipients = recipients.filter { !members.isDisjoint(with: $0.sets) }
    part.signers = signers.filter { !chosenHosts.isDisjoint(with: $0.hosts) }
    let keys = Set(part.recipients.map(\.fingerprint) + part.signers.map(\.fingerprint))
    part.concerns = concerns.filter { concern in
      if concern.kind == .selfTest { return true }
      if let key = concern.key { return keys.contains(key) }
      guard let host = concern.host, chosenHosts.contains(host) else { return false }
      return names.isEmpty || concern.set.map(names.contains) ?? true
    }
    return part
  }
}
