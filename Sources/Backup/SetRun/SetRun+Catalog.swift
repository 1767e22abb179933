internal import Policy
internal import Repository
internal import Storage

// What a run tells the catalog, and what destinations tell the run.
extension SetRun {
  var publisher: CatalogPublisher {
    let removable = configuration.destinations.filter(\.isMedium).map { ($0.name, present.media[$0.name]) }
    return CatalogPublisher(
      layout: layout, state: state, destinations: present.destinations,
      media: Dictionary(removable, uniquingKeysWith: { first, _ in first }), places: places
    ) { [keys] in try keys.signer.signAndEncrypt($0) }
  }

  /// Each destination's place, by its name.
  var places: [String: String] {
    var places = configuration.places
    for (name, medium) in present.media { places[name] = medium.place }
    return places
  }

  func publish(_ events: [CatalogEvent], flushes: Bool) throws -> CatalogPublisher.Delivery {
    try publisher.publish(events, at: environment.clock(), flushes: flushes, onFailure: reportDestination)
  }

  /// What a failed run, or a failed destination, has left gathered is not to be stored with what follows.
  func discardGathered() { for destination in present.destinations { destination.discard() } }

  /// Tells what the stores noticed, and forgets what was lost with it.
  /// - Returns: whether anything was lost.
  @discardableResult
  func tellNotices() throws -> Bool {
    var hasLoss = false
    for destination in present.destinations {
      let name = destination.name
      for notice in destination.takeNotices() {
        environment.observe(.notice("\(name): \(notice.text)"))
        guard notice.lostObjects else { continue }
        hasLoss = true
        if let place = configuration.places[name] { try state.forgetRecovery(place) }
        for set in configuration.sets where set.destinations.contains(name) {
          try state.rememberPublications([], of: view(of: set, at: name))
        }
      }
    }
    return hasLoss
  }

  /// Records the outcome; the snapshot stands whether or not its record reaches storage now, so a failure here is told
  /// and makes the run partial, no more.
  func record(_ event: CatalogEvent) {
    discardGathered()
    do {
      if case .numberTaken(let destination) = try publish([event], flushes: true) {
        environment.observe(.notice("\(destination) holds newer catalog records than this state knows"))
      }
      try tellNotices()
    } catch {
      environment.observe(.notice("the run's outcome could not be recorded: \(error)"))
      if outcome.status == .stored || outcome.status == .unchanged { outcome.status = .partial }
    }
  }

  func reportDestination(_ name: String, _ error: StorageError) {
    environment.observe(.destinationFailed(set: nil, destination: name, error))
    isCatalogBehind = true
    if outcome.status == .stored || outcome.status == .unchanged { outcome.status = .partial }
    // A medium that was pulled out has lost nothing.
    guard error.code == .noSuchStore, present.media[name] == nil else { return }
    do { try forgetAll(at: name, error) } catch { environment.observe(.notice("\(error)")) }
  }

  /// What a destination had is gone, of each set: none may refer to it, even if a folder of that name is there again when its
  /// run comes. Other destinations keep what they have.
  private func forgetAll(at name: String, _ error: StorageError) throws {
    guard let place = configuration.places[name] else { return }
    try state.forgetRecovery(place)
    for set in configuration.sets where set.destinations.contains(name) {
      try state.setMark(nil, of: set.name)
      guard set.mode == .incremental else { continue }
      if hasOthers(set, than: name) { try state.setApart(state.apart(set.name) + [place], of: set.name) }
      try state.rememberPublications([], of: view(of: set, at: name))
    }
    guard group.names.contains(name) else { return }
    sources = nil
    if set.mode == .incremental, group.isApart || state.apart(set.name).contains(place), lost[name] == nil {
      lost[name] = error
      environment.observe(
        .notice("\(set.name): as far as can be told, \(name) has lost what it held; it gets everything once more"))
    }
  }

  /// Whether a destination that is not apart is not the only one of those.
  private func hasOthers(_ set: SetConfiguration, than name: String) -> Bool {
    let apart = state.apart(set.name)
    let common = present.destinations.map(\.name).filter { other in
      set.destinations.contains(other) && present.media[other] == nil && !apart.contains { $0 == places[other] }
    }
    return common.contains(name) && common.count > 1
  }

  private func view(of set: SetConfiguration, at destination: String) -> String {
    guard let place = places[destination], state.apart(set.name).contains(place) else { return set.name }
    return RunGroup.view(of: set.name, apart: place)
  }
}

extension NodeConfiguration {
  /// Each destination's place, by its name.
  var places: [String: String] {
    Dictionary(destinations.map { ($0.name, $0.place) }, uniquingKeysWith: { first, _ in first })
  }
}
