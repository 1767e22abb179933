internal import Policy
public import Repository

/// What is to be acknowledged, or an acknowledgement to be taken back.
public struct AcknowledgeRequest: Sendable, Equatable {
  public var snapshots: [SnapshotID]
  public var destination: String
  /// Nil where one set alone has such damage.
  public var host: String?
  public var set: String?
  public var by: String
  public var note: String
  public var isUndone: Bool

  public init(
    snapshots: [SnapshotID], destination: String, host: String? = nil, set: String? = nil, by: String, note: String,
    isUndone: Bool = false
  ) {
    self.snapshots = snapshots
    self.destination = destination
    self.host = host
    self.set = set
    self.by = by
    self.note = note
    self.isUndone = isUndone
  }
}

extension Keeper {
  /// Records that a person gives a set up: from then on nothing is asked of it. What is stored of it can be verified and
  /// restored as before.
  /// - Parameter isUndone: takes an earlier retirement back.
  /// - Throws: `.notFound` where nothing is known of such a set, it is retired already or is not, and for words that cannot
  ///   be taken.
  public func retire(
    host: String, set: String, by: String, note: String, isUndone: Bool = false
  ) throws(VerifyError) {
    try AttestationText.check(note: note, by: by)
    let state = try openState()
    let overview = try self.overview(state)
    let name = "\(host)/\(set)"
    let known = try overview.only(hosts: [host], sets: [set]).sets.first?.retired
    if let known, !isUndone, known.resumed == nil {
      throw VerifyError(
        .notFound, "\(name) was retired at \(known.time.rfc3339) by \(known.by)", hint: "--undo takes that back")
    }
    if known == nil, isUndone { throw VerifyError(.notFound, "\(name) is not retired") }
    try state.append(
      .retirement(Retirement(host: host, set: set, by: by, note: note, undone: isUndone)), at: environment.clock())
  }

  /// Records that a person knows what is damaged or gone of some snapshots at a destination: it is no damage any more,
  /// until something else is found there.
  /// - Returns: the records, one a snapshot. All are written, or none.
  /// - Throws: `.notFound` where one of them is not known to be damaged there, is acknowledged already or (to take it back)
  ///   is not, and for words that cannot be taken.
  public func acknowledge(_ request: AcknowledgeRequest) throws(VerifyError) -> [DamageAcknowledgement] {
    try AttestationText.check(note: request.note, by: request.by)
    let state = try openState()
    let overview = try self.overview(state).only(
      hosts: request.host.map { [$0] } ?? [], sets: request.set.map { [$0] } ?? [])
    let isPlace =
      configuration.destinations.contains { $0.name == request.destination }
      || overview.sets.contains { $0.places.contains { $0.destination == request.destination } }
    guard isPlace else {
      throw VerifyError(
        .notFound, "there is no destination named \(request.destination)",
        hint: "the configuration has \(configuration.destinations.map(\.name).joined(separator: ", "))")
    }
    var records: [DamageAcknowledgement] = []
    for snapshot in request.snapshots { records.append(try overview.acknowledgement("\(snapshot)", request)) }
    for record in records { try state.append(.damageAcknowledgement(record), at: environment.clock()) }
    return records
  }

  /// Those of some verifications that found nothing but damage that is acknowledged.
  /// - Returns: their positions.
  public func acknowledged(_ verifications: [Verification]) throws(VerifyError) -> Set<Int> {
    guard verifications.contains(where: { $0.result == .damaged }) else { return [] }
    let ledger = Ledger(try KeeperState.records(in: configuration.state))
    return Set(
      verifications.indices.filter { index in
        let it = verifications[index]
        let place = Ledger.Place(host: it.host, set: it.set, destination: it.destination)
        return it.result == .damaged && ledger.damage(at: place)[it.snapshot]?.isAcknowledged == true
      })
  }

  private func overview(_ state: KeeperState) throws(VerifyError) -> KeeperOverview {
    KeeperOverview(try KeeperKnowledge.read(configuration, records: state.records), now: environment.clock())
  }
}

extension KeeperOverview {
  /// The record that acknowledges what is known to be damaged of a snapshot.
  fileprivate func acknowledgement(
    _ snapshot: String, _ request: AcknowledgeRequest
  ) throws(VerifyError) -> DamageAcknowledgement {
    let destination = request.destination
    var known: [(set: SetOverview, findings: [Finding], count: Int)] = []
    var settled: [(set: SetOverview, damage: AcknowledgedDamage)] = []
    for set in sets {
      let place = set.places.first { $0.destination == destination }
      if let damage = place?.acknowledged.first(where: { $0.snapshot == snapshot }) { settled.append((set, damage)) }
      let damaged = place?.damaged.first { $0.snapshot == snapshot }
      let node = nodes.first { $0.host == set.host }?.places.first { $0.destination == destination }
      let gone = node?.findings.filter { $0.code == .missing && $0.path == "\(set.set)/\(snapshot)" } ?? []
      if damaged != nil || !gone.isEmpty {
        known.append((set, gone + (damaged?.findings ?? []), gone.count + (damaged?.findingCount ?? 0)))
      }
    }
    let sets = request.isUndone ? settled.map(\.set) : known.map(\.set)
    guard let set = sets.first else {
      if let (set, damage) = settled.first {
        throw VerifyError(
          .notFound,
          "what is damaged of \(set.name)/\(snapshot) at \(destination) was acknowledged at \(damage.time.rfc3339) by "
            + damage.by, hint: "--undo takes that back")
      }
      throw VerifyError(
        .notFound,
        request.isUndone
          ? "no damage of snapshot \(snapshot) at \(destination) is acknowledged"
          : "snapshot \(snapshot) is not known to be damaged at \(destination)",
        hint: "redoubt-verify status shows what is damaged, and what was acknowledged")
    }
    guard sets.count == 1 else {
      throw VerifyError(
        .notFound, "several sets have such a snapshot: \(sets.map(\.name).joined(separator: ", "))",
        hint: "choose one with --host and --set")
    }
    let findings = request.isUndone ? settled[0].damage.findings : known[0].findings
    return DamageAcknowledgement(
      host: set.host, set: set.set, snapshot: snapshot, destination: destination, by: request.by, note: request.note,
      findings: findings, findingCount: request.isUndone ? settled[0].damage.findingCount : known[0].count,
      undone: request.isUndone)
  }
}
