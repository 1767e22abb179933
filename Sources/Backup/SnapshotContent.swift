internal import Archive
internal import Files
internal import Policy
internal import Repository

/// What packing a set's sources came to.
struct SnapshotContent {
  var entries = 0
  var files = 0
  /// Bytes of content of all files.
  var bytes: UInt64 = 0
  private(set) var findings: [Finding] = []
  private(set) var findingCount = 0

  /// A manifest lists at most so many findings: memory stays bounded where a whole tree cannot be read.
  static let findingLimit = 10_000

  mutating func add(_ finding: Finding) {
    findingCount += 1
    if findings.count < Self.findingLimit { findings.append(finding) }
  }
}

extension SetConfiguration {
  func walker() throws(BackupError) -> TreeWalker {
    do throws(ArchiveError) {
      return try treeWalker()
    } catch {
      throw BackupError(.configuration, "set \(name): \(error)", hint: error.hint)
    }
  }
}

/// What a set's sources hold, by their metadata alone.
enum SourceSurvey {
  static func survey(_ set: SetConfiguration, report: (Finding) -> Void) throws(BackupError) -> SnapshotContent {
    var content = SnapshotContent()
    try set.walker().walk(
      visit: { found throws(BackupError) in
        content.entries += 1
        if found.status.kind == .file {
          content.files += 1
          content.bytes += found.entry.size
        }
      },
      report: { finding throws(BackupError) in
        let finding = Finding(finding)
        report(finding)
        content.add(finding)
      })
    return content
  }
}
