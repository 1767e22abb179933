import Archive
import Digests
import Files

/// All that a walk gives: entries with attributes, extents and digests, and the findings.
struct Scan {
  var entries: [Entry] = []
  var findings: [WalkFinding] = []

  var paths: [String] { entries.map { $0.path.displayPath } }
}

extension TreeWalker {
  /// Walks and, where `writer` is given, writes every entry into an archive, as the engine does.
  func scan(writingTo writer: PaxWriter? = nil) throws -> Scan {
    var scan = Scan()
    var links = HardLinks()
    func visit(_ found: borrowing FoundEntry) throws {
      var entry = found.entry
      entry.attributes = try found.attributes()
      if let earlier = links.target(of: found) {
        entry.kind = .hardLink(target: earlier.path)
        entry.size = earlier.size
        entry.digest = earlier.digest
        try writer?.begin(entry)
        try writer?.end()
      } else if entry.kind == .file {
        let file = try found.open()
        entry.dataExtents = file.dataExtents()
        try writer?.begin(entry)
        let hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: Int(entry.size))
        _ = try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        hash.update(buffer)
        for extent in entry.dataExtents ?? [Extent(offset: 0, length: entry.size)] {
          try writer?.write(Array(buffer[Int(extent.offset)..<Int(extent.offset + extent.length)]))
        }
        try writer?.end()
        entry.digest = hash.finish()
        links.stored(entry, as: found.status)
      } else {
        try writer?.begin(entry)
        try writer?.end()
      }
      scan.entries.append(entry)
    }
    try walk(visit: visit, report: { scan.findings.append($0) })
    try writer?.finish()
    return scan
  }
}

/// The bytes of an archive of these sources.
func archive(_ sources: [String]) throws -> (bytes: [UInt8], scan: Scan) {
  var bytes: [UInt8] = []
  let writer = PaxWriter { bytes.append(contentsOf: $0) }
  let scan = try TreeWalker(sources: sources.map { Array($0.utf8) }).scan(writingTo: writer)
  return (bytes, scan)
}
