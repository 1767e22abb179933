internal import Digests
internal import Files
internal import Index
internal import Policy
internal import Repository

/// Which stored volumes a run may go on referring to.
///
/// A volume is referred to again only if every destination of the set has it, while it is younger than its turn for
/// renewal, and while enough of it is still needed. What lives in the others is read from its source and sent again.
struct VolumeTrust {
  /// Chunks in volumes that are not referred to again.
  private let expiredChunks: Set<ChunkID>

  /// A volume dated further in the future was stored under a clock that was wrong: its age is not known.
  private static let clockTolerance: Int64 = 86400

  init(_ index: SetIndex, _ set: SetConfiguration, now: Timestamp) throws {
    var expired: Set<VolumeID> = []
    for volume in try index.volumes() {
      let stored = StoredVolume(volume.record)
      let isTrusted =
        stored?.isEverywhere ?? false
        && now.seconds - volume.uploaded < Self.turn(of: volume, stored, refresh: set.refresh)
        && volume.uploaded - now.seconds <= Self.clockTolerance
        && Double(volume.liveBytes) >= set.compact * Double(volume.plainBytes)
      if !isTrusted { expired.insert(volume.id) }
    }
    expiredChunks = try index.chunks(in: expired)
  }

  /// Whether anything must be sent again though its source has not changed.
  var hasExpired: Bool { !expiredChunks.isEmpty }

  func isTrusted(_ chunk: ChunkID) -> Bool { expiredChunks.isEmpty || !expiredChunks.contains(chunk) }

  /// Between half of `refresh` and all of it, by the volume's digest: what was stored in one night is not renewed in one.
  private static func turn(of volume: Index.VolumeRecord, _ stored: StoredVolume?, refresh: Int64) -> Int64 {
    let byte = stored?.record.digest.bytes.prefix(2).reduce(0) { $0 << 8 | Int64($1) } ?? 0
    return refresh / 2 + refresh / 2 * byte / 65536
  }
}

/// What the index keeps of a volume beside its own columns: its line of `volumes.tsv`, and whether every destination of
/// the set has it.
struct StoredVolume {
  var record: Repository.VolumeRecord
  var isEverywhere: Bool

  init(_ record: Repository.VolumeRecord, isEverywhere: Bool) {
    self.record = record
    self.isEverywhere = isEverywhere
  }

  init?(_ encoded: [UInt8]) {
    let lines = String(decoding: encoded, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, let record = Repository.VolumeRecord(line: lines[1]) else { return nil }
    self.record = record
    isEverywhere = lines[0] == "everywhere"
  }

  var encoded: [UInt8] { Array("\(isEverywhere ? "everywhere" : "partly")\n\(record.line)".utf8) }
}
