public import Policy
public import Repository

/// What became of the rotation of one of a keeper's catalogs.
public struct CatalogRotation: Sendable {
  /// A shard's folder, `3-of-16`; empty for the keeper's own catalog.
  public var catalog: String
  /// How many records of each category would be or were moved.
  public var moved: [LogCategory: Int] = [:]
  /// Nil where nothing was moved.
  public var archive: Rotation?
  /// Why nothing could be moved: another run is at work (`.locked`), or the signature does not hold.
  public var failure: VerifyError?

  public var count: Int { moved.values.reduce(0, +) }
}

extension Keeper {
  /// Moves records that are older than their retention, and not needed, to archives: of the keeper's own catalog and of
  /// those of its shards, each under its own lock. One that cannot be rotated holds up no other.
  /// - Parameter isDryRun: only says what would be moved, and needs no lock.
  /// - Throws: `.state` where the shards' folders cannot be listed.
  public func rotateCatalogs(isDryRun: Bool) throws(VerifyError) -> [CatalogRotation] {
    let folders: [String]
    do { folders = [configuration.state] + (try Shard.folders(in: configuration.state)) } catch {
      throw VerifyError(.state, "\(error)")
    }
    // Only the keeper's own catalog tells what was pruned.
    var pruned: Set<String> = []
    var rotations: [CatalogRotation] = []
    for folder in folders {
      let name = folder == configuration.state ? "" : String(folder.split(separator: "/").last ?? "")
      var rotation = CatalogRotation(catalog: name)
      do { try rotate(folder, &pruned, isDryRun: isDryRun, &rotation) } catch { rotation.failure = error }
      rotations.append(rotation)
    }
    return rotations
  }

  private func rotate(
    _ folder: String, _ pruned: inout Set<String>, isDryRun: Bool, _ rotation: inout CatalogRotation
  ) throws(VerifyError) {
    let now = environment.clock()
    let state: KeeperState? = isDryRun ? nil : try openState(folder)
    let catalog = if let state { state.catalog } else { try KeeperState.reading(folder) }
    let needed = NeededRecords(catalog.records, pruned: &pruned, retention: configuration.logs, now: now)
    let plan = catalog.planRotation { needed.contains($0) }
    for record in plan.moved { rotation.moved[record.event.logCategory, default: 0] += 1 }
    guard let state, !plan.moved.isEmpty else { return }
    if let reason = try sealed(state) { throw VerifyError(.state, reason, hint: "nothing was moved") }
    rotation.archive = try state.rotate(plan, at: now)
  }

  /// What has been recorded is signed before any of it is moved.
  /// - Returns: why it cannot be.
  private func sealed(_ state: KeeperState) throws(VerifyError) -> String? {
    guard !configuration.keys.signer.isEmpty else { return nil }
    return try CatalogSeal(
      catalog: state.catalog, home: configuration.keys.gnupgHome, spec: configuration.keys.signer
    ).renew(at: environment.clock())
  }
}
