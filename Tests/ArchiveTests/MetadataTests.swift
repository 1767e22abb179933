import Archive
import Files
import Glibc
import Testing

@Suite struct MetadataTests {
  @Test func accessControlListsAreRestoredAsGetfaclShowsThem() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree/d")
    try folder.makeFolder("out")
    try folder.write("tree/d/f")
    try shell(
      "cd \"$1/tree\"; setfacl -m u:12:rw,g:34:x,m::rw d/f; setfacl -m u:56:rwx d; setfacl -d -m u:78:r,o::- d",
      folder.path)
    let (bytes, _) = try archive([folder("tree")])
    _ = try RoundTripTests.extract(bytes, to: folder("out"))
    let list = "cd \"$1\"; getfacl -n d d/f"
    let expected = try shell(list, folder("tree"))
    #expect(expected.contains("user:12:rw-") && expected.contains("default:user:78:r--"))
    #expect(try shell(list, folder("out\(folder("tree"))")) == expected)
  }

  @Test(.enabled(if: geteuid() == 0, "only root gives files away")) func whatCannotBeSetIsAFinding() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("tree")
    try folder.makeFolder("out")
    try shell("cd \"$1/tree\"; touch f g; chown 12:34 f; chmod 6755 f g", folder.path)
    let (bytes, _) = try archive([folder("tree")])
    var options = Extractor.Options()
    options.owners = false
    let result = try RoundTripTests.extract(bytes, to: folder("out"), options: options)
    #expect(result.findings.map(\.detail) == ["owner 12:34 was not restored"])
    // Set-user-id for another user would be a new right.
    #expect(try shell("cd \"$1\"; stat -c %a f g", folder("out\(folder("tree"))")) == "755\n6755\n")
  }

  @Test func aFileThatChangesWhileItIsReadShowsIt() throws {
    let folder = try TemporaryFolder()
    try folder.write("f", "12345")
    func visit(_ found: borrowing FoundEntry) throws {
      guard found.entry.kind == .file else { return }
      let file = try found.open()
      #expect(try file.status() == found.status)
      try shell("printf 123 > \"$1\"", folder("f"))
      var buffer = [UInt8](repeating: 0, count: 5)
      #expect(try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) } == 3)
      let after = try file.status()
      #expect(after.size == 3)
      #expect(after.changed != found.changed)
    }
    try TreeWalker(sources: [Array(folder.path.utf8)]).walk(visit: visit, report: { Issue.record("\($0)") })
  }

  @Test func otherFileSystemsAreLeftOut() throws {
    // Linux mounts a file system of its own on /dev/shm.
    let devices = try shell("stat -c %d /dev /dev/shm").split(separator: "\n")
    try #require(devices[0] != devices[1])
    let file = "/dev/shm/redoubt-archive-\(getpid())"
    try FileContent.write([], to: file)
    defer { unlink(file) }
    func paths(_ sources: [String], _ oneFileSystem: Bool) throws -> [String] {
      var paths: [String] = []
      func visit(_ found: borrowing FoundEntry) { paths.append(found.entry.path.displayPath) }
      TreeWalker(sources: sources.map { Array($0.utf8) }, oneFileSystem: oneFileSystem).walk(
        visit: visit, report: { _ in })
      return paths
    }
    let path = String(file.dropFirst())
    #expect(try paths(["/dev"], false).contains(path))
    let inside = try paths(["/dev"], true)
    #expect(!inside.contains(path))
    #expect(inside.contains("dev/shm"))
    #expect(try paths(["/dev", "/dev/shm"], true).contains(path))
  }

  @Test func differencesAreFound() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c", "d", "e"] { try folder.write("tree/\(name)", name) }
    try shell("cd \"$1/tree\"; ln a twin; ln -s a link; mkdir dir; touch -d @5 a b c d e", folder.path)
    func entries() throws -> [Entry] {
      try TreeWalker(sources: [Array(folder("tree").utf8)]).scan().entries.map { entry in
        var entry = entry
        entry.path = Array(entry.path.dropFirst(folder("tree").utf8.count))
        if case .hardLink = entry.kind { entry.kind = .hardLink(target: [97]) }
        if entry.path.isEmpty { entry.path = [46] }
        return entry
      }
    }
    let expected = try entries()
    #expect(try RoundTripTests.differences(expected, folder("tree")) == "")
    try shell(
      """
      cd "$1/tree"; touch -r . ../time; rm a; cp -p twin a; printf B > b; touch -d @5 b; chmod 600 c; touch -d @5.5 d
      rm e; touch f; ln -sfn b link; setfattr -n user.x -v y dir; touch -r ../time .
      """, folder.path)
    var codes: [String] = []
    try TreeComparison(directory: folder("tree")).compare(expected) { difference in
      codes.append("\(difference.path.displayPath) \(difference.code.rawValue)")
    }
    #expect(
      Set(codes) == [
        "b content-mismatch", "c metadata-mismatch", "d metadata-mismatch", "e entry-missing", "f entry-unexpected",
        "link metadata-mismatch", "dir metadata-mismatch", "twin metadata-mismatch",
      ])
    #expect(throws: ArchiveError.self) {
      try TreeComparison(directory: folder("tree")).compare(expected.reversed()) { _ in }
    }
  }
}
