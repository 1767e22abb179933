internal import Archive
internal import Files
internal import Glibc
internal import Repository

/// A snapshot restored into a folder that goes again, to be compared with its manifest.
final class ScratchTree {
  private let folder: String
  let receiver: TreeReceiver

  /// - Parameter parent: an existing folder with room for the tree.
  init(in parent: String, _ manifest: Manifest) throws {
    folder = "\(parent)/redoubt-\(manifest.snapshot)-\(UInt32.random(in: .min ... .max))"
    guard mkdir(folder, 0o700) == 0 else {
      throw VerifyError(
        .target, "\(FileError("create folder", folder, .current))",
        hint: "name an existing folder with room for the tree with --scratch")
    }
    do {
      receiver = try TreeReceiver(
        target: folder, plan: try RestorePlan(manifest, paths: []), overwrite: false, devices: geteuid() == 0)
    } catch {
      rmdir(folder)
      throw error
    }
  }

  /// Completes the tree and compares it with the listing.
  ///
  /// What this machine could not set or make says nothing about the snapshot: differences at those paths are not reported.
  /// - Returns: the differences, and what could not be restored here.
  func finish(comparing manifest: Manifest) throws -> (findings: [Finding], limits: [TreeReceiver.Note]) {
    let limits = receiver.finish().filter { $0.cause != .damage }
    let limited = Set(limits.map(\.path))
    var findings: [Finding] = []
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    let entries = ListedEntries(listing)
    var comparison = TreeComparison(directory: folder)
    comparison.owners = geteuid() == 0
    try comparison.compare(entries) { difference in
      let isLimited = limited.contains(difference.path) && difference.code != .content
      if !isLimited { findings.append(Finding(difference)) }
    }
    if let error = entries.failure { throw error }
    return (findings, limits)
  }

  /// Removes the folder with all that is in it.
  func remove() { removeTree(folder) }
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
