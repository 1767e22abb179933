internal import Digests
public import Files
internal import FoundationEssentials
internal import Glibc
public import Repository

/// The folder that a node keeps between runs: lock, catalog, epoch and what is still to be delivered.
///
/// It is a cache of what storage holds already: losing it costs a new epoch (and in incremental mode a complete
/// upload), never data. One process at a time, held by the lock; not safe for concurrent use.
public final class NodeState {
  /// `node.json`: which epoch this is and how far its catalog has been sealed into segments.
  private struct Position: Codable {
    var v = 1
    var epoch: String
    /// Records that are in a segment already.
    var sealedRecords = 0
    /// The next segment's number, from 1.
    var nextSegment = 1
    /// By destination, the version of the recovery script that was stored there.
    var recovery: [String: String] = [:]
    /// By set, the publications that the index may stand at: the last one and, while a run ends, the one before.
    var publications: [String: [String]] = [:]
    /// By set, the places of destinations that missed a snapshot: each has snapshots of its own since.
    var apart: [String: [String]]?
    /// By set, how its sources were found by the last run that stored them; nil in files of older versions.
    var marks: [String: SourceMark]?
  }

  public let folder: String
  private let lock: FileLock
  private var position: Position
  public private(set) var epoch: Epoch
  public private(set) var catalog: CatalogFile
  /// What was noticed while opening; for the operator.
  public private(set) var notices: [String] = []

  /// Opens the state, or begins a new epoch where there is none.
  /// - Parameter random: 32 random bits for a new epoch's name.
  /// - Throws: `.locked` where another run holds it; `.state` where it cannot be read or written, or the catalog's
  ///   chain does not hold.
  public init(folder: String, now: Timestamp, random: UInt32) throws(BackupError) {
    self.folder = folder
    do throws(FileError) {
      try Paths.makeFolders(folder, mode: 0o700)
      guard let lock = try FileLock.acquire("\(folder)/lock") else {
        throw FileError("lock", folder, .wouldBlock)
      }
      self.lock = lock
    } catch {
      if error.errno == .wouldBlock {
        throw BackupError(.locked, "another run holds \(folder)/lock", hint: "wait until it has ended")
      }
      throw BackupError(.state, "\(error)", hint: "the state folder must be writable by the user that runs redoubt")
    }
    let positionFile = "\(folder)/node.json"
    let catalogFile = "\(folder)/catalog.jsonl"
    if Paths.exists(positionFile) {
      position = try Self.readPosition(positionFile)
      guard let epoch = Epoch(position.epoch) else {
        throw BackupError(.state, "\(positionFile): \(position.epoch) is not an epoch", hint: Self.renewalHint)
      }
      self.epoch = epoch
      catalog = try Self.openCatalog(catalogFile, now: now)
      guard catalog.records.count >= position.sealedRecords else {
        throw BackupError(
          .state, "\(catalogFile) has \(catalog.records.count) records where \(position.sealedRecords) were stored",
          hint: Self.renewalHint)
      }
    } else {
      epoch = Epoch(began: now, random: random)
      position = Position(epoch: epoch.description)
      // A catalog without its position belongs to a life that is over.
      if Paths.exists(catalogFile), rename(catalogFile, "\(catalogFile).before-\(epoch)") != 0 {
        throw BackupError(.state, "\(FileError("rename", catalogFile, .current))")
      }
      catalog = try Self.openCatalog(catalogFile, now: now)
      try savePosition()
    }
    if let torn = catalog.tornLineFile {
      notices.append("the catalog's last line was cut short by a crash; it was set aside in \(torn)")
    }
    try dropUnannouncedSegments()
  }

  private static let renewalHint = "move the state folder away to begin a new epoch; the keeper will report it"

  /// Begins a new epoch: storage holds records that this state does not know of, so it is older than what it once wrote.
  public func beginEpoch(now: Timestamp, random: UInt32) throws(BackupError) {
    let old = epoch
    let catalogFile = catalog.path
    if Paths.exists(catalogFile), rename(catalogFile, "\(catalogFile).\(old)") != 0 {
      throw BackupError(.state, "\(FileError("rename", catalogFile, .current))")
    }
    epoch = Epoch(began: now, random: random)
    position = Position(epoch: epoch.description)
    // Left behind, a segment of the old epoch would be sent as one of the new.
    do throws(FileError) {
      let media = try fileNames("\(folder)/outbox").filter { $0.contains("@") }
      guard removeTree("\(folder)/outbox") else { throw FileError("empty", "\(folder)/outbox", .current) }
      for medium in media { try Paths.makeFolders(outbox(medium)) }
    } catch {
      throw BackupError(.state, "\(error)", hint: "the state folder must be writable")
    }
    try savePosition()
    catalog = try Self.openCatalog(catalogFile, now: now)
  }

  // MARK: Segments

  /// Seals the records that are in no segment yet and puts the segment into each destination's outbox.
  /// - Parameter encrypt: signs and encrypts the lines.
  public func seal(
    for destinations: [String], encrypt: ([UInt8]) throws -> [UInt8]
  ) throws {
    guard catalog.records.count > position.sealedRecords else { return }
    let message = try encrypt(try catalog.lines(after: position.sealedRecords))
    for destination in destinations {
      try Paths.makeFolders(outbox(destination))
      try FileContent.write(message, to: "\(outbox(destination))/\(position.nextSegment)")
    }
    position.sealedRecords = catalog.records.count
    position.nextSegment += 1
    try savePosition()
  }

  /// A segment that a destination has not acknowledged.
  public struct PendingSegment: Sendable {
    public let number: Int
    public let content: [UInt8]
    /// Whether an earlier try may have stored it without our learning of it.
    public let attempted: Bool
  }

  /// The numbers of a destination's undelivered segments, in order.
  /// - Throws: where the outbox cannot be read: an error there must not pass for an empty one.
  public func pendingSegments(_ destination: String) throws(FileError) -> [Int] {
    Set(try fileNames(outbox(destination)).compactMap(Self.segmentNumber)).sorted()
  }

  /// `3` or `3.tried`; what a killed run left of writing one (`3.1f0a99c2.tmp`) is none.
  private static func segmentNumber(_ name: String) -> Int? {
    Int(name.hasSuffix(".tried") ? String(name.dropLast(6)) : name)
  }

  public func pendingSegment(_ destination: String, _ number: Int) throws(FileError) -> PendingSegment {
    let path = "\(outbox(destination))/\(number)"
    let attempted = Paths.exists("\(path).tried")
    return PendingSegment(
      number: number, content: try FileContent.read(attempted ? "\(path).tried" : path), attempted: attempted)
  }

  /// To be called before a segment is sent: from here on it may be stored.
  public func markAttempted(_ destination: String, _ number: Int) throws(FileError) {
    let path = "\(outbox(destination))/\(number)"
    guard rename(path, "\(path).tried") == 0 || errno == ENOENT else { throw FileError("rename", path, .current) }
    try FileContent.syncFolder(outbox(destination))
  }

  public func markDelivered(_ destination: String, _ number: Int) {
    unlink("\(outbox(destination))/\(number).tried")
    unlink("\(outbox(destination))/\(number)")
  }

  // MARK: Media

  /// The outboxes of a removable destination: one for each medium that was ever there; until there was one, that of the
  /// first to come.
  func outboxes(ofMediaOf destination: String) throws(FileError) -> [String] {
    let known = try fileNames("\(folder)/outbox").filter { $0.hasPrefix("\(destination)@") }
    return known.isEmpty ? [destination] : known
  }

  /// The outbox of a medium that is there. What waited for the first one is its.
  func outbox(ofMedium id: String, of destination: String) throws(FileError) -> String {
    let name = "\(destination)@\(id)"
    if Paths.exists(outbox(name)) { return name }
    if Paths.exists(outbox(destination)) {
      guard rename(outbox(destination), outbox(name)) == 0 else {
        throw FileError("rename", outbox(destination), .current)
      }
    } else {
      try Paths.makeFolders(outbox(name))
    }
    return name
  }

  // MARK: Recovery files

  public func needsRecovery(_ destination: String, version: String) -> Bool {
    position.recovery[destination] != version
  }

  public func recoveryStored(_ destination: String, version: String) throws(BackupError) {
    position.recovery[destination] = version
    try savePosition()
  }

  // MARK: Index

  public var publications: [String: [String]] { position.publications }

  /// To be called before the index publishes; with none where a destination has lost what the index knows of.
  public func rememberPublications(_ names: [String], of set: String) throws(BackupError) {
    position.publications[set] = names
    try savePosition()
  }

  /// To be called where a view begins anew.
  func forgetPublications(of view: String) throws(BackupError) {
    guard position.publications.removeValue(forKey: view) != nil else { return }
    try savePosition()
  }

  /// The places of a set's destinations that missed a snapshot: see `RunGroup`.
  func apart(_ set: String) -> [String] { position.apart?[set] ?? [] }

  func setApart(_ places: [String], of set: String) throws(BackupError) {
    guard apart(set) != places else { return }
    position.apart = position.apart ?? [:]
    position.apart?[set] = places.isEmpty ? nil : places
    try savePosition()
  }

  /// To be called where there is no index: everything is sent once more, to all of them together.
  func joinAll() throws(BackupError) {
    guard position.apart?.isEmpty == false else { return }
    position.apart = nil
    try savePosition()
  }

  /// To be called where a destination turned out to be gone: what takes its place has no recovery files.
  public func forgetRecovery(_ destination: String) throws(BackupError) {
    guard position.recovery.removeValue(forKey: destination) != nil else { return }
    try savePosition()
  }

  // MARK: Sources

  /// How the sources of a set were found by the last run that stored them somewhere.
  func mark(of set: String) -> SourceMark? { position.marks?[set] }

  /// - Parameter mark: nil where nothing is known any more.
  func setMark(_ mark: SourceMark?, of set: String) throws(BackupError) {
    guard position.marks?[set] != mark else { return }
    position.marks = position.marks ?? [:]
    position.marks?[set] = mark
    try savePosition()
  }

  // MARK: Files

  private func outbox(_ destination: String) -> String { "\(folder)/outbox/\(destination)" }

  /// A crash between filling the outboxes and saving the position leaves segments that will be sealed anew, and one while
  /// a segment is written leaves a part of it under another name.
  private func dropUnannouncedSegments() throws(BackupError) {
    do throws(FileError) {
      for destination in try fileNames("\(folder)/outbox") {
        for number in try pendingSegments(destination) where number >= position.nextSegment {
          markDelivered(destination, number)
        }
        // Nobody else writes here: this run holds the lock.
        for name in try fileNames(outbox(destination)) where Self.segmentNumber(name) == nil {
          unlink("\(outbox(destination))/\(name)")
        }
      }
    } catch {
      throw BackupError(.state, "\(error)", hint: "the state folder must be readable")
    }
  }

  private static func readPosition(_ path: String) throws(BackupError) -> Position {
    do {
      let position = try JSONDecoder().decode(
        Position.self, from: Data(try FileContent.read(path, maximumLength: 1 << 20)))
      guard position.v == 1 else {
        throw BackupError(
          .state, "\(path) was written by a newer redoubt (version \(position.v))", hint: "upgrade redoubt")
      }
      return position
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError(.state, "\(path) cannot be read: \(error)", hint: renewalHint)
    }
  }

  private func savePosition() throws(BackupError) {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      try FileContent.write([UInt8](try encoder.encode(position)), to: "\(folder)/node.json")
    } catch {
      throw BackupError(.state, "\(error)", hint: "the state folder needs room and must be writable")
    }
  }

  private static func openCatalog(_ path: String, now: Timestamp) throws(BackupError) -> CatalogFile {
    do throws(CatalogError) { return try CatalogFile(path, now: now) } catch {
      throw BackupError(.state, "\(error)", hint: renewalHint)
    }
  }
}

/// The names in a folder, sorted; none where there is no such folder.
private func fileNames(_ folder: String) throws(FileError) -> [String] {
  guard let directory = opendir(folder) else {
    if errno == ENOENT { return [] }
    throw FileError("open", folder, .current)
  }
  defer { closedir(directory) }
  var names: [String] = []
  while true {
    // readdir(3) gives NULL at the end and on an error alike; errno tells which.
    errno = 0
    guard let entry = readdir(directory) else { break }
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  guard errno == 0 else { throw FileError("read", folder, .current) }
  return names.sorted()
}
