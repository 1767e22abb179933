internal import Files
internal import OpenPGPDecryption
internal import Policy
internal import Repository
internal import Storage

extension Keeper {
  /// Looks at the catalogs of the chosen nodes at all their destinations, and pins what is there.
  /// - Throws: where the keeper's own state or keys cannot be used. What a destination does not allow to be judged is in
  ///   `unchecked`.
  public func observe(hosts: [String] = []) throws(VerifyError) -> [NodeObservation] {
    let state = try openState()
    return try observe(hosts: hosts, state)
  }

  /// - Parameter looksAt: whether to look at what is stored of a set.
  func observe(
    hosts: [String], _ state: KeeperState, looksAt: (_ host: String, _ set: String) -> Bool = { _, _ in true }
  ) throws(VerifyError) -> [NodeObservation] {
    let selection = SnapshotSelection(hosts: hosts)
    let places = try self.places(selection)
    let decryptor = try makeDecryptor()
    let known = ObservedRecords(state.records)
    var observations: [NodeObservation] = []
    for node in configuration.nodes where hosts.isEmpty || hosts.contains(node.host) {
      let cache = NodeCatalogCache(state: configuration.state, host: node.host)
      var looks: [(destination: String, looks: [CatalogWatch.Look])] = []
      var unchecked: [(destination: String, reason: String)] = []
      for (watched, destination, reader) in places where watched.host == node.host {
        let watch = CatalogWatch(
          node: node, destination: destination, reader: reader, decryptor: decryptor,
          trusted: try node.trustedFingerprints(), cache: cache,
          pins: known.pins(of: node.host, at: destination))
        do { looks.append((destination, try watch.look())) } catch {
          if error.code == .cancelled || error.code == .keys { throw error }
          unchecked.append((destination, error.reason))
        }
      }
      var observation = try conclude(node.host, looks, unchecked, cache, known, state)
      let records = observation.catalog.records
      var contents: [String: [NodeLook.SetContent]] = [:]
      for (watched, destination, reader) in places where watched.host == node.host {
        let audit = SnapshotAudit(
          host: node.host, destination: destination,
          expires: configuration.destinations.contains { $0.name == destination && $0.expiry == .lifecycle },
          node: records, known: known)
        do {
          let finder = SnapshotFinder(host: node.host, destination: destination, reader: reader)
          var stored: [StoredSet] = []
          for set in Set(try finder.sets()).union(audit.sets).sorted() where looksAt(node.host, set) {
            stored.append(
              try StoredSet(Ledger.Place(host: node.host, set: set, destination: destination), from: reader))
          }
          // Nothing is asked of a set that was given up.
          observation.stored += stored.filter { known.retirements[node.host, $0.place.set] == nil }
          for finding in audit.findings(stored) {
            if let note = known.acknowledged(finding, of: node.host, at: destination) {
              observation.acknowledged.append((destination, finding, note))
            } else {
              observation.findings.append((destination, finding))
            }
          }
          contents[destination] = stored.map { NodeLook.SetContent($0) }
        } catch {
          if !observation.unchecked.contains(where: { $0.destination == destination }) {
            observation.unchecked.append((destination, error.reason))
          }
        }
      }
      let unended = records.unendedRuns(at: environment.clock())
      observation.findings += unended.filter { finding in
        finding.setName.flatMap { known.retirements[node.host, $0] } == nil
      }.map { ("", $0) }
      let look = NodeLook(
        observation, contents, before: cache.look(), at: environment.clock(), looksAt: { looksAt(node.host, $0) })
      do throws(FileError) { try cache.write(look) } catch { throw VerifyError(.state, "\(error)") }
      observations.append(observation)
    }
    return observations
  }

  private func conclude(
    _ host: String, _ looks: [(destination: String, looks: [CatalogWatch.Look])],
    _ unchecked: [(destination: String, reason: String)], _ cache: NodeCatalogCache, _ known: ObservedRecords,
    _ state: KeeperState
  ) throws(VerifyError) -> NodeObservation {
    let comparison = CatalogComparison(
      now: environment.clock(), accepted: known.acceptedEpochs(of: host, firstSeen: looks.oldestEpoch))
    let (catalog, findings) = comparison.compare(host: host, looks)
    // Never less than was seen: what a destination has lost is evidence, and stays here.
    for epoch in catalog.epochs where epoch.records.count > cache.read(epoch.epoch).records.count {
      do { try cache.write(epoch) } catch { throw VerifyError(.state, "\(error)") }
    }
    for (destination, looks) in looks {
      let pins = known.pins(of: host, at: destination)
      for look in looks {
        let name = look.catalog.epoch.description
        let mine = findings.filter { $0.destination == destination && $0.finding.path.contains(name) }.map(\.finding)
        var observation = Observation(
          host: host, destination: destination, epoch: name, segments: look.segments,
          records: look.catalog.records.count, head: look.catalog.head.hex, segmentDigest: look.segmentDigest,
          findings: mine)
        // A pin never moves back: what was seen once stays what is asked for.
        if let pin = pins[name], !look.findings.isEmpty {
          (observation.segments, observation.records) = (pin.segments, pin.records)
          (observation.head, observation.segmentDigest) = (pin.head, pin.segmentDigest)
        }
        if observation != pins[name] { try state.append(.observation(observation), at: environment.clock()) }
      }
    }
    return NodeObservation(
      host: host, destinations: looks.map(\.destination) + unchecked.map(\.destination), catalog: catalog,
      findings: findings, unchecked: unchecked)
  }

  /// Records that a person knows why a node began an epoch.
  /// - Throws: `.notFound` where the keeper has never seen that epoch.
  public func acknowledge(host: String, epoch: String, by: String, note: String) throws(VerifyError) {
    let state = try openState()
    let known = state.records.compactMap { record -> String? in
      guard case .observation(let seen) = record.event, seen.host == host else { return nil }
      return seen.epoch
    }
    guard known.contains(epoch) else {
      throw VerifyError(
        .notFound, "no epoch \(epoch) of \(host) was ever seen",
        hint: known.isEmpty
          ? "redoubt-verify catalog check looks for them" : "known: \(Set(known).sorted().joined(separator: ", "))")
    }
    try state.append(
      .acknowledgement(Acknowledgement(host: host, epoch: epoch, by: by, note: note)), at: environment.clock())
  }
}

extension [(destination: String, looks: [CatalogWatch.Look])] {
  fileprivate var oldestEpoch: Epoch? { flatMap { $0.looks.map(\.catalog.epoch) }.min() }
}

/// What a keeper's records say of nodes' catalogs, gathered in one pass over them.
struct ObservedRecords {
  private struct Place: Hashable {
    var host: String
    var destination: String
  }
  /// The last observation of each epoch.
  private var pins: [Place: [String: Observation]] = [:]
  private var firstEpochs: [String: String] = [:]
  private var acknowledged: [String: Set<String>] = [:]
  private var pruned: [Ledger.Place: Set<String>] = [:]
  private(set) var retirements = Retirements()
  private var known: [Ledger.Place: DamageAcknowledgements] = [:]

  init(_ records: [CatalogRecord]) {
    for record in records {
      switch record.event {
      case .observation(let seen):
        pins[Place(host: seen.host, destination: seen.destination), default: [:]][seen.epoch] = seen
        if firstEpochs[seen.host] == nil { firstEpochs[seen.host] = seen.epoch }
      case .acknowledgement(let known): acknowledged[known.host, default: []].insert(known.epoch)
      case .prune(let it):
        pruned[Ledger.Place(host: it.host, set: it.set, destination: it.destination), default: []]
          .formUnion(it.snapshots)
      case .retirement(let it): retirements.take(it, at: record.time)
      case .damageAcknowledgement(let it):
        known[Ledger.Place(host: it.host, set: it.set, destination: it.destination), default: DamageAcknowledgements()]
          .take(it, at: record.time)
      case .verification(let it) where !known.isEmpty && it.result == .sound:
        // It has come back.
        known[Ledger.Place(host: it.host, set: it.set, destination: it.destination)]?.end(it.snapshot)
      default: break
      }
    }
  }

  /// The last observation of each epoch of a node at a destination, by epoch.
  func pins(of host: String, at destination: String) -> [String: Observation] {
    pins[Place(host: host, destination: destination)] ?? [:]
  }

  /// The epochs of a node that need no acknowledgment: those that have one, and the oldest of those that were there when
  /// the keeper first saw the node.
  func acceptedEpochs(of host: String, firstSeen: Epoch?) -> Set<String> {
    var accepted = acknowledged[host] ?? []
    if let name = firstEpochs[host] ?? firstSeen?.description { accepted.insert(name) }
    return accepted
  }

  /// - Returns: the acknowledgement of a snapshot's loss that a finding is about; nil where there is none.
  func acknowledged(_ finding: Finding, of host: String, at destination: String) -> AcknowledgedDamage? {
    let parts = finding.path.split(separator: "/").map(String.init)
    guard finding.code == .missing, parts.count == 2,
      let open = known[Ledger.Place(host: host, set: parts[0], destination: destination)]?.open[parts[1]],
      open.record.isOfLoss
    else { return nil }
    return AcknowledgedDamage(open.record, at: open.time)
  }

  func isPruned(_ snapshot: SnapshotID, at place: Ledger.Place) -> Bool {
    pruned[place]?.contains(snapshot.description) ?? false
  }
}
