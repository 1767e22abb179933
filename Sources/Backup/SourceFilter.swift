internal import Archive
internal import Files
public import Policy

/// What of a set's sources is left out, for whoever follows their changes.
public struct SourceFilter: Sendable {
  private let rules: ExcludeRules
  private let excludesCaches: Bool
  /// Paths that change whenever a backup runs.
  private let own: [[UInt8]]

  /// - Throws: `.configuration` for a pattern that is none.
  public init(_ set: SetConfiguration, of node: NodeConfiguration) throws(BackupError) {
    do throws(ArchiveError) { rules = try ExcludeRules(set.exclude) } catch {
      throw BackupError(.configuration, "set \(set.name): \(error)", hint: error.hint)
    }
    excludesCaches = set.excludeCaches
    own = ([node.state, node.keys.gnupgHome] + node.destinations.map(\.path)).filter { !$0.isEmpty }.map {
      Array($0.utf8)
    }
  }

  /// Whether a change of an entry, or of anything below it, is no reason for a backup: it is left out, or belongs to what
  /// a backup itself writes to.
  /// - Parameters:
  ///   - source: one of the set's paths.
  ///   - entry: relative to it, without a leading slash.
  public func excludes(_ source: [UInt8], _ entry: [UInt8], isDirectory: Bool) -> Bool {
    if rules.exclude(entry, isDirectory: isDirectory) { return true }
    let path = source + [UInt8(ascii: "/")] + entry
    return own.contains { path == $0 || path.starts(with: $0 + [UInt8(ascii: "/")]) }
  }

  /// Whether what is in an open directory is left out as a cache.
  public func excludesContent(of directory: Int32) -> Bool { excludesCaches && CacheTag.isIn(directory) }
}
