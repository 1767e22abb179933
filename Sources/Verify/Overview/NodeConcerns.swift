internal import Files
internal import Policy
internal import Repository

/// What is wrong with one node: its catalog and its sets.
///
/// Freshness is judged as of the last look at the node's catalog: what would be overdue only because nobody has looked
/// since is one concern about the node, and none about each set.
struct NodeConcerns {
  let node: NodeOverview
  let sets: [SetOverview]
  let history: NodeHistory
  let unfitEpochs: [String]
  let frequencies: FrequencyTable
  let now: Timestamp

  func all() -> [Concern] {
    var concerns = catalog()
    for set in sets { concerns += SetConcerns(set: set, node: node, history: history, now: now).all() }
    return concerns
  }

  private var lookHint: String { "redoubt-verify catalog check --host \(node.host)" }

  private func concern(
    _ severity: Concern.Severity, at destination: String? = nil, set: String? = nil, _ text: String,
    since: Timestamp? = nil, hint: String? = nil, as kind: Concern.Kind = .catalog
  ) -> Concern {
    Concern(
      kind, severity, host: node.host, set: set, destination: destination, text, since: since, hint: hint)
  }

  private func catalog() -> [Concern] {
    var concerns: [Concern] = []
    for place in node.places {
      concerns += place.findings.map { concern($0, at: place.destination, since: place.observed) }
    }
    let retired = Set(sets.filter { $0.retired != nil }.map(\.set))
    for finding in node.findings where !(finding.code == .neverEnded && retired.contains(finding.setName ?? "")) {
      concerns.append(concern(finding, at: nil, since: nil))
    }
    for epoch in unfitEpochs {
      concerns.append(
        concern(
          .overdue, "the copy of epoch \(epoch) in the state folder is not what was observed: it was lost or changed",
          hint: lookHint))
    }
    guard let observed = node.observed else {
      concerns.append(
        concern(
          .overdue,
          sets.isEmpty
            ? "nothing of this node was ever seen"
            : "its catalog was never looked at: how fresh its sets are, nobody knows", hint: lookHint))
      return concerns
    }
    if node.records == 0, unfitEpochs.isEmpty {
      concerns.append(
        concern(.overdue, "no destination has a catalog of it: the node has never reported", hint: lookHint))
    }
    return concerns + unwatched(since: observed)
  }

  /// What nobody has looked at for too long.
  private func unwatched(since observed: Timestamp) -> [Concern] {
    let waiting = sets.flatMap { SetConcerns(set: $0, node: node, history: history, now: now).overdueUnseen }
    let patience =
      (sets.filter { $0.retired == nil }.map(\.dataClass) + frequencies.classes.filter { !$0.isOffline })
      .map { $0.verificationInterval + $0.grace }.min() ?? 32 * 86400
    if let since = waiting.min() ?? (now.seconds(since: observed) > patience ? observed.adding(patience) : nil) {
      let copies = waiting.isEmpty ? "" : ", and \(waiting.count) of its copies would be overdue by now"
      return [
        concern(
          .overdue, "its catalogs were last looked at at \(observed.rfc3339)\(copies): what came since, nobody knows",
          since: since, hint: lookHint)
      ]
    }
    return node.places.compactMap { place in
      let reason = place.unchecked.map { ": \($0)" } ?? ""
      guard let seen = place.observed else {
        return concern(
          .overdue, at: place.destination, "its catalog was never looked at here\(reason)", hint: lookHint)
      }
      if now.seconds(since: seen) > patience {
        return concern(
          .overdue, at: place.destination, "its catalog was last looked at here at \(seen.rfc3339)\(reason)",
          since: seen.adding(patience), hint: lookHint)
      }
      return place.unchecked.map {
        concern(.notice, at: place.destination, "could not be looked at: \($0)", since: seen, hint: lookHint)
      }
    }
  }

  private func concern(_ finding: Finding, at destination: String?, since: Timestamp?) -> Concern {
    let text = "\(finding.code.rawValue): \(finding.path) \(finding.detail)"
    let severity: Concern.Severity =
      switch finding.code {
      // Nothing is lost because of these: somebody must look, or say that they know why.
      case .newEpoch, .behind, .neverEnded, .unannounced: .overdue
      default: .damage
      }
    let hint: String? =
      switch finding.code {
      case .newEpoch: "where you know why: redoubt-verify catalog acknowledge \(node.host) EPOCH --by NAME --note TEXT"
      case .missing:
        "where it will not come back: redoubt-verify acknowledge \(finding.path.split(separator: "/").last ?? "") "
          + "--host \(node.host) --destination \(destination ?? "NAME") --by NAME --note TEXT"
      default: nil
      }
    return concern(
      severity, at: destination, set: finding.setName, text, since: since, hint: hint,
      as: finding.code == .missing ? .missing : .catalog)
  }
}

extension Finding {
  /// The set that a finding in a node's catalog is about; nil for one about the catalog itself.
  var setName: String? {
    guard let name = path.split(separator: "/").first, name != "catalog" else { return nil }
    return String(name)
  }
}
