internal import Files
internal import Policy
internal import Repository

/// What is wrong with one set.
struct SetConcerns {
  let set: SetOverview
  let node: NodeOverview
  let history: NodeHistory
  let now: Timestamp

  func all() -> [Concern] {
    let known = set.places.flatMap { damage($0) + acknowledged($0) }
    if let retired = set.retired { return known + resumed(retired) }
    var concerns = known + freshness() + storage() + drill() + set.places.flatMap(proof)
    if !set.isKnownClass {
      concerns.append(
        concern(
          .overdue, .notice, nil,
          "its class \(set.dataClass.name) is none of the keeper's frequency table: it is held to the strictest",
          hint: "give the keeper the node's table: frequency-table in verify.toml"))
    }
    return concerns
  }

  private func concern(
    _ kind: Concern.Kind, _ severity: Concern.Severity, _ destination: String?, _ text: String,
    since: Timestamp? = nil, hint: String? = nil
  ) -> Concern {
    Concern(
      kind, severity, host: set.host, set: set.set, destination: destination, text, since: since, hint: hint)
  }

  // MARK: Freshness

  private var records: NodeHistory.SetRecords? { history.sets[set.set] }
  private var seen: Timestamp { min(node.observed ?? now, now) }

  /// From when on a copy is overdue; nil for one that is never.
  private func overdueFrom(_ place: DestinationFreshness) -> Timestamp? {
    if place.timeliness != .never { return place.overdueFrom }
    // Not one success yet: as long as a first backup may take.
    let first = records?.firstMention[place.name] ?? records?.records.first?.time ?? now
    return first.adding(set.dataClass.allowedAge ?? 86400 + set.dataClass.grace)
  }

  /// From when on those copies are overdue that were not when the node's catalog was last looked at.
  var overdueUnseen: [Timestamp] {
    if self.set.retired != nil { return [] }
    return self.set.freshness.destinations.compactMap(overdueFrom).filter { now > $0 && $0 >= seen }
  }

  private func freshness() -> [Concern] {
    guard node.observed != nil || history.count > 0 else { return [] }
    guard let records else {
      return [
        concern(.overdue, .overdue, nil, "no record of its node tells of it: how fresh it is, nobody knows")
      ]
    }
    var concerns: [Concern] = []
    if let future = set.freshness.futureRecord {
      concerns.append(
        concern(.overdue, .overdue, nil, "its last record is dated \(future.rfc3339), later than now"))
    }
    let isSilent = set.freshness.lastAttempt.map { attempt in
      set.dataClass.allowedAge.map { seen.seconds(since: attempt) > $0 } ?? false
    }
    for place in set.freshness.destinations {
      guard let overdue = overdueFrom(place), seen > overdue else { continue }
      let cause =
        place.lastError.map { "; the last run: \($0)" }
        ?? (records.away.contains(place.name)
          ? "; its medium is away" : isSilent == true ? "; no run for it began since" : "")
      let allowed = set.dataClass.allowedAge.map { "; its class allows \(Quantity.text($0))" } ?? ""
      let last = place.lastSuccess.map { "its newest backup is of \($0.rfc3339)" } ?? "it was never backed up here"
      concerns.append(
        concern(
          .overdue, .overdue, place.name, last + (records.away.contains(place.name) ? "" : allowed) + cause,
          since: overdue, hint: "see 'redoubt status' and the log on \(set.host)"))
    }
    return concerns
  }

  /// The groups of locations that the class asks for, of which no destination is as fresh as it must be.
  private func storage() -> [Concern] {
    guard records?.newest != nil else { return [] }
    let fresh = set.freshness.destinations.filter { place in
      overdueFrom(place).map { seen <= $0 } ?? true
    }.map(\.name)
    let places = set.places.filter { fresh.contains($0.destination) }
    // Where one lies that is none of ours only the node knows, which refuses sets that break their class.
    if places.contains(where: { $0.location == nil }) { return [] }
    return set.dataClass.storage.compactMap { group in
      func isOfGroup(_ place: PlaceOverview) -> Bool { place.location.map(group.contains) ?? false }
      if places.contains(where: isOfGroup) { return nil }
      // Where no copy is fresh, the set is overdue, and that is told of each.
      if places.isEmpty, set.places.contains(where: { $0.isCurrent && isOfGroup($0) }) { return nil }
      return concern(
        .missing, .overdue, nil,
        "class \(set.dataClass.name) asks for a copy at a destination that is "
          + "\(group.map(\.rawValue).joined(separator: " or ")), and none has its newest backup")
    }
  }

  // MARK: Proofs

  private func damage(_ place: PlaceOverview) -> [Concern] {
    guard let last = place.damaged.last else { return [] }
    let count = place.damaged.count
    let what =
      count == 1
      ? "snapshot \(last.snapshot) is damaged" : "\(count) snapshots are damaged, the newest \(last.snapshot)"
    let newest = last.snapshot == place.newestSnapshot ? ", the newest there is" : ""
    let finding = last.findings.first.map { ": \($0.code.rawValue): \($0.path): \($0.detail)" } ?? ""
    let more = last.findingCount > 1 ? " and \(last.findingCount - 1) more" : ""
    return [
      concern(
        .damage, .damage, place.destination, what + newest + " (level \(last.level.rawValue))" + finding + more,
        since: place.damaged.map(\.since).min(),
        hint: "make a new backup, look at the other destinations, and keep the damaged copy until it is understood")
    ]
  }

  /// What nobody has to do anything about, and nobody is to forget.
  private func acknowledged(_ place: PlaceOverview) -> [Concern] {
    guard let last = place.acknowledged.last else { return [] }
    let count = place.acknowledged.count
    let what =
      count == 1
      ? "what is damaged or gone of snapshot \(last.snapshot) was acknowledged"
      : "what is damaged or gone of \(count) snapshots was acknowledged, the newest \(last.snapshot)"
    return [
      concern(
        .damage, .notice, place.destination, "\(what) by \(last.by) at \(last.time.rfc3339): \(last.note)",
        since: place.acknowledged.map(\.time).min())
    ]
  }

  // MARK: Retirement

  private func resumed(_ retired: RetirementNote) -> [Concern] {
    guard let resumed = retired.resumed else { return [] }
    return [
      concern(
        .retired, .overdue, nil,
        "it was retired at \(retired.time.rfc3339) by \(retired.by), and has backups again, the last of "
          + "\(resumed.rfc3339): nothing is asked of them",
        since: retired.time,
        hint:
          "redoubt-verify retire \(set.name) --undo --by NAME --note TEXT, or take it out of the node's configuration "
          + "and retire it again")
    ]
  }

  // MARK: Readability

  private func proof(_ place: PlaceOverview) -> [Concern] {
    guard place.standing == .overdue else {
      guard place.standing != .none, let unchecked = place.lastUnchecked else { return [] }
      return [
        concern(
          .unproven, .notice, place.destination, "the last try could not check it: \(unchecked.reason)",
          since: unchecked.time)
      ]
    }
    let interval = Quantity.text(set.dataClass.verificationInterval)
    let hint =
      "redoubt-verify verify --host \(set.host) --set \(set.set) --destination \(place.destination)"
    let tried = place.lastUnchecked.map { "; the last try could not check it: \($0.reason)" } ?? ""
    guard let proof = place.newestProven else {
      return [
        concern(
          .unproven, .overdue, place.destination,
          "no snapshot was ever proven readable; its class asks for a proof each \(interval)\(tried)",
          since: place.proofOverdueFrom, hint: hint)
      ]
    }
    let isOld = now.seconds(since: proof.time) > set.dataClass.verificationInterval + set.dataClass.grace
    let text =
      isOld
      ? "last proven at \(proof.time.rfc3339), of snapshot \(proof.snapshot); its class asks for a proof each \(interval)"
      : "only snapshots up to \(proof.snapshot) were proven, and newer ones wait for longer than \(interval)"
    return [concern(.unproven, .overdue, place.destination, text + tried, since: place.proofOverdueFrom, hint: hint)]
  }

  // MARK: Drills

  private func drill() -> [Concern] {
    let hint = "redoubt-verify drill --host \(set.host) --set \(set.set)"
    var concerns: [Concern] = []
    if let last = set.lastDrill, last.result == .damaged, set.lastSoundDrill.map({ $0.time < last.time }) ?? true,
      !set.places.contains(where: { place in place.damaged.contains { $0.snapshot == last.snapshot } })
    {
      let checks = last.failedChecks.isEmpty ? "" : ": check \(last.failedChecks.joined(separator: ", "))"
      concerns.append(
        concern(.drill, .overdue, last.destination, "the last drill failed\(checks)", since: last.time, hint: hint))
    }
    guard let overdue = set.drillOverdueFrom, now > overdue, let interval = set.dataClass.drillInterval else {
      return concerns
    }
    let text =
      set.lastSoundDrill.map { "a restore was last rehearsed at \($0.time.rfc3339)" }
      ?? "a restore was never rehearsed"
    concerns.append(
      concern(
        .drill, .overdue, nil, "\(text); its class asks for one each \(Quantity.text(interval))", since: overdue,
        hint: hint))
    return concerns
  }
}
