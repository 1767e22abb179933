import Channels
import Digests
import Files
import Storage
import Testing
import TestKit

/// What every store must do alike.
@Suite struct StoreConformanceTests {
  enum Kind: String, CaseIterable, Sendable { case directory, git, swift, radosgw, moto }

  /// A store that is empty, and what must live as long as it is used.
  private struct Subject {
    let store: any ObjectStore
    let folder: TemporaryFolder?
    let takesAnyKey: Bool
    var remote: GitRemote?
  }

  private func subject(_ kind: Kind) throws -> Subject {
    if kind == .directory {
      let folder = try TemporaryFolder()
      return Subject(store: DirectoryStore(folder.path), folder: folder, takesAnyKey: false)
    }
    if kind == .git {
      let (remote, folder) = (try GitRemote(), try TemporaryFolder())
      let store = FlushingStore(remote.store(clone: folder("git")) { $0.prefix = "some/prefix" })
      return Subject(store: store, folder: folder, takesAnyKey: false, remote: remote)
    }
    let server = try S3Server.shared(kind == .swift ? .swift : kind == .radosgw ? .radosgw : .moto)
    let settings = server.settings(bucket: try server.makeBucket(), prefix: "some/prefix")
    let store = try S3Store(settings, credentials: CredentialsProvider(server.credentials))
    return Subject(store: store, folder: nil, takesAnyKey: true)
  }

  @Test(arguments: Kind.allCases) func storesAndReadsBack(_ kind: Kind) throws {
    let subject = try subject(kind)
    let store = subject.store
    let contents: [String: [UInt8]] = [
      "host/set/a": Array("hello".utf8), "host/set/empty": [], "top": [0, 255, 10, 13], "host/other/b": [1],
    ]
    for (key, content) in contents { try store.put(Upload(key: key, content: content)) }
    for (key, content) in contents {
      #expect(try store.get(key, maximumLength: 100) == content)
      #expect(try store.size(of: key) == UInt64(content.count))
    }
    let sorted = contents.keys.sorted()
    #expect(try store.list(prefix: "").map(\.key) == sorted)
    #expect(
      try store.list(prefix: "host/set/") == [
        ObjectSummary(key: "host/set/a", size: 5), ObjectSummary(key: "host/set/empty", size: 0),
      ])
    #expect(try store.listFolders(prefix: "") == ["host"])
    #expect(try store.listFolders(prefix: "host/") == ["other", "set"])
    #expect(try store.list(prefix: "absent/").isEmpty)
    #expect(try store.listFolders(prefix: "host/set/").isEmpty)
  }

  @Test(arguments: Kind.allCases) func deletes(_ kind: Kind) throws {
    let subject = try subject(kind)
    try subject.store.put(Upload(key: "a/b/c", content: [1]))
    try subject.store.remove("a/b/c")
    try subject.store.remove("a/b/c")
    try subject.store.remove("never/was")
    #expect(try subject.store.size(of: "a/b/c") == nil)
    #expect(try subject.store.listFolders(prefix: "").isEmpty)
    try subject.store.put(Upload(key: "a/b/c", content: [2]))
    #expect(try subject.store.get("a/b/c", maximumLength: 1) == [2])
  }

  @Test(arguments: Kind.allCases) func saysWhatIsMissingOrTooLong(_ kind: Kind) throws {
    let subject = try subject(kind)
    try subject.store.put(Upload(key: "k", content: [UInt8](repeating: 7, count: 100_000)))
    #expect(code { _ = try subject.store.get("absent", maximumLength: 10) } == .missing)
    #expect(code { _ = try subject.store.get("a/b/absent", maximumLength: 10) } == .missing)
    #expect(try subject.store.size(of: "absent") == nil)
    #expect(code { _ = try subject.store.get("k", maximumLength: 99_999) } == .tooLong)
    #expect(try subject.store.get("k", maximumLength: 100_000).count == 100_000)
  }

  @Test(arguments: Kind.allCases) func neverOverwrites(_ kind: Kind) throws {
    let subject = try subject(kind)
    try subject.store.put(Upload(key: "k", content: [1]))
    #expect(code { try subject.store.put(Upload(key: "k", content: [2])) } == .exists)
    #expect(try subject.store.get("k", maximumLength: 1) == [1])
  }

  @Test(arguments: Kind.allCases) func takesOddKeys(_ kind: Kind) throws {
    let subject = try subject(kind)
    var keys = ["with space", "plus+plus", "per%20cent", "ä/ö", "q?a=b&c", "quote'\"<>&;", "tilde~(1)!*", "€😀"]
    if subject.takesAnyKey { keys += ["double//slash", "a/./b", "dots/../up"] }
    for key in keys { try subject.store.put(Upload(key: key, content: Array(key.utf8))) }
    for key in keys { #expect(try subject.store.get(key, maximumLength: 100) == Array(key.utf8), "\(key)") }
    #expect(Set(try subject.store.list(prefix: "").map(\.key)) == Set(keys))
    #expect(try subject.store.listFolders(prefix: "").contains("ä"))
    for key in keys { try subject.store.remove(key) }
    #expect(try subject.store.list(prefix: "").isEmpty)
  }

  @Test(arguments: Kind.allCases) func takesA64MiBObject(_ kind: Kind) throws {
    let subject = try subject(kind)
    var random = SplitMix(state: 64)
    let block = (0..<8192).map { _ in UInt8.random(in: 0...255, using: &random) }
    var content: [UInt8] = []
    content.reserveCapacity(64 << 20)
    while content.count < 64 << 20 { content += block }
    try subject.store.put(Upload(key: "big", content: content))
    #expect(try subject.store.size(of: "big") == 64 << 20)
    let read = try subject.store.get("big", maximumLength: 64 << 20)
    #expect(SHA256.digest(read) == SHA256.digest(content))
    try subject.store.remove("big")
  }

  /// Of several writers of one key, at most one wins, and what it wrote is what is there. Swift and moto look before they
  /// write and not while they do, so more than one may win there.
  @Test(arguments: Kind.allCases) func concurrentWritersOfAKey(_ kind: Kind) throws {
    let subject = try subject(kind)
    let outcomes = Outcomes()
    onThreads(4) { number in
      let content = [UInt8](repeating: UInt8(number), count: 10_000)
      outcomes.add(number, code { try subject.store.put(Upload(key: "contested", content: content)) })
    }
    let winners = outcomes.all.filter { $0.value == nil }.keys
    #expect(outcomes.all.values.allSatisfy { $0 == nil || $0 == .exists || $0 == .server })
    #expect(!winners.isEmpty)
    if [.directory, .git, .radosgw].contains(kind) { #expect(winners.count == 1) }
    let stored = try subject.store.get("contested", maximumLength: 10_000)
    #expect(stored.count == 10_000 && Set(stored).count == 1)
    #expect(winners.contains(Int(stored.first ?? 255)))
  }
}
