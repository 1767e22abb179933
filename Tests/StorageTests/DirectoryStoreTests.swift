import Channels
import Files
import Glibc
import Storage
import Testing
import TestKit

@Suite struct DirectoryStoreTests {
  private let folder: TemporaryFolder
  private let store: DirectoryStore

  init() throws {
    folder = try TemporaryFolder()
    store = DirectoryStore(folder.path)
  }

  /// Every file and folder below the root.
  private func found(_ root: String) throws -> [String] {
    try Command.succeed("find", [root, "-mindepth", "1", "-printf", "%P %y %m\n"]).lines.sorted()
  }

  @Test func keepsOthersOut() throws {
    try store.put(Upload(key: "host/set/volume", content: [1]))
    #expect(try found(folder.path) == ["host d 700", "host/set d 700", "host/set/volume f 600"])
  }

  @Test(arguments: [true, false]) func theSameContentCountsAsStored(_ usesUnnamedFiles: Bool) throws {
    let store = DirectoryStore(folder.path, usesUnnamedFiles: usesUnnamedFiles)
    try store.put(Upload(key: "a", content: [1, 2]))
    try store.put(Upload(key: "a", content: [1, 2]))
    for other: [UInt8] in [[1, 3], [1], [1, 2, 3], []] {
      #expect(code { try store.put(Upload(key: "a", content: other)) } == .exists)
    }
    #expect(try found(folder.path) == ["a f 600"])
  }

  /// Large objects pass the page cache by where the file system allows that; a tmpfs may not. All lengths come out whole.
  @Test(arguments: ["/tmp", "/dev/shm"]) func largeObjectsOfAnyLengthAreWhole(_ parent: String) throws {
    let root = "\(parent)/redoubt-large-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    #expect(mkdir(root, 0o700) == 0)
    defer { _ = try? Command.run("rm", ["-rf", root]) }
    let store = DirectoryStore(root)
    let (pool, object) = (MemoryFilePool(), try MemoryFile())
    let block = 4096
    for count in [1 << 20, 3 << 20 + 1, (1 << 20) - 1, (1 << 20) + block - 1, (1 << 20) + block, 5, 0] {
      let content = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 13 &+ index >> 9 &+ count) }
        filled = count
      }
      let file = try MemoryFile(from: pool)
      try content.withUnsafeBytes { try file.append($0) }
      // From memory that begins at a page, and from memory that does not.
      for (name, bytes) in [("aligned", Bytes(file)), ("array", Bytes(content))] {
        let key = "\(name)-\(count)"
        try store.put(Upload(key: key, content: bytes))
        try store.put(Upload(key: key, content: bytes))
        try store.get(key, into: object, maximumLength: count)
        #expect(object.array == content, "\(key)")
        #expect(try FileContent.read("\(root)/\(key)") == content, "\(key)")
      }
      if count > 0 {
        #expect(code { try store.get("aligned-\(count)", into: object, maximumLength: count - 1) } == .tooLong)
      }
    }
    #expect(code { try store.get("absent", into: object, maximumLength: 1) } == .missing)
  }

  @Test(arguments: [true, false]) func whoeverIsFasterWins(_ usesUnnamedFiles: Bool) throws {
    let store = DirectoryStore(folder.path, usesUnnamedFiles: usesUnnamedFiles)
    let outcomes = Outcomes()
    onThreads(8) { number in
      outcomes.add(number, code { try store.put(Upload(key: "h/k", content: [UInt8(number)])) })
    }
    #expect(outcomes.all.values.count { $0 == nil } == 1)
    #expect(outcomes.all.values.count { $0 == .exists } == 7)
    #expect(try found(folder.path) == ["h d 700", "h/k f 600"])
  }

  /// Those of a process that was killed go; those that are young, or that somebody writes, stay.
  @Test func leftoversAreTidiedUp() throws {
    let names = ["old", "young", "locked"].map { "host/set/snapshot/.redoubt-\($0).tmp" }
    try store.put(Upload(key: "host/set/snapshot/.redoubt-object", content: [1]))
    for name in names { try FileContent.write([1], to: folder(name)) }
    for name in [names[0], names[2], "host/set/snapshot/.redoubt-object"] {
      try Command.succeed("touch", ["-d", "25 hours ago", folder(name)])
    }
    let lock = try #require(try FileLock.acquire(folder(names[2])))
    defer { withExtendedLifetime(lock) {} }
    let store = DirectoryStore(folder.path, usesUnnamedFiles: false)
    try store.put(Upload(key: "host/set/next/volume", content: [2]))
    #expect(
      try found(folder.path).filter { $0.contains(" f ") }
        == [
          "\(names[2]) f 600", "host/set/snapshot/.redoubt-object f 600", "\(names[1]) f 600",
          "host/set/next/volume f 600",
        ].sorted())
  }

  @Test func neverMakesItsRoot() throws {
    let absent = DirectoryStore(folder("absent"))
    let error = try #require(failure { try absent.put(Upload(key: "k", content: [1])) })
    #expect(error.code == .noSuchStore && error.subject == folder("absent") && error.hint != nil)
    #expect(code { _ = try absent.list(prefix: "") } == .noSuchStore)
    #expect(code { _ = try absent.get("k", maximumLength: 1) } == .noSuchStore)
    #expect(code { _ = try absent.size(of: "k") } == .noSuchStore)
    #expect(code { try absent.remove("k") } == .noSuchStore)
    #expect(try found(folder.path).isEmpty)
    try FileContent.write([1], to: folder("file"))
    #expect(code { _ = try DirectoryStore(folder("file")).list(prefix: "") } == .noSuchStore)
  }

  @Test(arguments: ["", "/a", "a//b", "a/", "../up", "a/../b", ".", "a/./b", "..", "nul\u{0}", ".redoubt-12.tmp"])
  func refusesKeysThatAreNoPaths(_ key: String) throws {
    #expect(code { try store.put(Upload(key: key, content: [1])) } == .refused)
    #expect(code { _ = try store.get(key, maximumLength: 1) } == .refused)
    #expect(code { try store.remove(key) } == .refused)
    #expect(try found(folder.path).isEmpty)
  }

  @Test func followsNoLinks() throws {
    let outside = try TemporaryFolder()
    try FileContent.write([9], to: outside("secret"))
    #expect(symlink(outside.path, folder("link")) == 0)
    #expect(symlink(outside("secret"), folder("alias")) == 0)
    #expect(code { try store.put(Upload(key: "link/k", content: [1])) } == .refused)
    #expect(code { _ = try store.get("link/secret", maximumLength: 1) } == .refused)
    #expect(code { _ = try store.get("alias", maximumLength: 1) } == .refused)
    #expect(code { try store.put(Upload(key: "alias", content: [1])) } == .refused)
    #expect(try store.list(prefix: "").isEmpty)
    #expect(try FileContent.read(outside("secret")) == [9])
  }

  @Test func passesOverUnfinishedObjectsAndEmptyFolders() throws {
    try Paths.makeFolders(folder("empty/inner"))
    try Paths.makeFolders(folder("host"))
    try FileContent.write([1], to: folder("host/.redoubt-00.tmp"))
    #expect(try store.list(prefix: "").isEmpty)
    #expect(try store.listFolders(prefix: "").isEmpty)
    try store.put(Upload(key: "host/k", content: [1]))
    #expect(try store.listFolders(prefix: "") == ["host"])
    #expect(code { _ = try store.list(prefix: "ho") } == .refused)
  }

  @Test func aFileWhereAFolderIsNeeded() throws {
    try store.put(Upload(key: "a", content: [1]))
    #expect(code { try store.put(Upload(key: "a/b", content: [1])) } == .refused)
    #expect(try store.size(of: "a/b") == nil)
    try store.remove("a/b")
    try store.put(Upload(key: "d/e", content: [1]))
    #expect(code { try store.put(Upload(key: "d", content: [1])) } == .exists)
  }

  @Test func takesTheLongestName() throws {
    let longest = String(repeating: "n", count: 255)
    try store.put(Upload(key: longest, content: [1]))
    #expect(try store.size(of: longest) == 1)
    #expect(code { try store.put(Upload(key: longest + "n", content: [1])) } == .refused)
  }

  @Test func removesTheFoldersThatBecomeEmpty() throws {
    try store.put(Upload(key: "h/s/one/v", content: [1]))
    try store.put(Upload(key: "h/s/two/v", content: [1]))
    try store.remove("h/s/one/v")
    #expect(try found(folder.path).map { $0.prefix { $0 != " " } } == ["h", "h/s", "h/s/two", "h/s/two/v"])
    try store.remove("h/s/two/v")
    #expect(try found(folder.path).isEmpty)
  }

  @Test func saysThatTheDiskIsFullAndLeavesNothing() throws {
    let disk = try MountedDisk(size: "1m")
    let store = DirectoryStore(disk.path)
    try store.put(Upload(key: "a/small", content: [UInt8](repeating: 1, count: 1000)))
    let error = try #require(
      failure { try store.put(Upload(key: "a/large", content: [UInt8](repeating: 1, count: 2 << 20))) })
    #expect(error.code == .full && error.subject == "\(disk.path)/a/large" && !error.isTransient)
    #expect(try found(disk.path) == ["a d 700", "a/small f 600"])
    try disk.remountReadOnly()
    #expect(code { try store.put(Upload(key: "a/other", content: [1])) } == .denied)
    #expect(code { try store.remove("a/small") } == .denied)
    #expect(try store.size(of: "a/small") == 1000)
  }
}

/// A small file system of a test's own.
private final class MountedDisk {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  init(size: String) throws {
    folder = try TemporaryFolder()
    let options = "size=\(size),mode=700,uid=\(getuid()),gid=\(getgid())"
    try Self.asRoot("mount", ["-t", "tmpfs", "-o", options, "redoubt-test", folder.path])
  }

  func remountReadOnly() throws { try Self.asRoot("mount", ["-o", "remount,ro", folder.path]) }

  private static func asRoot(_ program: String, _ arguments: [String]) throws {
    if geteuid() == 0 {
      try Command.succeed(program, arguments)
    } else {
      try Command.succeed("sudo", ["-n", program] + arguments)
    }
  }

  deinit {
    // What cannot be unmounted is left behind in the temporary folder.
    _ = try? Self.asRoot("umount", [folder.path])
  }
}
