internal import Files
internal import Repository

/// What a run found of one place's volumes, by their names, and which of its proofs are not recorded yet.
struct VolumeProofs {
  private(set) var proven: Set<String> = []
  private(set) var damaged: [String: Finding] = [:]
  private var pending: [String] = []
  private var pendingBytes: UInt64 = 0
  private var pendingSince: Timestamp

  /// A proof is recorded after so many seconds at the latest: a crash costs no more.
  private static let recordEvery: Int64 = 600

  init(now: Timestamp) { pendingSince = now }

  /// - Returns: whether that is new.
  mutating func prove(_ volume: String, bytes: UInt64) -> Bool {
    guard proven.insert(volume).inserted else { return false }
    pending.append(volume)
    pendingBytes += bytes
    return true
  }

  mutating func damage(_ volume: String, _ finding: Finding) {
    damaged[volume] = finding
    proven.remove(volume)
  }

  func isRecordDue(_ now: Timestamp) -> Bool { now.seconds(since: pendingSince) >= Self.recordEvery }

  /// What another record tells of already.
  mutating func forgetPending() { pending = [] }

  /// What is to be recorded; nil where nothing is.
  /// - Returns: the volumes, the bytes read of them, and since when.
  mutating func takePending(_ now: Timestamp) -> (volumes: VolumeList, bytes: UInt64, since: Timestamp)? {
    let list = VolumeList(names: pending.filter { proven.contains($0) })
    defer { (pending, pendingBytes, pendingSince) = ([], 0, now) }
    return list.isEmpty ? nil : (list, pendingBytes, pendingSince)
  }
}
