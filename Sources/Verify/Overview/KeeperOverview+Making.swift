public import Files
internal import Policy
internal import Repository

extension KeeperOverview {
  /// Linear in the number of records.
  public init(_ knowledge: KeeperKnowledge, now: Timestamp) {
    let configuration = knowledge.configuration
    let keeper = KeeperHistory(knowledge.records, now: now)
    time = now
    nodes = []
    sets = []
    var concerns: [Concern] = []
    for node in configuration.nodes {
      let known = knowledge.nodes[node.host] ?? NodeKnowledge(records: [])
      let history = NodeHistory(known.records)
      let overview = NodeOverview(node, known, history, keeper, now: now)
      let maker = SetOverviewMaker(
        configuration: configuration, node: node, history: history, keeper: keeper, look: known.look, now: now)
      let members = maker.all()
      nodes.append(overview)
      sets += members
      concerns += NodeConcerns(
        node: overview, sets: members, history: history, unfitEpochs: known.unfitEpochs,
        frequencies: configuration.frequencies, now: now
      ).all()
    }
    attestations = AttestationStatus.all(configuration.frequencies, keeper.attestations, now: now)
    concerns += attestations.compactMap(\.concern)
    selfTest = SelfTestOverview(keeper, now: now)
    concerns += selfTest.concern(now: now).map { [$0] } ?? []
    let audit = RecipientAudit(
      configuration: configuration, keys: knowledge.keys, sets: sets, keeper: keeper, now: now)
    recipients = audit.recipients()
    signers = audit.signers()
    keyRotation = audit.rotation()
    concerns += audit.concerns(recipients, signers, keyRotation)
    self.concerns = concerns.sortedByWeight()
  }
}

extension NodeOverview {
  fileprivate init(
    _ node: WatchedNode, _ known: NodeKnowledge, _ history: NodeHistory, _ keeper: KeeperHistory, now: Timestamp
  ) {
    host = node.host
    lastRecord = history.last
    records = history.count
    let acknowledged = keeper.acknowledged[node.host] ?? []
    func open(_ findings: [Finding], at destination: String) -> [Finding] {
      findings.filter { finding in
        switch finding.code {
        case .newEpoch: !acknowledged.contains { finding.path.contains($0) }
        case .missing: !keeper.isAcknowledgedLoss(finding, host: node.host, destination: destination)
        default: true
        }
      }
    }
    // A time that is yet to come was written under a wrong clock.
    func possible(_ time: Timestamp?) -> Timestamp? {
      time.flatMap { $0.seconds(since: now) > DueRule.clockTolerance ? nil : $0 }
    }
    places = node.destinations.map { name in
      if let place = known.look?.places.first(where: { $0.name == name }) {
        return Place(
          destination: name, observed: possible(place.time), unchecked: place.unchecked,
          findings: open(place.findings, at: name))
      }
      let observed = keeper.observed[node.host]?[name]?.sorted { $0.key < $1.key }.flatMap(\.value) ?? []
      return Place(
        destination: name, observed: keeper.observations[node.host]?[name], unchecked: nil,
        findings: open(observed, at: name))
    }
    observed = places.compactMap(\.observed).max()
    // By the records themselves, so that it is known for how long.
    findings = known.records.unendedRuns(at: observed ?? now)
  }
}

extension SelfTestOverview {
  fileprivate init(_ keeper: KeeperHistory, now: Timestamp) {
    last = keeper.selfTest?.0
    time = keeper.selfTest?.1
    guard let anchor = time ?? keeper.first else { return }
    dueFrom = anchor.adding(Self.interval)
    overdueFrom = anchor.adding(Self.interval + Self.grace)
  }

  fileprivate func concern(now: Timestamp) -> Concern? {
    let hint = "redoubt-verify self-test"
    if let last, !last.passed {
      let missed = last.cases.filter { !$0.found }.map(\.name)
      return Concern(
        .selfTest, .overdue, "this keeper did not find what was planted: \(missed.joined(separator: ", "))",
        since: time, hint: hint)
    }
    guard let overdueFrom, now > overdueFrom else { return nil }
    return Concern(
      .selfTest, .overdue,
      time.map { "whether this keeper would notice damage was last shown at \($0.rfc3339)" }
        ?? "nobody has ever shown that this keeper would notice damage",
      since: overdueFrom, hint: hint)
  }
}

extension AttestationStatus {
  fileprivate var concern: Concern? {
    guard isOverdue else { return nil }
    let subject = "recovery of \(dataClass)"
    return Concern(
      .attestation, .overdue, host: host,
      time.map { "\(subject) was last tested by a person at \($0.rfc3339)" }
        ?? "\(subject) was never tested by a person",
      since: overdueFrom, hint: "redoubt-verify attest \(dataClass) --by NAME --note TEXT")
  }
}

extension Keeper {
  /// What is known of all nodes now; storage is not asked.
  /// - Throws: `.state` where the keeper's own catalog cannot be used.
  public func overview() throws(VerifyError) -> KeeperOverview {
    KeeperOverview(try KeeperKnowledge.read(configuration), now: environment.clock())
  }
}
