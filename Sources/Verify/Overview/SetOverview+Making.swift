internal import Files
internal import Policy
internal import Repository

/// Puts together what is known of one node's sets.
struct SetOverviewMaker {
  let configuration: KeeperConfiguration
  let node: WatchedNode
  let history: NodeHistory
  let keeper: KeeperHistory
  let look: NodeLook?
  let now: Timestamp

  /// Every set that the node's catalog, a listing or a record of this keeper tells of.
  func all() -> [SetOverview] {
    var verified: [String: [String: PlaceRecords]] = [:]
    for (place, records) in keeper.places where place.host == node.host {
      verified[place.set, default: [:]][place.destination] = records
    }
    var listed: [String: [String: NodeLook.SetContent]] = [:]
    for place in look?.places ?? [] {
      for content in place.sets where content.snapshots > 0 { listed[content.set, default: [:]][place.name] = content }
    }
    let names = Set(history.sets.keys).union(verified.keys).union(listed.keys)
    return names.sorted().map { make($0, verified[$0] ?? [:], listed[$0] ?? [:]) }
  }

  private func make(
    _ name: String, _ verified: [String: PlaceRecords], _ listed: [String: NodeLook.SetContent]
  ) -> SetOverview {
    let records = history.sets[name] ?? NodeHistory.SetRecords()
    let last = verified.values.max { ($0.newest ?? "") < ($1.newest ?? "") }
    let className = records.dataClass ?? last?.dataClass
    let known = className.flatMap { configuration.frequencies[$0] }.flatMap { $0.isOffline ? nil : $0 }
    let dataClass = known ?? .strictest(className ?? "unknown", of: configuration.frequencies)
    let current = records.destinations(patience: patience(dataClass))
    let order = node.destinations + current.subtracting(node.destinations).sorted()
    let freshness = SetFreshness(
      of: name, dataClass: dataClass, destinations: order.filter(current.contains), absent: absent(records.away),
      records: records.records, now: now)
    var set = SetOverview(
      host: node.host, set: name, dataClass: dataClass, isKnownClass: known != nil, mode: records.mode,
      freshness: freshness, places: [], recipients: last?.recipients ?? [])
    set.firstSnapshot =
      records.first ?? (verified.values.compactMap(\.oldest) + listed.values.compactMap(\.oldest)).min().flatMap(began)
    set.retired = retirement(of: name, records, listed)
    set.newestSnapshot =
      records.newest ?? (verified.values.compactMap(\.newest) + listed.values.compactMap(\.newest)).max()
    let others = Set(verified.keys).union(listed.keys).subtracting(order).sorted()
    for destination in order + others {
      let isCurrent = current.contains(destination)
      guard isCurrent || verified[destination] != nil || listed[destination] != nil else { continue }
      set.places.append(
        place(
          destination, set, records, verified[destination] ?? PlaceRecords(), listed[destination],
          isCurrent: isCurrent || (records.records.isEmpty && node.destinations.contains(destination))))
    }
    let drills = verified.values.compactMap(\.lastDrill)
    set.lastDrill = drills.max { $0.time < $1.time }
    set.lastSoundDrill = verified.values.compactMap(\.lastSoundDrill).max { $0.time < $1.time }
    if let interval = dataClass.drillInterval, set.retired == nil, set.places.contains(where: { $0.standing != .none }),
      let anchor = set.lastSoundDrill?.time ?? set.firstSnapshot
    {
      set.drillDue = anchor.adding(interval)
      set.drillOverdueFrom = anchor.adding(interval + dataClass.grace)
    }
    return set
  }

  /// - Returns: nil where it was not retired.
  private func retirement(
    of name: String, _ records: NodeHistory.SetRecords, _ listed: [String: NodeLook.SetContent]
  ) -> RetirementNote? {
    guard var note = keeper.retirements[node.host, name] else { return nil }
    let runs = records.records.compactMap { record in
      switch record.event {
      case .snapshot, .unchanged: record.time
      default: nil as Timestamp?
      }
    }
    let newest = (runs + listed.values.compactMap { $0.newest.flatMap(began) }).max()
    note.resumed = newest.flatMap { $0 > note.time ? $0 : nil }
    return note
  }

  private func place(
    _ name: String, _ set: SetOverview, _ records: NodeHistory.SetRecords, _ verified: PlaceRecords,
    _ listed: NodeLook.SetContent?, isCurrent: Bool
  ) -> PlaceOverview {
    var verified = verified
    let destination = configuration.destinations.first { $0.name == name }
    if destination?.expiry == .lifecycle, let oldest = listed?.oldest { verified.expire(before: oldest) }
    var (newestProven, unprovenSince) = records.proof(at: name, verified.proven)
    let stored = records.stored[name] ?? []
    let newest = stored.last?.snapshot ?? listed?.newest ?? verified.newest
    if newestProven == nil, let proof = verified.proven.values.max(by: { $0.snapshot < $1.snapshot }) {
      // Of a snapshot that no record of the node tells of: by their names, which are their times.
      newestProven = proof
      unprovenSince = stored.first { $0.snapshot > proof.snapshot }?.time
      if stored.isEmpty, let newest, newest > proof.snapshot { unprovenSince = began(newest) }
    } else if newestProven == nil, stored.isEmpty {
      unprovenSince = (listed?.oldest ?? verified.oldest).flatMap(began)
    }
    var place = PlaceOverview(
      destination: name, isWatched: node.destinations.contains(name), isCurrent: isCurrent,
      location: destination?.location, newestSnapshot: newest, snapshots: listed?.snapshots,
      storedBytes: listed?.bytes, listed: look?.places.first { $0.name == name }?.time, proofs: verified.proofs,
      newestProven: newestProven, unprovenSince: unprovenSince, standing: .none,
      damaged: verified.damaged.values.sorted { $0.snapshot < $1.snapshot }, lastUnchecked: verified.lastUnchecked,
      lastDrill: verified.lastDrill)
    place.acknowledged = verified.acknowledged
    // Mirrors of the files themselves hold no snapshots that a keeper could open.
    guard place.isWatched, isCurrent, newest != nil, set.mode != "plain", set.retired == nil else { return place }
    place.judge(set.dataClass, now: now)
    return place
  }

  /// How long a destination may go unmentioned by a set's runs: two runs, or as long as a medium may stay away.
  private func patience(_ dataClass: DataClass) -> Int64? {
    guard let interval = dataClass.frequency.interval else { return nil }
    let media = configuration.destinations.filter { $0.isMedium && node.destinations.contains($0.name) }
    return max(2 * interval + dataClass.grace, media.map(\.away).max() ?? 0)
  }

  private func absent(_ names: Set<String>) -> [String: Int64] {
    var absent: [String: Int64] = [:]
    for name in names {
      let configured = configuration.destinations.first { $0.name == name }?.away
      // The node's own setting is not known here; this is the default of both.
      absent[name] = configured ?? DestinationConfiguration(name: name, kind: .directory, location: .removable).away
    }
    return absent
  }

  private func began(_ snapshot: String) -> Timestamp? { SnapshotID(snapshot)?.started }
}

extension PlaceOverview {
  /// When the next proof is due. The proof of an old snapshot does not help: what counts is how long the newest proven one
  /// was not looked at, and how long newer ones have waited.
  fileprivate mutating func judge(_ dataClass: DataClass, now: Timestamp) {
    let interval = dataClass.verificationInterval
    guard let proof = newestProven else {
      guard let first = unprovenSince else { return }
      // Due at once, and overdue when every interval would have had a proof.
      let end = first.adding(interval)
      proofDue = first
      proofOverdueFrom = end.adding(dataClass.grace)
      standing = now > end.adding(dataClass.grace) ? .overdue : now > end ? .due : .notYet
      return
    }
    let due = [proof.time, unprovenSince].compactMap(\.self).map { $0.adding(interval) }.min() ?? now
    let overdue = due.adding(dataClass.grace)
    (proofDue, proofOverdueFrom) = (due, overdue)
    standing = now > overdue ? .overdue : now > due ? .due : .proven
  }
}

extension DataClass {
  /// For a set whose class is not known: nothing is asked of where it lies, and all else is asked as often as of any.
  fileprivate static func strictest(_ name: String, of table: FrequencyTable) -> DataClass {
    let known = table.classes.filter { !$0.isOffline }
    return DataClass(
      name: name, frequency: .daily, storage: [],
      verificationInterval: known.map(\.verificationInterval).min() ?? 31 * 86400, grace: 86400)
  }

  /// Seconds that a copy may be old; nil for what is backed up once.
  var allowedAge: Int64? { frequency.interval.map { $0 + grace } }
}

extension Timestamp {
  func adding(_ more: Int64) -> Timestamp { Timestamp(seconds: seconds + more) }
}
