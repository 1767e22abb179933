internal import Channels
internal import OpenPGP
internal import OpenPGPDecryption
public import Policy
public import Repository
public import Storage

/// A keeper: finds, verifies and restores what nodes stored. The whole of what `redoubt-verify` does beneath the command
/// line.
///
/// Synchronous, with threads of its own for fetching and decrypting; one caller at a time.
public final class Keeper {
  let configuration: KeeperConfiguration
  let readers: [String: any ObjectReader]
  let environment: KeeperEnvironment

  /// - Parameter readers: an opened reader for each of the configuration's destinations, by name.
  public init(
    configuration: KeeperConfiguration, readers: [String: any ObjectReader], environment: KeeperEnvironment
  ) {
    self.configuration = configuration
    self.readers = readers
    self.environment = environment
  }

  // MARK: Finding

  /// The snapshots of all chosen sets at all chosen destinations, by host, set and time, with their last verification.
  /// - Throws: where a destination could not be listed; `.notFound` for a host or destination that is not configured.
  public func list(_ selection: SnapshotSelection) throws(VerifyError) -> [ListedSnapshot] {
    let records = try KeeperState.records(in: configuration.state)
    var listed: [ListedSnapshot] = []
    for (node, destination, reader) in try places(selection) {
      for var snapshot in try candidates(selection, node, destination, reader) {
        snapshot.lastVerification = records.lastVerification(of: snapshot.reference, at: destination)
        listed.append(snapshot)
      }
    }
    return listed.sorted { ($0.reference, $0.destination) < ($1.reference, $1.destination) }
  }

  /// Opens the manifest of the one snapshot that a selection means, at the first destination that has a sound one.
  /// - Throws: `.notFound` where there is none or several sets are meant; `.storage` and `.keys` where it could not be
  ///   opened; `.damaged` where its manifest is damaged, because without one there is nothing to show.
  public func open(_ selection: SnapshotSelection) throws(VerifyError) -> (SnapshotReference, Manifest) {
    let found = try locate(selection)
    return (found.reference, found.manifest)
  }

  /// A snapshot whose manifest has been opened, and where its volumes may be fetched.
  struct Located {
    var reference: SnapshotReference
    var manifest: Manifest
    var source: ContentReading.Source
  }

  func locate(_ selection: SnapshotSelection) throws(VerifyError) -> Located {
    var places: [SnapshotReference: [(destination: String, reader: any ObjectReader, node: WatchedNode)]] = [:]
    var unreachable: VerifyError?
    for (node, destination, reader) in try self.places(selection) {
      do {
        for snapshot in try candidates(selection, node, destination, reader) where snapshot.isFinished {
          places[snapshot.reference, default: []].append((destination, reader, node))
        }
      } catch {
        environment.observe(.notice("\(error)"))
        unreachable = unreachable ?? error
      }
    }
    let sets = Set(places.keys.map { "\($0.host)/\($0.set)" })
    guard sets.count <= 1 else {
      throw VerifyError(
        .notFound, "several sets have such a snapshot: \(sets.sorted().joined(separator: ", "))",
        hint: "choose one with --host and --set")
    }
    // Destinations may have different latest ones: the newest counts.
    guard let reference = places.keys.max(), let copies = places[reference] else {
      throw unreachable
        ?? VerifyError(.notFound, "there is no such snapshot", hint: "redoubt-verify list shows what there is")
    }
    let decryptor = try makeDecryptor()
    var problems: [String] = []
    var isDamaged = false
    for copy in copies {
      let opening = try ManifestOpening(node: copy.node, decryptor: decryptor)
      do {
        // The copy whose manifest is sound comes first; the others may still help out with volumes.
        let others = copies.filter { $0.destination != copy.destination }.map(\.reader)
        let source = ContentReading.Source(
          readers: [copy.reader] + others, workers: workerCount(configured: configuration.workers),
          decryptor: decryptor)
        switch try opening.open(reference, from: copy.reader, listing: source) {
        case .opened(let manifest, _, _):
          return Located(reference: reference, manifest: manifest, source: source)
        case .damaged(let finding):
          environment.observe(.finding(finding))
          isDamaged = true
          problems.append("\(copy.destination): \(finding.code.rawValue): \(finding.detail)")
        }
      } catch {
        if error.code == .keys { throw error }
        problems.append("\(copy.destination): \(error)")
      }
    }
    throw VerifyError(
      isDamaged ? .damaged : .storage,
      "no destination has a sound manifest of \(reference): \(problems.joined(separator: "; "))")
  }

  /// Node by node, each chosen destination with its reader.
  func places(
    _ selection: SnapshotSelection
  ) throws(VerifyError) -> [(WatchedNode, String, any ObjectReader)] {
    for host in selection.hosts where !configuration.nodes.contains(where: { $0.host == host }) {
      throw VerifyError(
        .notFound, "there is no node named \(host)",
        hint: "the configuration has \(configuration.nodes.map(\.host).joined(separator: ", "))")
    }
    for name in selection.destinations where !configuration.destinations.contains(where: { $0.name == name }) {
      throw VerifyError(
        .notFound, "there is no destination named \(name)",
        hint: "the configuration has \(configuration.destinations.map(\.name).joined(separator: ", "))")
    }
    var places: [(WatchedNode, String, any ObjectReader)] = []
    for node in configuration.nodes where selection.hosts.isEmpty || selection.hosts.contains(node.host) {
      for name in node.destinations where selection.destinations.isEmpty || selection.destinations.contains(name) {
        if let reader = readers[name] { places.append((node, name, reader)) }
      }
    }
    return places
  }

  /// The snapshots that a selection means at one destination. A snapshot that is named in full is not listed for, so
  /// that credentials without the right to list will do.
  func candidates(
    _ selection: SnapshotSelection, _ node: WatchedNode, _ destination: String, _ reader: any ObjectReader
  ) throws(VerifyError) -> [ListedSnapshot] {
    let finder = SnapshotFinder(host: node.host, destination: destination, reader: reader)
    if case .one(let id) = selection.snapshots, !selection.sets.isEmpty {
      var found: [ListedSnapshot] = []
      for set in selection.sets {
        if let snapshot = try finder.snapshot(set: set, id) { found.append(snapshot) }
      }
      return found
    }
    let sets = selection.sets.isEmpty ? try finder.sets() : selection.sets
    var found: [ListedSnapshot] = []
    for set in sets {
      let snapshots = try finder.snapshots(of: set)
      switch selection.snapshots {
      case .all: found += snapshots
      case .latest: found += snapshots.last { $0.isFinished }.map { [$0] } ?? []
      case .one(let id): found += snapshots.filter { $0.reference.snapshot == id }
      }
    }
    return found
  }

  func makeDecryptor() throws(VerifyError) -> Decryptor {
    do { return try Decryptor(home: configuration.keys.gnupgHome) } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
  }

  // MARK: Verifying

  /// Verifies every chosen snapshot at every chosen destination, and records each result as soon as it is known.
  ///
  /// A destination that cannot be listed, or where a chosen set has no snapshot although its node stores it there, is told
  /// as a notice and makes `isComplete` false.
  /// - Parameter scratch: for level `restored`, a folder with room for the largest tree.
  public func verify(
    _ selection: SnapshotSelection, level: VerificationLevel, scratch: String
  ) throws(VerifyError) -> (verifications: [Verification], isComplete: Bool) {
    let state = try openState()
    let decryptor = try makeDecryptor()
    var verifications: [Verification] = []
    let isComplete = try forEachChosen(selection) {
      (node, destination, reader, reference) throws(VerifyError) in
      var verifier = Verifier(
        opening: try ManifestOpening(node: node, decryptor: decryptor),
        workers: workerCount(configured: configuration.workers), environment: environment)
      let seen = SeenVolumes()
      verifier.seen = seen
      let verification = try verifier.verify(
        reference, at: destination, reader: reader, level: level, scratch: scratch)
      try state.record(verification, seen, at: environment.clock())
      verifications.append(verification)
    }
    return (verifications, isComplete)
  }

  /// Calls `body` for every chosen snapshot at every chosen destination. Where a node never stores a chosen set, as its
  /// catalog tells, a notice says so, and nothing is amiss.
  /// - Returns: false where a destination could not be listed, or has no such snapshot; a notice tells which.
  func forEachChosen(
    _ selection: SnapshotSelection,
    _ body: (WatchedNode, String, any ObjectReader, SnapshotReference) throws(VerifyError) -> Void
  ) throws(VerifyError) -> Bool {
    var isComplete = true
    var histories: [String: NodeHistory] = [:]
    func isStored(_ set: String, of host: String, at destination: String) throws(VerifyError) -> Bool {
      if histories[host] == nil { histories[host] = NodeHistory(try catalog(ofNode: host).flatMap(\.records)) }
      // Where nobody has looked, nobody knows.
      guard let history = histories[host], history.count > 0 else { return true }
      return history.sets[set]?.mentioned[destination] != nil
    }
    for (node, destination, reader) in try places(selection) {
      var candidates: [ListedSnapshot] = []
      // Set by set: that one of them is there says nothing of another.
      let choices: [[String]] = selection.sets.isEmpty ? [[]] : selection.sets.map { [$0] }
      for sets in choices {
        var part = selection
        part.sets = sets
        do {
          let found = try self.candidates(part, node, destination, reader)
          candidates += found
          if !found.isEmpty { continue }
        } catch {
          environment.observe(.notice("\(error)"))
          isComplete = false
          continue
        }
        if let set = sets.first, try !isStored(set, of: node.host, at: destination) {
          environment.observe(.notice("\(node.host)/\(set) is not stored at \(destination), and never was"))
        } else {
          let name = sets.first.map { "\(node.host)/\($0)" } ?? node.host
          environment.observe(.notice("\(destination) has no such snapshot of \(name)"))
          isComplete = false
        }
      }
      for candidate in candidates where candidate.isFinished || selection.snapshots.isOne {
        try body(node, destination, reader, candidate.reference)
      }
    }
    return isComplete
  }
}

extension SnapshotSelection.Snapshots {
  var isOne: Bool { if case .one = self { true } else { false } }
}

extension [CatalogRecord] {
  /// The last verification of a snapshot at a destination, whatever its level.
  func lastVerification(of reference: SnapshotReference, at destination: String) -> VerificationRecord? {
    for record in reversed() {
      guard case .verification(let verification) = record.event, verification.host == reference.host,
        verification.set == reference.set, verification.snapshot == reference.snapshot.description,
        verification.destination == destination
      else { continue }
      return VerificationRecord(
        time: record.time.rfc3339, level: verification.level, result: verification.result)
    }
    return nil
  }
}
