public import Archive
internal import Repository

extension Keeper {
  /// Calls `body` with each entry of the chosen snapshots whose path matches, snapshot by snapshot in the order of `list`,
  /// each looked at once, wherever it is stored.
  ///
  /// A snapshot that cannot be looked into is told as a notice, and makes the result false.
  /// - Returns: whether every chosen snapshot was looked into; false also where there was none.
  /// - Throws: what `body` throws, and `VerifyError` where nothing could be listed.
  public func find(
    _ pattern: PathPattern, in selection: SnapshotSelection, _ body: (SnapshotReference, Entry) throws -> Void
  ) throws -> Bool {
    var references: [SnapshotReference] = []
    for listed in try list(selection) where listed.isFinished && references.last != listed.reference {
      references.append(listed.reference)
    }
    var isComplete = !references.isEmpty
    for reference in references {
      if environment.isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      let manifest: Manifest
      do throws(VerifyError) {
        manifest = try open(
          SnapshotSelection(
            hosts: [reference.host], sets: [reference.set], destinations: selection.destinations,
            snapshots: .one(reference.snapshot))
        ).1
      } catch {
        if error.code == .keys { throw error }
        environment.observe(.notice("\(reference) was not searched: \(error)"))
        isComplete = false
        continue
      }
      try manifest.forEachEntry { (entry: Entry) in
        if pattern.matches(entry.path, isDirectory: entry.kind == .directory) { try body(reference, entry) }
      }
    }
    return isComplete
  }
}
