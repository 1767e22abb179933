internal import Files
internal import Policy
internal import Repository

/// One set at one destination, with what the table asks of it.
struct ProvenSet: Sendable {
  var stored: StoredSet
  /// Seconds in which each copy is to be proven once.
  var interval: Int64
  var isIncremental: Bool

  var place: Ledger.Place { stored.place }
}

/// How old a proof may become.
///
/// A proof is due again a tenth of the interval before its end: a timer that comes every month, or a little later every
/// time because proving takes its time, never comes just too early and then a whole turn too late.
struct ProofAge: Sendable {
  let now: Timestamp
  let interval: Int64

  var slack: Int64 { interval / 10 }

  func isDue(_ proven: Timestamp?) -> Bool {
    guard let proven else { return true }
    let age = now.seconds(since: proven)
    return age > interval - slack || age < -DueRule.clockTolerance
  }
}

/// What comes first where not everything can be done: what was never proven, the newest snapshot of each place before
/// others; then the oldest proofs; then what is proven ahead of its time or at random.
struct Urgency: Sendable, Comparable {
  enum Rank: Int, Sendable { case newest, never, stale, ahead, sample }
  var rank: Rank
  /// When it was last proven; of what never was, when it was stored.
  var time: Timestamp

  static func < (one: Urgency, other: Urgency) -> Bool {
    (one.rank.rawValue, one.time) < (other.rank.rawValue, other.time)
  }
}

/// A volume by folder and number.
struct VolumeKey: Hashable, Sendable {
  var folder: String
  var number: Int
}

/// What is to be proven at one place.
struct PlannedPlace: Sendable {
  /// Volumes of one folder and, where its snapshot is to be opened, its manifest.
  struct Item: Sendable {
    var urgency: Urgency
    var amount: KeeperRun.Amount
  }

  var set: ProvenSet
  var items: [Item] = []
  /// Snapshots that are due as such, and those that are opened for the sake of their volumes; most urgent first.
  var snapshots: [(id: SnapshotID, isDue: Bool)] = []
  /// Volumes that are read although they are not due.
  var wanted: Set<VolumeKey> = []
  /// Bytes that may be fetched here; more where others leave some over.
  var allowance: UInt64 = 0

  var due: KeeperRun.Amount {
    items.filter { $0.urgency.rank <= .stale }.reduce(into: KeeperRun.Amount()) { $0.add($1.amount) }
  }
  var urgency: Urgency { items.map(\.urgency).min() ?? Urgency(rank: .sample, time: Timestamp(seconds: .max)) }
  /// The oldest proof that is due; nil where there is none. What was never proven counts from when it was stored.
  var oldest: Timestamp? { items.filter { $0.urgency.rank <= .stale }.map(\.urgency.time).min() }
}

extension Urgency.Rank: Comparable {
  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

extension KeeperRun.Amount {
  mutating func add(_ other: Self) {
    objects += other.objects
    bytes += other.bytes
  }
}

/// What the table makes due, in the order of its urgency, and how a budget is shared out: a pure function of listings,
/// ledger and time.
struct RunPlan: Sendable {
  /// Most urgent first; places where nothing is to be done are left out.
  private(set) var places: [PlannedPlace] = []
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

  private mutating func order() { places.sort { ($0.urgency, $0.set.place) < ($1.urgency, $1.set.place) } }

  // MARK: What is due

  private static func place(
    _ set: ProvenSet, _ ledger: Ledger, _ level: VerificationLevel, _ now: Timestamp, _ withoutDamaged: Bool
  ) -> PlannedPlace {
    let age = ProofAge(now: now, interval: set.interval)
    let damage = ledger.damage(at: set.place)
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
        if withoutDamaged, ledger.isDamaged(volume: volume.number, of: name, at: set.place) { continue }
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
  /// mended; a contradiction in what the node has signed is looked at again when its time has come.
  private static func isDue(
    _ snapshot: String, _ place: Ledger.Place, _ damage: Ledger.Damage?, _ ledger: Ledger, _ level: VerificationLevel,
    _ age: ProofAge
  ) -> Bool {
    if let damage { return damage.isOfVolumes || age.isDue(damage.time) }
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

  // MARK: More than is due

  /// Adds volumes that are not due, each with the given probability.
  /// - Parameter share: from 0 to 1.
  mutating func sample(
    _ share: Double, of sets: [ProvenSet], _ ledger: Ledger, _ random: inout some RandomNumberGenerator
  ) {
    guard share > 0 else { return }
    for set in sets.sorted(by: { $0.place < $1.place }) {
      var wanted: [SnapshotID: [StoredSet.Volume]] = [:]
      let age = ProofAge(now: now, interval: set.interval)
      for folder in set.stored.folders where folder.manifest != nil {
        let chosen = folder.volumes.filter { volume in
          let proven = ledger.proven(volume: volume.number, of: "\(folder.id)", at: set.place, level: level)
          return !age.isDue(proven) && Double.random(in: 0..<1, using: &random) < share
        }
        if !chosen.isEmpty { wanted[folder.id] = chosen }
      }
      want(wanted, .sample, set)
    }
    order()
  }

  /// Adds volumes of finished folders to what is read at a place.
  private mutating func want(_ volumes: [SnapshotID: [StoredSet.Volume]], _ rank: Urgency.Rank, _ set: ProvenSet) {
    guard !volumes.isEmpty else { return }
    let index =
      places.firstIndex { $0.set.place == set.place }
      ?? {
        places.append(PlannedPlace(set: set))
        return places.count - 1
      }()
    for (id, chosen) in volumes.sorted(by: { $0.key < $1.key }) {
      for volume in chosen { places[index].wanted.insert(VolumeKey(folder: "\(id)", number: volume.number)) }
      let isOpen = places[index].snapshots.contains { $0.id == id }
      if !isOpen { places[index].snapshots.append((id, false)) }
      let manifest = isOpen ? 0 : set.stored.folders.first { $0.id == id }?.manifest ?? 0
      places[index].items.append(
        PlannedPlace.Item(
          urgency: Urgency(rank: rank, time: id.started),
          amount: KeeperRun.Amount(
            objects: chosen.count, bytes: chosen.reduce(manifest) { $0 + (level == .present ? 0 : $1.size) })))
    }
  }

  // MARK: Whether it suffices

  /// Has proofs made before their time where later runs could not make all of them in time: with `budget` bytes in each
  /// run, what falls due until any date must have been fetched by then. Of later runs three quarters are counted on: the
  /// rest is for what will be stored meanwhile, and for volumes that do not fit.
  /// - Parameters:
  ///   - budget: bytes a run.
  ///   - cadence: seconds from run to run.
  mutating func proveAhead(_ sets: [ProvenSet], _ ledger: Ledger, budget: UInt64, cadence: Int64) {
    struct Candidate {
      var set: Int
      var folder: SnapshotID
      var volumes: [StoredSet.Volume]
      var deadline: Int64
      var bytes: UInt64
    }
    let due = due.bytes
    guard due < budget, level != .present else { return }
    var candidates: [Candidate] = []
    for (number, set) in sets.enumerated() {
      let age = ProofAge(now: now, interval: set.interval)
      for folder in set.stored.folders where folder.manifest != nil {
        // Parts of a folder may have been proven on different days.
        var fresh: [Timestamp: [StoredSet.Volume]] = [:]
        for volume in folder.volumes {
          guard let proven = ledger.proven(volume: volume.number, of: "\(folder.id)", at: set.place, level: level),
            !age.isDue(proven)
          else { continue }
          fresh[proven, default: []].append(volume)
        }
        for (proven, volumes) in fresh {
          candidates.append(
            Candidate(
              set: number, folder: folder.id, volumes: volumes, deadline: proven.seconds + set.interval,
              bytes: volumes.reduce(folder.manifest ?? 0) { $0 + $1.size }))
        }
      }
    }
    candidates.sort { ($0.deadline, $0.set, $0.folder) < ($1.deadline, $1.set, $1.folder) }
    var sum = due
    var short: UInt64 = 0
    for candidate in candidates {
      sum += candidate.bytes
      // Runs until then, this one and the last moment's left out.
      let runs = UInt64(max(0, (candidate.deadline - now.seconds) / cadence - 1))
      let (possible, isMore) = (budget / 4 * 3).multipliedReportingOverflow(by: runs + 1)
      if !isMore, sum > possible { short = max(short, sum - possible) }
    }
    var ahead = min(short, budget - due)
    for candidate in candidates where ahead > 0 {
      var part: [StoredSet.Volume] = []
      for volume in candidate.volumes where ahead > 0 {
        part.append(volume)
        ahead -= min(ahead, volume.size)
      }
      want([candidate.folder: part], .ahead, sets[candidate.set])
    }
    order()
  }
}
