internal import Files
internal import Policy
internal import Repository

/// What the table makes due, in the order of its urgency, and how a budget is shared out: a pure function of listings,
/// ledger and time.
struct RunPlan: Sendable {
  /// Most urgent first; places where nothing is to be done are left out.
  var places: [PlannedPlace] = []
  let now: Timestamp
  let level: VerificationLevel
  /// Stored bytes of all places, and those of them that were never proven.
  private(set) var stored: UInt64 = 0

  var due: KeeperRun.Amount { places.reduce(into: KeeperRun.Amount()) { $0.add($1.due) } }
  var oldest: Timestamp? { places.compactMap(\.oldest).min() }

  /// - Parameter withoutDamaged: leaves out what is known to be damaged: it is no work that waits.
  init(
    _ sets: [ProvenSet], _ ledger: Ledger, level: VerificationLevel, now: Timestamp, withoutDamaged: Bool = false
  ) {
    self.now = now
    self.level = level
    for set in sets {
      stored += set.stored.bytes
      let place = Self.place(set, ledger, level, now, withoutDamaged)
      if !place.items.isEmpty { places.append(place) }
    }
    order()
  }

  mutating func order() { places.sort { ($0.urgency, $0.set.place) < ($1.urgency, $1.set.place) } }

  // MARK: What is due

  private static func place(
    _ set: ProvenSet, _ ledger: Ledger, _ level: VerificationLevel, _ now: Timestamp, _ withoutDamaged: Bool
  ) -> PlannedPlace {
    let age = ProofAge(now: now, interval: set.interval)
    let damage = ledger.damage(at: set.place)
    // What a person will not mend is looked at when its time has come, like what is sound.
    let isDamageLeft = !damage.isEmpty && damage.values.allSatisfy { $0.isAcknowledged && !age.isDue($0.time) }
    let newest = set.stored.snapshots.last
    var planned = PlannedPlace(set: set)
    var open: [(id: SnapshotID, isDue: Bool, urgency: Urgency)] = []
    var needsNewest = false
    for folder in set.stored.folders {
      let name = "\(folder.id)"
      let isFinished = folder.manifest != nil
      // Of a run that never ended, nobody knows what is needed until a manifest names it; what one has named is known.
      guard isFinished || set.isIncremental && ledger.knows(folder: name, at: set.place) else { continue }
      var amount = KeeperRun.Amount()
      var oldest: Timestamp?
      var isNever = false
      for volume in folder.volumes {
        let proven = ledger.proven(volume: volume.number, of: name, at: set.place, level: level)
        // What was never proven in a folder without a manifest may be needed by nobody.
        guard isFinished || proven != nil, age.isDue(proven) else { continue }
        if withoutDamaged || isDamageLeft, ledger.isDamaged(volume: volume.number, of: name, at: set.place) { continue }
        amount.add(KeeperRun.Amount(objects: 1, bytes: level == .present ? 0 : volume.size))
        if let proven { oldest = min(oldest ?? proven, proven) } else { isNever = true }
      }
      let isDue =
        isFinished && !(withoutDamaged && damage[name] != nil)
        && Self.isDue(name, set.place, damage[name], ledger, level, age)
      if isDue {
        amount.add(KeeperRun.Amount(objects: 1, bytes: folder.manifest ?? 0))
        if let proven = ledger.proven(name, at: set.place, level: level) {
          oldest = min(oldest ?? proven, proven)
        } else {
          isNever = true
        }
      }
      guard amount.objects > 0 else { continue }
      let urgency =
        isNever
        ? Urgency(rank: folder.id == newest ? .newest : .never, time: folder.id.started)
        : Urgency(rank: .stale, time: oldest ?? folder.id.started)
      planned.items.append(PlannedPlace.Item(urgency: urgency, amount: amount))
      if isFinished { open.append((folder.id, isDue, urgency)) } else { needsNewest = true }
    }
    // What lies in other folders is needed by the newest snapshot, if by any.
    if let newest, needsNewest || set.isIncremental && !open.isEmpty, !open.contains(where: { $0.id == newest }) {
      open.append((newest, false, Urgency(rank: .newest, time: newest.started)))
    }
    // The newest first, because it needs most of what others need too.
    planned.snapshots = open.sorted { one, other in
      if set.isIncremental {
        (one.id == newest ? 0 : 1, one.urgency) < (other.id == newest ? 0 : 1, other.urgency)
      } else {
        one.urgency < other.urgency
      }
    }.map { ($0.id, $0.isDue) }
    return planned
  }

  /// A snapshot that was found damaged is due again at once where reading the damaged volumes tells whether they were
  /// mended; a contradiction in what the node has signed, and what a person has acknowledged, when its time has come.
  private static func isDue(
    _ snapshot: String, _ place: Ledger.Place, _ damage: Ledger.Damage?, _ ledger: Ledger, _ level: VerificationLevel,
    _ age: ProofAge
  ) -> Bool {
    if let damage { return damage.isOfVolumes && !damage.isAcknowledged || age.isDue(damage.time) }
    return age.isDue(ledger.proven(snapshot, at: place, level: level))
  }

  // MARK: The budget

  /// Shares out what may be fetched, most urgent first.
  /// - Parameter budget: bytes; nil for any.
  mutating func share(_ budget: UInt64?) {
    let all = places.reduce(UInt64(0)) { $0 + $1.items.reduce(0) { $0 + $1.amount.bytes } }
    guard let budget, all > budget else {
      for index in places.indices { places[index].allowance = .max }
      return
    }
    var left = budget
    let items = places.indices.flatMap { index in places[index].items.map { (index, $0) } }
    for (index, item) in items.sorted(by: { $0.1.urgency < $1.1.urgency }) {
      let part = min(left, item.amount.bytes)
      places[index].allowance += part
      left -= part
      if left == 0 { break }
    }
  }
}
