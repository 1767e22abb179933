internal import Files
internal import Repository

/// The folder that a keeper keeps: lock and catalog.
///
/// One process at a time, held by the lock; not safe for concurrent use.
final class KeeperState {
  private let lock: FileLock
  private let closing: (CatalogFile) -> Void
  private var hasRecorded = false
  private(set) var catalog: CatalogFile
  /// What was noticed while opening; for the operator.
  let notices: [String]
  /// What other catalogs of this keeper say: those of its other shards.
  private let others: [CatalogRecord]

  /// Everything that this keeper has recorded, by time.
  var records: [CatalogRecord] { others.isEmpty ? catalog.records : [others, catalog.records].merged }

  /// - Parameters:
  ///   - base: the state folder of the whole keeper, where this is a shard's.
  ///   - closing: called with the catalog in the end, however that comes, where something was recorded.
  /// - Throws: `.locked` where another run holds it; `.state` where the catalog's chain does not hold.
  init(
    folder: String, base: String? = nil, now: Timestamp, closing: @escaping (CatalogFile) -> Void = { _ in }
  ) throws(VerifyError) {
    self.closing = closing
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
    others = try Self.catalogs(in: base ?? folder, except: folder).merged
    notices =
      catalog.tornLineFile.map {
        ["the catalog's last line was cut short by a crash; it was set aside in \($0)"]
      } ?? []
  }

  // Every way out of a command comes by here, those by errors too, and the lock is still held.
  deinit { if hasRecorded { closing(catalog) } }

  /// The catalog of a state folder, for reading alone.
  static func reading(_ folder: String) throws(VerifyError) -> CatalogFile {
    do { return try CatalogFile(reading: "\(folder)/catalog.jsonl") } catch { throw unusable(error) }
  }

  /// The records alone, those of all shards, for commands that change nothing; none where there is no catalog yet.
  static func records(in folder: String) throws(VerifyError) -> [CatalogRecord] {
    try catalogs(in: folder, except: nil).merged
  }

  /// The records of each catalog of a keeper: its own and those of its shards.
  private static func catalogs(
    in folder: String, except own: String?
  ) throws(VerifyError) -> [[CatalogRecord]] {
    let shards: [String]
    do { shards = try Shard.folders(in: folder) } catch { throw VerifyError(.state, "\(error)") }
    var catalogs: [[CatalogRecord]] = []
    for folder in [folder] + shards where folder != own {
      do { catalogs.append(try CatalogFile.records("\(folder)/catalog.jsonl")) } catch { throw unusable(error) }
    }
    return catalogs
  }

  @discardableResult
  func append(_ event: CatalogEvent, at time: Timestamp) throws(VerifyError) -> CatalogRecord {
    hasRecorded = true
    do { return try catalog.append(event, at: time) } catch { throw VerifyError(.state, "\(error)") }
  }

  /// Moves records to an archive.
  func rotate(_ plan: CatalogFile.RotationPlan, at time: Timestamp) throws(VerifyError) -> Rotation? {
    hasRecorded = true
    do { return try catalog.rotate(plan, at: time) } catch {
      throw VerifyError(.state, "\(error)", hint: "the state folder needs room and must be writable")
    }
  }

  /// Records a verification; before it, of an incremental snapshot, which volumes were read: they lie in many folders.
  func record(_ verification: Verification, _ seen: SeenVolumes, at time: Timestamp) throws(VerifyError) {
    let volumes = VolumeList(names: seen.sound)
    if seen.manifest?.isIncremental == true, !volumes.isEmpty {
      try append(
        .proof(
          Proof(
            host: verification.host, set: verification.set, destination: verification.destination,
            level: min(verification.level, .readable), result: .sound, volumes: volumes)), at: time)
    }
    try append(.verification(verification), at: time)
  }

  private static func openCatalog(_ folder: String, now: Timestamp) throws(VerifyError) -> CatalogFile {
    do { return try CatalogFile("\(folder)/catalog.jsonl", mayBeRotated: true, now: now) } catch {
      throw unusable(error)
    }
  }

  private static func unusable(_ error: CatalogError) -> VerifyError {
    VerifyError(
      .state, "\(error)",
      hint: error.code == .broken
        ? "the catalog was changed by something else; compare it with a copy, then move it away to begin a new one"
        : "the state folder must be readable and writable")
  }
}
