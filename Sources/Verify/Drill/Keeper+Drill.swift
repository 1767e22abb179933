internal import Channels
internal import Files
internal import Glibc
internal import Policy
public import Repository
internal import Storage

/// Which snapshots to drill, and how.
public struct DrillRequest: Sendable, Equatable {
  public var selection: SnapshotSelection
  /// An existing folder with room for the tree; nil for the configured one.
  public var scratch: String?
  /// Restores with `recover-1.sh` and standard tools alone.
  public var standardTools = false
  /// Leaves the restored tree where it is.
  public var keepsTree = false
  /// Who drills, and why; recorded.
  public var by: String?
  public var note: String?

  public init(selection: SnapshotSelection) { self.selection = selection }
}

/// What became of one drill.
public struct DrillOutcome: Sendable, Equatable {
  public var drill: Drill
  /// Earlier drills of the same set that were sound: how long the tree took to be there, in seconds, oldest first.
  public var earlier: [Double]
  /// Where the tree was left.
  public var folder: String?
}

extension Keeper {
  /// Drills the restore of the chosen snapshots and records each.
  ///
  /// With several destinations of one snapshot each is drilled: a destination that cannot give the snapshot back is what a
  /// drill is to find.
  public func drill(_ request: DrillRequest) throws(VerifyError) -> (outcomes: [DrillOutcome], isComplete: Bool) {
    let state = try openState()
    return try drill(request, state)
  }

  func drill(
    _ request: DrillRequest, _ state: KeeperState
  ) throws(VerifyError) -> (outcomes: [DrillOutcome], isComplete: Bool) {
    let scratch = try scratchFolder(request)
    let decryptor = try makeDecryptor()
    var outcomes: [DrillOutcome] = []
    let isComplete = try forEachChosen(request.selection) {
      (node, destination, reader, reference) throws(VerifyError) in
      let phases = PhaseTimes()
      let tools = StandardTools(
        reader: reader, trusted: node.trustedSigners, gnupgHome: configuration.keys.gnupgHome, phases: phases,
        isCancelled: environment.isCancelled)
      let driller = Driller(
        configuration, environment, phases: phases, standardTools: request.standardTools ? tools : nil,
        keepsTree: request.keepsTree)
      var verifier = Verifier(
        opening: try ManifestOpening(node: node, decryptor: decryptor),
        workers: workerCount(configured: configuration.workers), environment: environment)
      verifier.driller = driller
      let seen = SeenVolumes()
      verifier.seen = seen
      let verification = try verifier.verify(
        reference, at: destination, reader: reader, level: .restored, scratch: scratch)
      var drill = Drill(
        verification, standardTools: request.standardTools, by: request.by, note: request.note)
      drill.entries = driller.manifest?.description.entries ?? 0
      drill.bytes = driller.manifest?.description.bytes ?? 0
      drill.age = environment.clock().seconds - reference.snapshot.started.seconds
      drill.seconds = driller.seconds
      drill.checks = driller.checks
      let earlier = state.records.soundDrills(of: drill)
      // A drill proves all that a verification to level restored does.
      try state.record(verification, seen, at: environment.clock())
      try state.append(.drill(drill), at: environment.clock())
      outcomes.append(DrillOutcome(drill: drill, earlier: earlier, folder: driller.keptFolder))
    }
    return (outcomes, isComplete)
  }

  /// The checks' user must reach the tree, so that the state folder, which is closed to others, is no place for root's.
  private func scratchFolder(_ request: DrillRequest) throws(VerifyError) -> String {
    if let chosen = request.scratch ?? configuration.drill.scratch { return chosen }
    if geteuid() == 0 { return "/var/tmp" }
    let folder = "\(configuration.state)/scratch"
    do { try Paths.makeFolders(folder) } catch { throw VerifyError(.target, "\(error)") }
    return folder
  }
}

extension [CatalogRecord] {
  fileprivate func soundDrills(of drill: Drill) -> [Double] {
    compactMap { record in
      guard case .drill(let earlier) = record.event, earlier.host == drill.host, earlier.set == drill.set,
        earlier.result == .sound, earlier.standardTools == drill.standardTools
      else { return nil }
      return earlier.seconds.restore
    }
  }
}
