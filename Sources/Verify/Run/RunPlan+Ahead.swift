internal import Files
internal import Policy
internal import Repository

/// More than is due: at random, and ahead of its time.
extension RunPlan {
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
