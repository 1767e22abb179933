import Archive
import Digests
import Files
import TestKit
import Testing

@Suite struct ListingTests {
  @Test func aLineIsAsSpecified() {
    let entry = Entry(
      path: Array("opt/a b\\#\n\u{FC}".utf8), kind: .file, mode: 0o600, ownerName: "root", groupName: "my group",
      size: 12,
      modified: Timestamp(seconds: 1_700_000_000, nanoseconds: 1), digest: SHA256.digest([]))
    #expect(
      String(decoding: MTreeWriter.line(for: entry), as: UTF8.self)
        == "./opt/a\\040b\\134\\043\\012\\303\\274 type=file uid=0 gid=0 uname=root gname=my\\040group mode=0600 size=12 "
        + "time=1700000000.000000001 "
        + "sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")
  }

  @Test func everyEntryOfATreeRoundTrips() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try RandomTree.make(in: folder("tree"), seed: 11)
    var scan = try TreeWalker(sources: [Array(folder("tree").utf8)]).scan()
    scan.entries.append(Entry(path: [46], kind: .directory, mode: 0o7777))
    scan.entries.append(Entry(path: [97], kind: .blockDevice(major: 8, minor: 1_048_575), mode: 0, owner: .max))
    var reader = MTreeReader()
    #expect(try reader.entry(from: MTreeWriter.header[...]) == nil)
    var number = 1
    for entry in scan.entries {
      var expected = entry
      expected.attributes = []
      expected.dataExtents = nil
      if case .hardLink(let target) = entry.kind {
        let line = try #require(LinksListing.line(for: entry))
        let link = try LinksListing.link(from: line[...], number: 1)
        #expect(link.path == entry.path)
        #expect(link.target == target)
        expected.kind = .file
      } else {
        #expect(LinksListing.line(for: entry) == nil)
      }
      let line = MTreeWriter.line(for: entry)
      #expect(try reader.entry(from: line[...]) == expected)
      var lines = ListingLines()
      var attributes: [ExtendedAttribute] = []
      func read(_ line: ArraySlice<UInt8>, _ number: Int) throws {
        let (path, attribute) = try AttributesListing.attribute(from: line, number: number)
        #expect(path == entry.path)
        attributes.append(attribute)
      }
      for byte in AttributesListing.lines(for: entry) { try lines.append([byte], line: read) }
      try lines.finish("attributes.tsv")
      #expect(attributes == entry.attributes)
      number += 1
    }
  }

  @Test func bsdtarReadsTheListing() throws {
    let folder = try TemporaryFolder()
    try shell(
      "cd \"$1\"; mkdir d; echo hello > d/f; ln -s d l; mkfifo p; touch -d @1700000000.000000001 d/f", folder.path)
    var listing = MTreeWriter.header
    for entry in try TreeWalker(sources: [Array(folder.path.utf8)]).scan().entries {
      MTreeWriter.append(entry, to: &listing)
    }
    try FileContent.write(listing, to: folder("files.mtree"))
    let lines = try shell("TZ=UTC bsdtar -tvf \"$1\"", folder("files.mtree")).split(separator: "\n")
    let expected = ["", "/d", "/d/f", "/l -> d", "/p"].map { ".\(folder.path)\($0)" }
    try #require(lines.count == expected.count)
    for (line, end) in zip(lines, expected) { #expect(line.hasSuffix(" " + end)) }
    #expect(lines.map { $0.prefix(10) } == ["drwx------", "drwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx", "prw-r--r--"])
    #expect(lines[2].contains(" 6 Nov 14  2023 "))
  }

  @Test(arguments: [
    "./a", "./a type=file uid=0 gid=0 mode=0600 time=1.000000000", "a type=dir uid=0 gid=0 mode=0600 time=1.000000000",
    "./../a type=dir uid=0 gid=0 mode=0600 time=1.000000000", "./a type=dir uid=-1 gid=0 mode=0600 time=1.000000000",
    "./a type=dir uid=0 gid=0 mode=0900 time=1.000000000", "./a type=dir uid=0 gid=0 mode=0600 time=1.0",
    "./a type=odd uid=0 gid=0 mode=0600 time=1.000000000", "./a\\400 type=dir uid=0 gid=0 mode=0600 time=1.000000000",
    "./a\\000 type=dir uid=0 gid=0 mode=0600 time=1.000000000", "./a type=link uid=0 gid=0 mode=0600 time=1.000000000",
    "./a type=dir uid=0 gid=0 mode=0600 time=1.000000000 sha256digest=00",
  ]) func damagedLinesAreErrorsWithTheirNumber(line: String) throws {
    var reader = MTreeReader()
    _ = try reader.entry(from: MTreeWriter.header[...])
    let error = #expect(throws: ArchiveError.self) { try reader.entry(from: Array(line.utf8)[...]) }
    #expect(error?.code == .malformed)
    #expect(error?.subject == "files.mtree line 2")
  }

  @Test func aLastLineWithoutItsEndIsAnError() throws {
    var lines = ListingLines()
    var seen: [String] = []
    lines.append(Array("one\ntw".utf8)[...]) { line, _ in seen.append(String(decoding: line, as: UTF8.self)) }
    lines.append(Array("o\nthr".utf8)[...]) { line, _ in seen.append(String(decoding: line, as: UTF8.self)) }
    #expect(seen == ["one", "two"])
    #expect(throws: ArchiveError.self) { try lines.finish("links.tsv") }
    #expect(throws: ArchiveError.self) { try LinksListing.link(from: Array("./a".utf8)[...], number: 7) }
    #expect(throws: ArchiveError.self) {
      try AttributesListing.attribute(from: Array("./a\tb\t!".utf8)[...], number: 7)
    }
  }
}
