internal import Policy
public import Repository
public import Storage

extension Keeper {
  /// Plans what pruning would delete, set by set and destination by destination. Deletes nothing.
  /// - Throws: `.target` where the configuration has no rules; where a destination cannot be listed or a manifest not be
  ///   checked.
  public func planPrune(
    _ selection: SnapshotSelection, options: PruneOptions = PruneOptions()
  ) throws(VerifyError) -> [PrunePlan] {
    guard !configuration.keep.isEmpty else {
      throw VerifyError(
        .target, "the configuration does not say what to keep", hint: "add a [keep] table; redoubt.toml(5) explains it")
    }
    let records = try KeeperState.records(in: configuration.state)
    let decryptor = try makeDecryptor()
    var plans: [PrunePlan] = []
    for (node, name, reader) in try places(selection) {
      guard let destination = configuration.destinations.first(where: { $0.name == name }) else { continue }
      let planner = PrunePlanner(
        node: node, destination: destination, reader: reader,
        opening: try ManifestOpening(node: node, decryptor: decryptor), rules: configuration.keep, options: options,
        records: records, now: environment.clock())
      let finder = SnapshotFinder(host: node.host, destination: name, reader: reader)
      for set in selection.sets.isEmpty ? try finder.sets() : selection.sets { plans.append(try planner.plan(set)) }
    }
    return plans
  }

  /// Carries plans out, those without refusals: manifests first, so that no snapshot is ever left without its volumes.
  /// Each plan's outcome is recorded, also where it was cut short.
  /// - Parameter removers: by destination.
  /// - Throws: where an object could not be deleted; what was deleted until then is recorded.
  public func prune(_ plans: [PrunePlan], removers: [String: any ObjectRemover]) throws(VerifyError) -> [Pruned] {
    let state = try openState()
    var results: [Pruned] = []
    for plan in plans where plan.refusals.isEmpty && !plan.objects.isEmpty {
      guard let remover = removers[plan.destination] else { continue }
      var done: (objects: Int, bytes: UInt64) = (0, 0)
      var failure: VerifyError?
      for object in plan.objects {
        if environment.isCancelled() {
          failure = VerifyError(.cancelled, "stopped by a signal")
          break
        }
        do throws(StorageError) {
          try remover.remove(object.key)
          done = (done.objects + 1, done.bytes + object.size)
        } catch {
          failure = VerifyError(
            .storage, "cannot delete from \(plan.destination): \(error)",
            hint: error.code == .denied ? "pruning needs DeleteObject, which no other command does" : error.hint)
          break
        }
      }
      if let batching = remover as? any BatchingStore {
        // Gathered, and deleted at once or not at all.
        do throws(StorageError) {
          if failure == nil { try batching.flush("prune \(plan.host)/\(plan.set)") }
        } catch {
          failure = VerifyError(.storage, "cannot delete from \(plan.destination): \(error)", hint: error.hint)
        }
        if failure != nil {
          batching.discard()
          done = (0, 0)
        }
      }
      let pruned = Pruned(
        host: plan.host, set: plan.set, destination: plan.destination, snapshots: plan.dropped, objects: done.objects,
        bytes: done.bytes, complete: failure == nil)
      try state.append(.prune(pruned), at: environment.clock())
      if let failure { throw failure }
      results.append(pruned)
    }
    return results
  }
}
