internal import Archive
internal import Digests
internal import Files
internal import Policy
internal import Repository

/// How a set's sources looked when they were last stored.
struct SourceMark: Codable, Equatable {
  var digest: String
  /// The snapshot that holds them. Where the clock was set back, its id is later than its time.
  var snapshot: String
  /// When it was stored, by the clock; in seconds since 1970.
  var stored: Int64
  /// Whether every destination has that snapshot, without a finding that another run could mend.
  var isComplete: Bool
  /// Fingerprints of the keys that can open it.
  var recipients: [String]
}

/// What a walk tells of a set's sources, as one number: kind, owner, mode, size, times, inode and link of every entry, and
/// what of the configuration decides what is stored. Nothing is opened or read.
enum SourceDigest {
  /// A change may come within the clock's granularity after a file was looked at and leave the same times: what is as young
  /// as this, in seconds, is not relied on.
  private static let granularity: Int64 = 2

  /// - Returns: nil where something has changed just now, or the sources cannot be walked at all.
  static func of(_ set: SetConfiguration, in node: NodeConfiguration, now: Timestamp) -> SHA256Digest? {
    guard !set.paths.isEmpty else { return nil }
    let hash = SHA256()
    func add(_ text: String) { hash.update(Array(text.utf8) + [0]) }
    add("1 \(set.mode.rawValue) \(set.dataClass) \(set.excludeCaches) \(set.oneFileSystem)")
    for destination in node.destinations where set.destinations.contains(destination.name) { add(destination.place) }
    for text in set.paths + [""] + set.exclude + [""] + node.keys.recipients { add(text) }
    var isYoung = false
    do {
      try set.walker().walk(
        visit: { found throws(BackupError) in
          let status = found.status
          isYoung = isYoung || abs(status.changed.seconds(since: now)) <= granularity
          hash.update(found.entry.path + [0])
          if case .symbolicLink(let target) = found.entry.kind { hash.update(target + [0]) }
          add(
            "\(status.kind.rawValue) \(status.mode) \(status.owner) \(status.group) \(status.size) "
              + "\(status.specialDevice) \(status.modified.seconds) \(status.modified.nanoseconds) "
              + (set.ignoreCtime ? "" : "\(status.changed.seconds) \(status.changed.nanoseconds) ")
              + (set.ignoreInode ? "" : "\(status.inode)"))
        },
        report: { finding throws(BackupError) in
          let finding = Finding(finding)
          add("\(finding.code.rawValue) \(finding.path)")
        })
    } catch {
      // What is wrong is told by the run that follows.
      return nil
    }
    return isYoung ? nil : hash.finish()
  }
}

extension NodeConfiguration {
  /// Whether a set's class is backed up after each change: its runs look first whether there was any.
  func isLookedAt(_ set: SetConfiguration) -> Bool {
    frequencies[set.dataClass]?.frequency == .afterEachChange
  }
}
