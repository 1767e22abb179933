internal import Files
internal import OpenPGP
internal import Repository
internal import Storage

/// Brings a node's catalog to every destination, as signed and encrypted segments that are never overwritten.
struct CatalogPublisher {
  let layout: Layout
  let state: NodeState
  let destinations: [RunDestination]
  /// Removable destinations, by name, with the medium that is there now.
  let media: [String: MountedMedium?]
  /// Each destination's place, by its name: recovery files are stored once at each.
  let places: [String: String]
  let encrypt: ([UInt8]) throws -> [UInt8]

  enum Delivery {
    case delivered
    /// A number that we never used is taken: this state is older than what it once wrote.
    case numberTaken(destination: String)
  }

  /// Appends records, seals them and delivers all that is pending.
  /// - Parameter onFailure: called for each destination that could not take a segment; it stays in the outbox.
  func publish(
    _ events: [CatalogEvent], at time: Timestamp, onFailure: (String, StorageError) -> Void
  ) throws -> Delivery {
    for event in events { try state.catalog.append(event, at: time) }
    let present = try destinations.map { ($0, try outbox(of: $0.name)) }
    let away = try media.keys.sorted().flatMap { try state.outboxes(ofMediaOf: $0) }
    try state.seal(
      for: present.map { $0.1 } + away.filter { name in !present.contains { $0.1 == name } }, encrypt: encrypt)
    for (destination, outbox) in present {
      if case .numberTaken(let name) = try deliver(to: destination, outbox, onFailure: onFailure) {
        return .numberTaken(destination: name)
      }
    }
    return .delivered
  }

  /// A medium has an outbox of its own, so that each gets what it lacks.
  private func outbox(of name: String) throws -> String {
    guard case let medium?? = media[name] else { return name }
    return try state.outbox(ofMedium: medium.id, of: name)
  }

  private func deliver(
    to destination: RunDestination, _ outbox: String, onFailure: (String, StorageError) -> Void
  ) throws -> Delivery {
    let name = destination.name
    for number in try state.pendingSegments(outbox) {
      if let error = destination.unreachable {
        // Not sent, and so not marked as one that may be there.
        onFailure(name, error)
        return .delivered
      }
      let segment = try state.pendingSegment(outbox, number)
      try state.markAttempted(outbox, number)
      do throws(StorageError) {
        try destination.put(Upload(key: layout.catalogSegment(state.epoch, number), content: segment.content))
      } catch {
        if error.code == .exists {
          // Taken by an earlier try of ours whose answer was lost; or, where there was none, by a later life of this
          // state.
          guard segment.attempted else { return .numberTaken(destination: name) }
        } else {
          onFailure(name, error)
          return .delivered
        }
      }
      state.markDelivered(outbox, number)
    }
    return .delivered
  }

  /// Stores the recovery script and its guide where this version of them is not there yet.
  func publishRecovery(onFailure: (String, StorageError) -> Void) throws {
    for destination in destinations {
      let name = destination.name
      let place = places[name] ?? name
      guard state.needsRecovery(place, version: Recovery.scriptName) else { continue }
      do throws(StorageError) {
        for (file, text) in [(Recovery.guideName, Recovery.guide), (Recovery.scriptName, Recovery.script)] {
          do throws(StorageError) {
            try destination.put(Upload(key: layout.recovery(file), content: Array(text.utf8)))
          } catch {
            // The file's name carries its version: what stands there is this file.
            guard error.code == .exists else { throw error }
          }
        }
      } catch {
        onFailure(name, error)
        continue
      }
      try state.recoveryStored(place, version: Recovery.scriptName)
    }
  }
}
