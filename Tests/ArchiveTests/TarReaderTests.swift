import Archive
import Files
import TestKit
import Testing

/// Archives of others, and damaged ones.
@Suite struct TarReaderTests {
  @Test(arguments: [
    "tar --xattrs --xattrs-include='*' --acls --format=pax --sparse -C / -cf", "tar --format=gnu -C / -cf",
    "tar --xattrs --xattrs-include='*' --acls --format=pax --sparse --sparse-version=0.1 --hole-detection=raw -C / -cf",
    "tar --xattrs --xattrs-include='*' --acls --format=pax --sparse --sparse-version=0.0 --hole-detection=raw -C / -cf",
  ]) func whatGNUTarWritesIsRestored(command: String) throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try RandomTree.make(in: folder("tree"), seed: 12, features: [.exact])
    let scan = try TreeWalker(sources: [Array(folder("tree").utf8)]).scan()
    try shell("\(command) \"$1/a.tar\" \"${1#/}/tree\"", folder.path)
    let result = try RoundTripTests.extract(try FileContent.read(folder("a.tar")), to: folder("out"))
    #expect(result.reader.warnings == [])
    // The GNU format knows whole seconds only.
    let limits = command.contains("gnu") ? [" time should"] : []
    let differences = try RoundTripTests.differences(
      scan.entries, folder("out"), attributes: command.contains("xattrs"), limits: limits)
    #expect(differences == "")
  }

  @Test func whatBsdtarWritesIsRestored() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try RandomTree.make(in: folder("tree"), seed: 13, features: [])
    // Its writer truncates long names of sparse files.
    try shell("cd \"$1/tree\"; rm -rf long pp*", folder.path)
    let scan = try TreeWalker(sources: [Array(folder("tree").utf8)]).scan()
    try shell(
      "LC_ALL=C.UTF-8 bsdtar --format=pax --no-acls --no-read-sparse -C / -cf \"$1/a.tar\" \"${1#/}/tree\"", folder.path
    )
    let result = try RoundTripTests.extract(try FileContent.read(folder("a.tar")), to: folder("out"))
    #expect(try RoundTripTests.differences(scan.entries, folder("out"), attributes: false) == "")
    #expect(result.entries.count == scan.entries.count)
  }

  /// Small members of every kind.
  static func sample() throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = PaxWriter { bytes.append(contentsOf: $0) }
    for (index, kind) in [Entry.Kind.directory, .file, .symbolicLink(target: [97]), .fifo].enumerated() {
      try writer.begin(
        Entry(
          path: [UInt8(97 + index), 0xff], kind: kind, mode: 0o644, size: kind == .file ? 700 : 0,
          modified: Timestamp(seconds: 5, nanoseconds: 5),
          attributes: [ExtendedAttribute(name: Array("user.x".utf8), value: [0, 10])]))
      try writer.writeZeros(writer.remainingContent)
      try writer.end()
    }
    try writer.begin(
      Entry(
        path: [122], kind: .file, mode: 0o600, size: 100_000, dataExtents: [Extent(offset: 4096, length: 4096)]))
    try writer.writeZeros(writer.remainingContent)
    try writer.end()
    try writer.finish()
    return bytes
  }

  static func read(_ bytes: [UInt8]) throws -> (count: Int, sawEnd: Bool) {
    var rest: [UInt8]? = bytes
    let reader = TarReader {
      defer { rest = nil }
      return rest
    }
    var count = 0
    while try reader.next() != nil {
      count += 1
      while try reader.readData() != nil {}
    }
    return (count, reader.sawEnd)
  }

  @Test func anArchiveCutAnywhereIsTruncatedButBetweenMembers() throws {
    let bytes = try Self.sample()
    #expect(try Self.read(bytes) == (5, true))
    var whole = 0
    for length in stride(from: 0, to: bytes.count - 512, by: 256) {
      do {
        let result = try Self.read(Array(bytes[..<length]))
        #expect(!result.sawEnd || length >= bytes.count - 1024)
        whole += 1
      } catch let error as ArchiveError {
        #expect(error.code == .truncated)
      }
    }
    // Nothing, and after each of five members.
    #expect(whole == 6)
  }

  @Test func noDamagedByteCrashesTheReader() throws {
    let bytes = try Self.sample()
    var refused = 0
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= UInt8(truncatingIfNeeded: position &* 31 | 1)
      do { _ = try Self.read(damaged) } catch is ArchiveError { refused += 1 }
    }
    #expect(refused > 2000)
  }

  @Test func trailingBytesAreAnError() throws {
    #expect(throws: ArchiveError.self) { try Self.read(try Self.sample() + [0, 1]) }
    #expect(try Self.read(try Self.sample() + [UInt8](repeating: 0, count: 9000)).sawEnd)
  }
}
