internal import Archive
internal import Files
internal import Repository

/// A snapshot restored into a scratch folder, to be compared with its manifest.
struct ScratchTree {
  let folder: String

  /// Compares the complete tree with the listing.
  ///
  /// What this machine could not set or make says nothing about the snapshot: differences at those paths are not reported.
  /// - Parameter limits: what could not be restored here.
  func compare(
    _ manifest: Manifest, limits: [RestoreNote], isCancelled: @escaping @Sendable () -> Bool, report: (Finding) -> Void
  ) throws {
    let limited = Set(limits.map(\.path))
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    let entries = ListedEntries(listing)
    var comparison = TreeComparison(directory: folder)
    comparison.owners = ServiceUser.canChangeOwners
    comparison.opensClosed = true
    comparison.isCancelled = isCancelled
    do {
      try comparison.compare(entries) { difference in
        let isLimited = limited.contains(difference.path) && difference.code != .content
        if !isLimited { report(Finding(difference)) }
      }
    } catch {
      if isCancelled() { throw VerifyError(.cancelled, "stopped by a signal") }
      throw error
    }
    if let error = entries.failure { throw error }
  }
}

/// A cursor's entries as a sequence; what stopped it early is kept.
private final class ListedEntries: Sequence, IteratorProtocol {
  private let cursor: ListingCursor
  private(set) var failure: (any Error)?

  init(_ cursor: ListingCursor) { self.cursor = cursor }

  func next() -> Entry? {
    do { return try cursor.next() } catch {
      failure = error
      return nil
    }
  }
}

extension Finding {
  init(_ difference: TreeDifference) {
    let code: Code =
      switch difference.code {
      case .missing: .entryMissing
      case .unexpected: .entryUnexpected
      case .metadata: .metadataMismatch
      case .content: .contentMismatch
      }
    self.init(code, difference.path.displayPath, difference.detail)
  }
}
