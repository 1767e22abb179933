import Archive
import Digests
import Files
import Glibc
import Synchronization
import TestKit
import Testing

/// What `PaxWriter` writes is read by others and by ourselves, and compared with what was walked.
@Suite struct RoundTripTests {
  static let isRoot = geteuid() == 0

  /// What `TreeComparison` says of entries that were restored below `target`.
  /// - Parameter limits: what the witness is known to mistake, as parts of the differences' text.
  static func differences(
    _ entries: [Entry], _ target: String, attributes: Bool = true, limits: [String] = []
  ) throws -> String {
    var comparison = TreeComparison(directory: target)
    comparison.owners = isRoot
    comparison.attributes = attributes
    var differences: [String] = []
    try comparison.compare(entries) { difference in
      let text = "\(difference.code.rawValue) \(difference.path.displayPath) \(difference.detail)"
      if !limits.contains(where: text.contains) { differences.append(text) }
    }
    return differences.prefix(5).joined(separator: "\n")
  }

  @Test(arguments: [1, 2, 3]) func gnuTarRestoresEverything(seed: Int) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try RandomTree.make(in: folder("tree"), seed: seed, features: [.exact])
    let (bytes, scan) = try archive([folder("tree")])
    #expect(scan.findings == [])
    try FileContent.write(bytes, to: folder("a.tar"))
    let output = try shell(
      "tar --warning=no-timestamp --warning=no-unknown-keyword --xattrs --xattrs-include='*' --acls --numeric-owner -C \"$1/out\" -xpf \"$1/a.tar\"",
      folder.path)
    #expect(output == "")
    #expect(try Self.differences(scan.entries, folder("out")) == "")
  }

  @Test(arguments: [4, 5, 6]) func bsdtarRestoresEverything(seed: Int) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try RandomTree.make(in: folder("tree"), seed: seed, features: [])
    let (bytes, scan) = try archive([folder("tree")])
    try FileContent.write(bytes, to: folder("a.tar"))
    let output = try shell(
      "LC_ALL=C.UTF-8 bsdtar --xattrs --acls --numeric-owner -C \"$1/out\" -xpf \"$1/a.tar\"", folder.path)
    #expect(output == "")
    #expect(try Self.differences(scan.entries, folder("out")) == "")
  }

  /// Reads an archive and extracts it, as the keeper does.
  static func extract(
    _ bytes: [UInt8], to target: String, pieces: Int = 4096, options: Extractor.Options = Extractor.Options()
  ) throws -> (entries: [Entry], findings: [ExtractionFinding], reader: TarReader) {
    var position = 0
    let reader = TarReader {
      guard position < bytes.count else { return nil }
      defer { position += pieces }
      return Array(bytes[position..<min(position + pieces, bytes.count)])
    }
    let findings = Mutex<[ExtractionFinding]>([])
    nonisolated(unsafe) var entries: [Entry] = []
    let extractor = try Extractor(target: target, options: options) { finding in
      findings.withLock { $0.append(finding) }
    }
    while let entry = try reader.next() {
      entries.append(entry)
      guard let file = try extractor.create(entry) else { continue }
      let hash = SHA256()
      var position: UInt64 = 0
      while let (offset, data) = try reader.readData() {
        try file.write(data, at: offset)
        hash.update([UInt8](repeating: 0, count: Int(offset - position)))
        hash.update(Array(data))
        position = offset + UInt64(data.count)
      }
      hash.update([UInt8](repeating: 0, count: Int(entry.size - position)))
      entries[entries.count - 1].digest = hash.finish()
      try file.finish()
    }
    extractor.finishDirectories()
    return (entries, findings.withLock { $0 }, reader)
  }

  @Test(arguments: [7, 8, 9, 10]) func weReadAndRestoreEverything(seed: Int) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try RandomTree.make(in: folder("tree"), seed: seed)
    let (bytes, scan) = try archive([folder("tree")])
    #expect(scan.findings == [])
    #expect(scan.entries.contains { $0.path.count > 4096 })
    let result = try Self.extract(bytes, to: folder("out"), pieces: 4096 + seed)
    #expect(result.reader.warnings == [])
    #expect(result.reader.sawEnd)
    // A hard link in an archive says nothing of its content.
    let expected = scan.entries.map { entry in
      var entry = entry
      if case .hardLink = entry.kind {
        entry.digest = nil
        entry.size = 0
      }
      return entry
    }
    #expect(result.entries.count == expected.count)
    for (one, other) in zip(result.entries, expected) { #expect(one == other) }
    if Self.isRoot { #expect(result.findings == []) }
    #expect(try Self.differences(scan.entries, folder("out")) == "")
  }

  @Test func holesStayHoles() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    let name = String(repeating: "long-name", count: 25)
    try shell(
      """
      cd "$1/tree"; truncate -s 100M empty; truncate -s 300M "$2"; printf x | dd of="$2" bs=1M seek=150 conv=notrunc 2>/dev/null
      """, folder.path, name)
    let scanner = TreeWalker(sources: [Array(folder("tree").utf8)])
    var bytes: [UInt8] = []
    let writer = PaxWriter { bytes.append(contentsOf: $0) }
    var entries: [Entry] = []
    func visit(_ found: borrowing FoundEntry) throws {
      var entry = found.entry
      if entry.kind == .file { entry.dataExtents = try found.open().dataExtents() }
      try writer.begin(entry)
      try writer.writeZeros(writer.remainingContent)
      try writer.end()
      entries.append(entry)
    }
    try scanner.walk(visit: visit, report: { finding in Issue.record("\(finding)") })
    try writer.finish()
    #expect(bytes.count < 100_000)
    #expect(entries[1].dataExtents == [])
    #expect(entries[2].dataExtents?.count == 1)
    let result = try Self.extract(bytes, to: folder("out"))
    #expect(result.entries.map(\.dataExtents) == entries.map(\.dataExtents))
    for file in ["empty", name] {
      #expect(try shell("stat -c %b \"$1\"", folder("out\(folder("tree"))/\(file)")).dropLast().count < 4)
    }
    try FileContent.write(bytes, to: folder("a.tar"))
    #expect(try shell("tar -tvf \"$1\"", folder("a.tar")).contains("314572800"))
    #expect(try shell("bsdtar -tvf \"$1\"", folder("a.tar")).contains("314572800"))
  }
}
