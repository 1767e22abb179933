internal import Files
internal import Repository

/// The folder that a keeper keeps: lock and catalog.
///
/// One process at a time, held by the lock; not safe for concurrent use.
final class KeeperState {
  private let lock: FileLock
  private(set) var catalog: CatalogFile
  /// What was noticed while opening; for the operator.
  let notices: [String]

  /// - Throws: `.locked` where another run holds it; `.state` where the catalog's chain does not hold.
  init(folder: String, now: Timestamp) throws(VerifyError) {
    do throws(FileError) {
      try Paths.makeFolders(folder, mode: 0o700)
      guard let lock = try FileLock.acquire("\(folder)/lock") else { throw FileError("lock", folder, .wouldBlock) }
      self.lock = lock
    } catch {
      if error.errno == .wouldBlock {
        throw VerifyError(.locked, "another run holds \(folder)/lock", hint: "wait until it has ended")
      }
      throw VerifyError(
        .state, "\(error)", hint: "the state folder must be writable by the user that runs redoubt-verify")
    }
    catalog = try Self.openCatalog(folder, now: now)
    notices =
      catalog.tornLineFile.map {
        ["the catalog's last line was cut short by a crash; it was set aside in \($0)"]
      } ?? []
  }

  /// The records alone, for commands that change nothing; none where there is no catalog yet.
  static func records(in folder: String) throws(VerifyError) -> [CatalogRecord] {
    do { return try CatalogFile.records("\(folder)/catalog.jsonl") } catch { throw unusable(error) }
  }

  func append(_ event: CatalogEvent, at time: Timestamp) throws(VerifyError) {
    do { try catalog.append(event, at: time) } catch { throw VerifyError(.state, "\(error)") }
  }

  private static func openCatalog(_ folder: String, now: Timestamp) throws(VerifyError) -> CatalogFile {
    do { return try CatalogFile("\(folder)/catalog.jsonl", now: now) } catch { throw unusable(error) }
  }

  private static func unusable(_ error: CatalogError) -> VerifyError {
    VerifyError(
      .state, "\(error)",
      hint: error.code == .broken
        ? "the catalog was changed by something else; compare it with a copy, then move it away to begin a new one"
        : "the state folder must be readable and writable")
  }
}
