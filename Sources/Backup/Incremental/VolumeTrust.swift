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
    for volume in try index.volumes() {
      let stored = StoredVolume(volume.record)
      let isTrusted =
        stored?.isEverywhere ?? false
        && now.seconds - volume.uploaded < Self.turn(of: volume, stored, refresh: set.refresh)
        && volume.uploaded - now.seconds <= Self.clockTolerance
        && Self.outlives(stored, now.seconds, retention: set.retention)
        && Double(volume.liveBytes) >= set.compact * Double(volume.plainBytes)
      if !isTrusted { expired.insert(volume.id) }
    }
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

  /// Between half of `refresh` and all of it, by the volume's digest: what was stored in one night is not renewed in one.
  private static func turn(of volume: Index.VolumeRecord, _ stored: StoredVolume?, refresh: Int64) -> Int64 {
    let byte = stored?.record.digest.bytes.prefix(2).reduce(0) { $0 << 8 | Int64($1) } ?? 0
    return refresh / 2 + refresh / 2 * byte / 65536
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
