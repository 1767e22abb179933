internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository

/// Which stored volumes a run may go on referring to.
///
/// A volume is referred to again only if every destination of the set has it, while it is younger than its turn for
/// renewal, and while enough of it is still needed. What lives in the others is read from its source and sent again.
///
/// Where a destination's storage expires by itself, `SetConfiguration.objectLifetime` says why what is referred to stays
/// long enough. Each volume's own date is kept beside it, so that this holds too for volumes that were stored under
/// other settings: one that would not outlive a snapshot made now is sent again.
struct VolumeTrust {
  /// Chunks in volumes that are not referred to again.
  private let expiredChunks: Set<ChunkID>

  /// A volume dated further in the future was stored under a clock that was wrong: its age is not known.
  static let clockTolerance: Int64 = 86400

  init(_ index: SetIndex, _ set: SetConfiguration, now: Timestamp) throws {
    var expired: Set<VolumeID> = []
    var trusted: [Index.VolumeRecord] = []
    for volume in try index.volumes() {
      let stored = StoredVolume(volume.record)
      let isTrusted =
        stored?.isEverywhere ?? false
        && now.seconds - volume.uploaded < set.refresh
        && volume.uploaded - now.seconds <= Self.clockTolerance
        && Self.outlives(stored, now.seconds, retention: set.retention)
        && Double(volume.liveBytes) >= set.compact * Double(volume.plainBytes)
      if isTrusted { trusted.append(volume) } else { expired.insert(volume.id) }
    }
    expired.formUnion(Self.due(trusted, refresh: set.refresh, now: now.seconds))
    expiredChunks = try index.chunks(in: expired)
  }

  /// Whether anything must be sent again though its source has not changed.
  var hasExpired: Bool { !expiredChunks.isEmpty }

  func isTrusted(_ chunk: ChunkID) -> Bool { expiredChunks.isEmpty || !expiredChunks.contains(chunk) }

  /// Whether a volume is there for as long as a snapshot made now is to stay restorable.
  private static func outlives(_ stored: StoredVolume?, _ now: Int64, retention: Int64?) -> Bool {
    guard let retention else { return true }
    // One without a date was stored when nothing expired: no lock holds it.
    guard let expires = stored?.expires else { return false }
    return expires >= now + retention
  }

  /// The volumes that are renewed now, before their time, so that what was stored in one night is not renewed in one.
  ///
  /// All of what lives can be sent again in three quarters of `refresh` at a steady rate. As long as every volume, the
  /// oldest first, can still have its turn in time at that rate, nothing is sent; what could not is owed, and sent now.
  /// So a night's renewals are at most what its share of the time is at that rate, a third more than if they were spread
  /// over all of `refresh`, and in the long run a volume is renewed once in `refresh`. Nights without a run add up; how
  /// often the node runs does not matter. Volumes that were stored together are renewed together: what was near stays near.
  private static func due(_ volumes: [Index.VolumeRecord], refresh: Int64, now: Int64) -> [VolumeID] {
    let oldestFirst = volumes.sorted { ($0.uploaded, $0.id.number) < ($1.uploaded, $1.id.number) }
    // Bytes a second.
    let rate = Double(volumes.reduce(0) { $0 + $1.liveBytes }) / (Double(refresh) * 3 / 4)
    var sum = 0.0
    var owed = 0.0
    for volume in oldestFirst {
      sum += Double(volume.liveBytes)
      owed = max(owed, sum - rate * Double(volume.uploaded + refresh - now))
    }
    var sent = 0.0
    return oldestFirst.prefix { volume in
      sent += Double(volume.liveBytes)
      return sent <= owed
    }.map(\.id)
  }
}

/// What the index keeps of a volume beside its own columns: its line of `volumes.tsv`, whether every destination of the
/// set has it, and until when a destination that expires by itself keeps it.
struct StoredVolume {
  var record: Repository.VolumeRecord
  var isEverywhere: Bool
  /// Seconds since 1970; nil where it was stored without such a date.
  var expires: Int64?

  init(_ record: Repository.VolumeRecord, isEverywhere: Bool, expires: Int64?) {
    self.record = record
    self.isEverywhere = isEverywhere
    self.expires = expires
  }

  init?(_ encoded: [UInt8]) {
    let lines = String(decoding: encoded, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, let record = Repository.VolumeRecord(line: lines[1]) else { return nil }
    self.record = record
    let words = lines[0].split(separator: " ")
    isEverywhere = words.first == "everywhere"
    expires = words.dropFirst().first.flatMap { Int64($0) }
  }

  var encoded: [UInt8] {
    Array("\(isEverywhere ? "everywhere" : "partly")\(expires.map { " \($0)" } ?? "")\n\(record.line)".utf8)
  }
}
