internal import Archive
internal import Files
internal import Repository

/// Which entries of a snapshot a restore wants, and which volumes hold them.
struct RestorePlan {
  /// Indices into the listing, ascending, without overlap; nil for all.
  private let ranges: [Range<Int>]?
  /// By the path of a file that is not wanted itself: the path of the first wanted hard link to it, which takes the
  /// content.
  private let substitutes: [[UInt8]: [UInt8]]
  /// Mode `full`; in mode `incremental` `ContentReading` finds them.
  let volumes: [VolumeRecord]
  let entries: Int
  /// Bytes of content of the wanted files.
  let bytes: UInt64

  /// - Parameter paths: what to restore, with all that is below, as in `Entry.path`; empty for everything.
  /// - Throws: `.notFound` for a path that the snapshot does not have.
  init(_ manifest: Manifest, paths: [[UInt8]]) throws {
    guard !paths.isEmpty, !paths.contains([UInt8(ascii: ".")]) else {
      ranges = nil
      substitutes = [:]
      volumes = manifest.volumes
      entries = manifest.description.entries
      bytes = manifest.description.bytes
      return
    }
    var selection = Selection(paths: paths)
    try manifest.forEachEntry { try selection.take($0) }
    // Hard links whose file is not wanted: that file's content is needed nevertheless.
    if !selection.links.isEmpty {
      var index = 0
      try manifest.forEachEntry { entry in
        if case .file = entry.kind, let link = selection.links[entry.path] {
          selection.substitute(entry, link, index)
        }
        index += 1
      }
    }
    for (path, isFound) in zip(paths, selection.found) where !isFound {
      throw VerifyError(
        .notFound, "the snapshot has no \(path.displayPath)", hint: "redoubt-verify ls shows what it has")
    }
    ranges = selection.ranges
    substitutes = selection.substitutes
    entries = selection.entries
    bytes = selection.bytes
    volumes = Self.volumes(of: manifest.volumes, for: selection.ranges)
  }

  /// What to restore an entry as; nil where it is not wanted.
  func wanted(_ entry: Entry, index: Int) -> Entry? {
    guard let ranges else { return entry }
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= index { low = middle + 1 } else { high = middle }
    }
    guard low < ranges.count, ranges[low].contains(index) else { return nil }
    if let link = substitutes[entry.path] {
      var entry = entry
      entry.path = link
      return entry
    }
    // The first link took the content's place; the others link to that.
    if case .hardLink(let target) = entry.kind, let first = substitutes[target] {
      guard first != entry.path else { return nil }
      var entry = entry
      entry.kind = .hardLink(target: first)
      return entry
    }
    return entry
  }

  /// Whole runs: a volume that begins inside a member cannot be read without those before it.
  private static func volumes(of all: [VolumeRecord], for ranges: [Range<Int>]) -> [VolumeRecord] {
    var isNeeded = [Bool](repeating: false, count: all.count)
    var range = 0
    for (number, volume) in all.enumerated() {
      // The member that a volume begins inside of is the one before its first entry.
      let first = volume.startsInside ? volume.firstEntry - 1 : volume.firstEntry
      let end = number + 1 < all.count ? all[number + 1].firstEntry : Int.max
      while range < ranges.count, ranges[range].upperBound <= first { range += 1 }
      guard range < ranges.count, ranges[range].lowerBound < end else { continue }
      var start = number
      while all[start].startsInside, start > 0, !isNeeded[start] {
        isNeeded[start] = true
        start -= 1
      }
      isNeeded[start] = true
    }
    return zip(all, isNeeded).filter(\.1).map(\.0)
  }

  private struct Selection {
    let paths: [[UInt8]]
    var found: [Bool]
    var ranges: [Range<Int>] = []
    var entries = 0
    var bytes: UInt64 = 0
    var index = 0
    /// By target that is not wanted itself, the first wanted hard link to it.
    var links: [[UInt8]: [UInt8]] = [:]
    var substitutes: [[UInt8]: [UInt8]] = [:]
    private static let linkLimit = 1_000_000

    init(paths: [[UInt8]]) {
      self.paths = paths
      found = paths.map { _ in false }
    }

    func wants(_ path: [UInt8]) -> Bool { paths.contains { path == $0 || path.isBelow($0) } }

    mutating func take(_ entry: Entry) throws {
      defer { index += 1 }
      guard wants(entry.path) else { return }
      for (number, path) in paths.enumerated() where !found[number] {
        found[number] = entry.path == path || entry.path.isBelow(path)
      }
      entries += 1
      if let last = ranges.last, last.upperBound == index {
        ranges[ranges.count - 1] = last.lowerBound..<index + 1
      } else {
        ranges.append(index..<index + 1)
      }
      switch entry.kind {
      case .file: bytes.addClamped(entry.size)
      case .hardLink(let target) where !wants(target) && links[target] == nil:
        guard links.count < Self.linkLimit else {
          throw VerifyError(
            .target, "more than \(Self.linkLimit) files of these paths are hard links to files elsewhere",
            hint: "restore those as well: name a folder that has both, or the whole snapshot")
        }
        links[target] = entry.path
      default: break
      }
    }

    mutating func substitute(_ file: Entry, _ link: [UInt8], _ index: Int) {
      substitutes[file.path] = link
      bytes.addClamped(file.size)
      let place = ranges.firstIndex { $0.lowerBound > index } ?? ranges.count
      ranges.insert(index..<index + 1, at: place)
    }
  }
}
