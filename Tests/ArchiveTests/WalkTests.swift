import Archive
import Files
import Glibc
import Testing

@Suite struct WalkTests {
  @Test func directoriesComeBeforeTheirContentsInBytewiseOrder() throws {
    let folder = try TemporaryFolder()
    for name in ["b", "a/z", "a/b/c", "a.txt", "a-", "Z", "ab"] { try folder.write(name) }
    let scan = try TreeWalker(sources: [Array(folder.path.utf8)]).scan()
    let prefix = folder.path.dropFirst() + "/"
    #expect(
      scan.paths.dropFirst().map { String($0.dropFirst(prefix.count)) }
        == ["Z", "a", "a/b", "a/b/c", "a/z", "a-", "a.txt", "ab", "b"])
    #expect(scan.paths.first == String(folder.path.dropFirst()))
    #expect(scan.findings == [])
    for (one, next) in zip(scan.entries, scan.entries.dropFirst()) {
      #expect(walkOrder(one.path, next.path) < 0)
      #expect(walkOrder(next.path, one.path) > 0)
    }
  }

  @Test func theRootComesFirst() {
    #expect(walkOrder([46], Array("etc".utf8)) < 0)
    #expect(walkOrder(Array("etc".utf8), [46]) > 0)
    #expect(walkOrder([46], [46]) == 0)
    #expect(walkOrder([46], Array("!".utf8)) < 0)
  }

  @Test func statusOfEachKindIsKept() throws {
    let folder = try TemporaryFolder()
    try shell(
      """
      cd "$1"; printf hello > f; chmod 4751 f; ln -s 'to nowhere' l; mkfifo p; mkdir d; chmod 1777 d
      touch -h -d '1969-12-31T23:59:58.25Z' l; touch -d '2050-01-02T03:04:05.000000006Z' f
      """, folder.path)
    let scan = try TreeWalker(sources: [Array(folder.path.utf8)]).scan()
    #expect(
      scan.entries.map(\.kind) == [
        .directory, .directory, .file, .symbolicLink(target: Array("to nowhere".utf8)), .fifo,
      ])
    #expect(scan.entries[1].mode == 0o1777)
    let file = scan.entries[2]
    #expect(file.mode == 0o4751)
    #expect(file.size == 5)
    #expect(file.modified == Timestamp(seconds: 2_524_705_445, nanoseconds: 6))
    #expect(file.owner == getuid())
    #expect(file.ownerName == (try shell("id -un")).dropLast())
    #expect(scan.entries[3].modified == Timestamp(seconds: -2, nanoseconds: 250_000_000))
    #expect(scan.entries[3].size == 0)
  }

  @Test func sourcesMayOverlapAndBeAnything() throws {
    let folder = try TemporaryFolder()
    try folder.write("a/b/c")
    try folder.write("x")
    try shell("cd \"$1\"; ln -s a link", folder.path)
    let names = ["x", "a/b", "/a//b/./", "link", "a", "a/b/c", "gone", "x/below"]
    let scan = try TreeWalker(sources: names.map { Array(folder($0).utf8) } + [Array("relative".utf8)]).scan()
    let prefix = folder.path.dropFirst() + "/"
    #expect(scan.paths.map { String($0.dropFirst(prefix.count)) } == ["a", "a/b", "a/b/c", "link", "x"])
    #expect(scan.entries[3].kind == .symbolicLink(target: [97]))
    #expect(scan.findings.map(\.code) == [.unsupported, .missingPath, .missingPath])
  }

  @Test func aSourceInsideAnExcludedDirectoryIsVisitedInItsPlace() throws {
    let folder = try TemporaryFolder()
    for name in ["a/deep/wanted/file", "a/deep/other", "b"] { try folder.write(name) }
    let walker = TreeWalker(
      sources: [folder.path, folder("a/deep/wanted")].map { Array($0.utf8) }, excludes: try ExcludeRules(["deep"]))
    let scan = try walker.scan()
    let prefix = folder.path.dropFirst() + "/"
    #expect(
      scan.paths.dropFirst().map { String($0.dropFirst(prefix.count)) } == [
        "a", "a/deep/wanted", "a/deep/wanted/file", "b",
      ])
  }

  @Test func aTreeDeeperThanTheLimitsOfPathsAndOpenFilesIsWalked() throws {
    let folder = try TemporaryFolder()
    try shell(
      """
      cd "$1"; python3 -c '
      import os
      for n in range(1500):
          os.mkdir("directory-%d" % n); open("file", "w").close(); os.chdir("directory-%d" % n)'
      """, folder.path)
    let scan = try TreeWalker(sources: [Array(folder.path.utf8)]).scan()
    #expect(scan.findings == [])
    #expect(scan.entries.count == 3001)
    #expect(scan.entries.map(\.path.count).max() ?? 0 > 20_000)
  }

  @Test func socketsUnreadableAndUnknownThingsAreFindings() throws {
    let folder = try TemporaryFolder()
    try folder.write("a")
    try shell("python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$1\"", folder("s"))
    let scan = try TreeWalker(sources: [Array(folder.path.utf8)]).scan()
    #expect(scan.findings.map(\.code) == [.skippedSocket])
    #expect(scan.findings.first?.path == Array(folder("s").utf8.dropFirst()))
    #expect(scan.entries.count == 2)
  }

  @Test func whatVanishesDuringTheWalkIsAFinding() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c/d", "e"] { try folder.write(name) }
    var findings: [WalkFinding] = []
    var visited: [String] = []
    func visit(_ found: borrowing FoundEntry) throws {
      let name = found.entry.path.displayPath.split(separator: "/").last.map(String.init) ?? ""
      visited.append(name)
      if name == "a" {
        unlink(folder("b"))
      }
      if name == "c" { try shell("rm -r \"$1\"", folder("c")) }
      if name == "e" {
        unlink(folder("e"))
        #expect(throws: FileError("open", folder("e"), .noSuchFileOrDirectory)) { try found.open() }
      }
    }
    try TreeWalker(sources: [Array(folder.path.utf8)]).walk(visit: visit, report: { findings.append($0) })
    #expect(visited.dropFirst() == ["a", "c", "e"])
    #expect(findings.map(\.code) == [.vanished, .vanished])
  }

  @Test func cachesAreLeftOutButForTheirTag() throws {
    let folder = try TemporaryFolder()
    try folder.write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# more\n")
    try folder.write("cache/content")
    try folder.write("false/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc5")
    try folder.write("false/content")
    let scan = try TreeWalker(sources: [Array(folder.path.utf8)], excludeCaches: true).scan()
    let prefix = folder.path.dropFirst() + "/"
    #expect(
      scan.paths.dropFirst().map { String($0.dropFirst(prefix.count)) }
        == ["cache", "cache/CACHEDIR.TAG", "false", "false/CACHEDIR.TAG", "false/content"])
  }
}
