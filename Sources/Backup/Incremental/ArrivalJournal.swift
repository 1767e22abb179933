internal import Channels
internal import Digests
internal import Files
internal import Glibc
internal import Index
internal import Repository

/// The volumes that storage has acknowledged and the index has not taken in yet: one line each, in a file of the state
/// folder for each set.
///
/// The index belongs to the thread that reads the sources, which may be busy in a large file when a volume arrives. So
/// the thread that uploaded it writes a line here before anybody learns of the arrival, and the next run's start takes
/// into the index what the killed run's reading thread did not come to. Of what was acknowledged, only a volume whose
/// answer was on its way, or came in the microseconds between reading it and the end of one `write`, is sent again.
///
/// Why that never makes an index refer to what it should not:
/// - a line counts only for the epoch, the publication and the destinations that it was written under (`context`), so it
///   is void in another life of the state, after a later publication, and where a destination was added or removed;
/// - the file is emptied, durably, before a publication is committed: what that forgets is not learned again from here;
/// - it goes with the index: where that is begun anew, nothing of it is read (`discardAll`);
/// - a run of the set begins with taking it in, so a line's volume lies in the folder of the run just before: newer than
///   the newest finished snapshot, where pruning deletes nothing;
/// - a line that is cut short, or damaged, does not have its own digest and is passed over.
///
/// A kill loses nothing of it; a loss of power may, which costs sending those volumes once more.
final class ArrivalJournal: Sendable {
  private let path: String
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var context = ""
  private nonisolated(unsafe) var file: Int32 = -1
  /// Arrivals that the index does not have yet.
  private nonisolated(unsafe) var outstanding = 0
  /// Whether a line may be incomplete: none is added to it.
  private nonisolated(unsafe) var isTorn = false

  /// - Parameter folder: the state folder.
  init(folder: String, set: String) { path = "\(Self.folder(folder))/\(set)" }

  deinit { if file >= 0 { close(file) } }

  private static func folder(_ state: String) -> String { "\(state)/arrivals" }

  /// Forgets all sets' arrivals: their index is gone.
  /// - Throws: where a file stays.
  static func discardAll(folder state: String) throws(FileError) {
    guard Paths.exists(folder(state)) else { return }
    guard removeTree(folder(state)) else { throw FileError("remove", folder(state), .current) }
    try FileContent.syncFolder(state)
  }

  /// What makes a line count: the same epoch, the same last publication of the set, the same destinations.
  static func context(epoch: Epoch, published: String?, places: [String]) -> String {
    SHA256.digest(Array(([epoch.description, published ?? ""] + places).joined(separator: "\n").utf8)).hex
  }

  /// A volume that has arrived.
  struct Entry {
    /// When it was sealed: seconds since 1970.
    var time: Int64
    var volume: StoredVolume
    var chunks: [(digest: SHA256Digest, length: Int)]
  }

  // MARK: Reading

  /// What an earlier run has left, as far as it counts.
  func entries(_ context: String) throws(FileError) -> [Entry] {
    guard Paths.exists(path) else { return [] }
    return try FileContent.read(path).split(separator: UInt8(ascii: "\n")).compactMap { Self.read($0, context) }
  }

  private static func read(_ line: ArraySlice<UInt8>, _ context: String) -> Entry? {
    let text = Substring(decoding: line, as: UTF8.self)
    guard let tab = text.firstIndex(of: "\t"), SHA256Digest(hex: text[..<tab]) == digest(of: text[tab...].utf8)
    else { return nil }
    // context, time, whether everywhere, expiry, nine of the volume's, chunks
    let fields = text[tab...].dropFirst().split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 14, fields[0] == context, let time = Int64(fields[1]),
      let volume = Repository.VolumeRecord(line: Substring(fields[4..<13].joined(separator: "\t")))
    else { return nil }
    var chunks: [(digest: SHA256Digest, length: Int)] = []
    for chunk in fields[13].split(separator: " ") {
      guard let colon = chunk.firstIndex(of: ":"), let digest = SHA256Digest(hex: chunk[..<colon]),
        let length = Int(chunk[colon...].dropFirst())
      else { return nil }
      chunks.append((digest, length))
    }
    return Entry(
      time: time,
      volume: StoredVolume(volume, isEverywhere: fields[2] == "everywhere", expires: Int64(fields[3])),
      chunks: chunks)
  }

  private static func digest(of bytes: some Sequence<UInt8>) -> SHA256Digest { SHA256.digest(Array(bytes)) }

  // MARK: Writing

  /// To be called before volumes are sent, and after each publication.
  func begin(_ context: String) { monitor.locked { self.context = context } }

  /// Notes an arrival; on the thread that uploaded it, before anybody else learns of it.
  func append(_ entry: Entry) {
    monitor.locked {
      outstanding += 1
      guard !isTorn else { return }
      do throws(FileError) {
        if file < 0 { try open() }
        try FileContent.writeAll(line(entry), to: file, path: path)
      } catch {
        // It only spares sending a volume again after a kill. The index, beside it, tells of a full disk.
        isTorn = true
      }
    }
  }

  private func open() throws(FileError) {
    try Paths.makeFolders(Paths.parent(path), mode: 0o700)
    file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileError("open", path, .current) }
  }

  private func line(_ entry: Entry) -> [UInt8] {
    let volume = entry.volume
    var text = "\t\(context)\t\(entry.time)\t\(volume.isEverywhere ? "everywhere" : "partly")\t"
    text += "\(volume.expires.map(String.init) ?? "-")\t\(volume.record.line.dropLast())\t"
    var bytes = Array(text.utf8)
    bytes.reserveCapacity(bytes.count + entry.chunks.count * 74)
    for (digest, length) in entry.chunks { bytes += "\(digest):\(length) ".utf8 }
    return Array(SHA256.digest(bytes).hex.utf8) + bytes + [UInt8(ascii: "\n")]
  }

  /// To be called when the index has some of the arrivals.
  func taken(_ count: Int) {
    monitor.locked {
      outstanding -= count
      guard outstanding == 0, file >= 0 else { return }
      // Where this fails, the index has every volume under its name already.
      if ftruncate(file, 0) == 0 { isTorn = false }
    }
  }

  /// Empties the file so that a loss of power does not bring its lines back: to be called before the index publishes.
  func clear() throws(FileError) {
    try monitor.locked { () throws(FileError) in
      guard file >= 0 || Paths.exists(path) else { return }
      if file < 0 { try open() }
      var status = stat()
      // Empty already, it may only just have become so: synced in any case, which costs nothing where nothing is pending.
      let isEmpty = fstat(file, &status) == 0 && status.st_size == 0
      guard isEmpty || ftruncate(file, 0) == 0, fsync(file) == 0 else { throw FileError("empty", path, .current) }
      (outstanding, isTorn) = (0, false)
    }
  }
}

extension SetIndex {
  /// Takes in a volume that storage has, with its chunks.
  func add(_ entry: ArrivalJournal.Entry, chunks: [NewChunk]) throws(IndexError) -> VolumeID {
    var stored = entry.volume
    let volume = try addVolume(
      stored.record.name, uploaded: entry.time, storedBytes: stored.record.size, record: [], chunks: chunks)
    stored.record.id = Int(volume.number)
    try setRecord(of: volume, stored.encoded)
    return volume
  }

  /// Takes in what a killed run has left in its journal. Staged files know nothing of it: chunks that are new get new
  /// numbers.
  /// - Returns: how many volumes were not known.
  func takeIn(_ entries: [ArrivalJournal.Entry]) throws(IndexError) -> Int {
    guard !entries.isEmpty else { return 0 }
    let known = Set(try volumes().map(\.name))
    var count = 0
    for entry in entries where !known.contains(entry.volume.record.name) {
      var chunks: [NewChunk] = []
      for (digest, length) in entry.chunks {
        chunks.append(NewChunk(id: try chunk(digest)?.id ?? reserveChunkID(), digest: digest, length: length))
      }
      _ = try add(entry, chunks: chunks)
      count += 1
    }
    return count
  }
}
