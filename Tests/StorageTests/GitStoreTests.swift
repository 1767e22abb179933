import Channels
import Files
import Glibc
import Storage
import TestKit
import Testing

/// Objects in a git repository, whatever happens to the remote and to the clone.
@Suite struct GitStoreTests {
  private let remote: GitRemote
  private let folder: TemporaryFolder

  init() throws {
    remote = try GitRemote()
    folder = try TemporaryFolder("git")
  }

  private func store(_ name: String = "clone", _ variables: [String: String] = [:]) -> GitStore {
    remote.store(clone: folder(name), variables: variables)
  }

  private func put(_ store: GitStore, _ objects: [String: String], title: String = "some") throws {
    for (key, text) in objects { try store.put(Upload(key: key, content: Array(text.utf8))) }
    try store.flush(title)
  }

  private func text(_ key: String, _ store: GitStore) throws -> String {
    String(decoding: try store.get(key, maximumLength: 1 << 20), as: UTF8.self)
  }

  @Test func oneCommitForAllThatWasPut() throws {
    let store = store()
    try put(store, ["a/1": "one", "a/2": "two", "b": "three"], title: "first")
    #expect(try remote.log() == ["first"])
    #expect(try remote.files() == ["a/1", "a/2", "b"])
    try put(store, ["a/3": "four"], title: "second")
    #expect(try remote.log() == ["second", "first"])
    // What is there already, and nothing at all, make no commit.
    try put(store, ["a/3": "four"], title: "third")
    try store.flush("nothing")
    #expect(try remote.log() == ["second", "first"])
    #expect(try remote.git(["show", "-s", "--format=%an %ae", "main"]).lines == ["redoubt redoubt@localhost"])
    #expect(try text("a/2", self.store("other")) == "two")
  }

  @Test func nothingIsStoredBeforeTheFlush() throws {
    let store = store()
    try store.put(Upload(key: "a", content: [1]))
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty)
    store.discard()
    try store.flush("empty")
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty)
    #expect(try self.store("other").size(of: "a") == nil)
  }

  @Test func aCloneHoldsNoContent() throws {
    let store = store()
    let secret = "what was stored before must not stay on the node"
    try put(store, ["a": secret])
    try remote.add("theirs", "\(secret), nor what others have")
    try put(store, ["b": "more"])
    let clone = folder("clone/clone.git")
    let objects = try Command.succeed(
      "git", ["--git-dir", clone, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]
    ).lines
    #expect(Set(objects) == ["commit", "tree"])
    #expect(objects.count { $0 == "commit" } == 1)
  }

  @Test func twoWritersAtOnce() throws {
    let stores = (0..<3).map { store("clone-\($0)") }
    // Each knows the tip from before the others' pushes.
    for (number, store) in stores.enumerated() { try store.put(Upload(key: "\(number)/x", content: [UInt8(number)])) }
    let outcomes = Outcomes()
    onThreads(stores.count) { number in outcomes.add(number, code { try stores[number].flush("writer \(number)") }) }
    #expect(outcomes.all.values.allSatisfy { $0 == nil })
    #expect(try remote.files() == ["0/x", "1/x", "2/x"])
    for number in 0..<3 { #expect(try stores[0].get("\(number)/x", maximumLength: 1) == [UInt8(number)]) }
    #expect(Set(try remote.log()) == ["writer 0", "writer 1", "writer 2"])
    #expect(stores.flatMap { $0.takeNotices() }.isEmpty)
  }

  @Test func aKeyTakenMeanwhile() throws {
    let (one, two) = (store("one"), store("two"))
    try one.put(Upload(key: "k", content: [1]))
    try two.put(Upload(key: "k", content: [2]))
    try one.flush("one")
    #expect(code { try two.flush("two") } == .exists)
    #expect(try store("reader").get("k", maximumLength: 1) == [1])
    #expect(try remote.log() == ["one"])
  }

  @Test func otherFilesOfTheRepositoryStay() throws {
    try remote.add("README.md", "ours\n")
    try remote.add("bin/tool", "x")
    let store = remote.store(clone: folder("clone")) { $0.prefix = "backups" }
    try put(store, ["a": "one"])
    #expect(try remote.files() == ["README.md", "backups/a", "bin/tool"])
    #expect(try store.list(prefix: "").map(\.key) == ["a"])
  }

  @Test func aRemovedObjectIsGoneFromTheTree() throws {
    let store = store()
    try put(store, ["a/1": "one", "a/2": "two"])
    try store.remove("a/1")
    try store.remove("a/absent")
    try store.flush("prune")
    #expect(try remote.files() == ["a/2"])
    #expect(try remote.git(["show", "main~1:a/1"]).text == "one")
  }

  @Test func aLostOrDamagedCloneIsMadeAgain() throws {
    let clone = folder("clone/clone.git")
    try put(store(), ["a": "one"])
    try Command.succeed("rm", ["-r", clone])
    try put(store(), ["b": "two"])
    try Command.succeed(
      "sh", ["-c", "for f in '\(clone)'/objects/pack/*.pack; do chmod u+w $f; echo rubbish > $f; done"])
    try put(store(), ["c": "three"])
    try Command.succeed("sh", ["-c", "rm '\(clone)'/objects/pack/*; touch '\(clone)'/shallow.lock"])
    try put(store(), ["d": "four"])
    try Command.succeed("sh", ["-c", "echo 'ref: nonsense' > '\(clone)'/HEAD; rm -r '\(clone)'/refs"])
    try put(store(), ["e": "five"])
    #expect(try remote.files() == ["a", "b", "c", "d", "e"])
    #expect(try remote.log().count == 5)
  }

  @Test func aForeignFolderIsLeftAlone() throws {
    try Paths.makeFolders(folder("clone"))
    try FileContent.write([1], to: folder("clone/precious"))
    try put(store(), ["a": "one"])
    #expect(try FileContent.read(folder("clone/precious")) == [1])
  }

  @Test func aRejectedPushSaysTheRemotesWords() throws {
    try remote.hook("pre-receive", "echo 'main is for reviewed changes' >&2; exit 1")
    let store = store()
    try store.put(Upload(key: "a", content: [1]))
    let error = failure { try store.flush("x") }
    #expect(error?.code == .denied && error?.isTransient == false)
    #expect(
      error?.reason.contains("pre-receive hook declined: main is for reviewed changes") == true, "\(error as Any)")
    #expect(error?.hint?.contains("main") == true)
    // It may be tried again as it is.
    try remote.hook("pre-receive", "exit 0")
    try store.flush("x")
    #expect(try remote.files() == ["a"])
  }

  @Test func rewrittenHistoryIsToldAndNeverForced() throws {
    let store = store()
    try put(store, ["a": "one"], title: "first")
    try put(store, ["b": "two"], title: "second")
    #expect(store.takeNotices().isEmpty)
    // Somebody takes the second commit away and puts another in its place.
    try remote.git(["update-ref", "refs/heads/main", "main~1"])
    try remote.add("theirs", "x")
    try put(store, ["c": "three"], title: "third")
    let notices = store.takeNotices()
    #expect(notices.count == 1 && notices.first?.lostObjects == true)
    #expect(notices.first?.text.contains("rewritten") == true)
    #expect(try remote.log() == ["third", "by hand", "first"])
    #expect(try remote.files() == ["a", "c", "theirs"])
    #expect(store.takeNotices().isEmpty)
    try remote.git(["update-ref", "-d", "refs/heads/main"])
    try put(store, ["d": "four"], title: "fourth")
    #expect(store.takeNotices().map(\.lostObjects) == [true])
    #expect(try remote.log() == ["fourth"])
  }

  @Test func commitsOfOthersAreNoRewriting() throws {
    let store = store()
    try put(store, ["a": "one"])
    for number in 1...3 { try remote.add("theirs-\(number)", "x") }
    try put(store, ["b": "two"])
    #expect(store.takeNotices().isEmpty)
    #expect(try remote.files().count == 5)
  }

  @Test func anUnreachableRemoteMayComeBack() throws {
    let store = GitStore(
      GitSettings(remote: "http://127.0.0.1:9/x.git", folder: folder("clone")), environment: GitRemote.environment())
    let error = failure { try store.put(Upload(key: "a", content: [1])) }
    #expect(error?.code == .unreachable && error?.isTransient == true, "\(error as Any)")
    let absent = GitStore(
      GitSettings(remote: folder("absent.git"), folder: folder("other")), environment: GitRemote.environment())
    #expect(code { try absent.put(Upload(key: "a", content: [1])) } == .noSuchStore)
    #expect(code { _ = try absent.list(prefix: "") } == .noSuchStore)
  }

  @Test func passwordsAreNeverShown() throws {
    for address in ["https://user:hidden@127.0.0.1:9/x.git", "https://hidden@127.0.0.1:9/x.git"] {
      let settings = GitSettings(remote: address, folder: folder("clone"))
      #expect(settings.address == "https://127.0.0.1:9/x.git")
      let log = Lines()
      let store = GitStore(settings, environment: GitRemote.environment()) { log.add($0) }
      let error = failure { try store.put(Upload(key: "a", content: [1])) }
      #expect(error != nil)
      #expect(!"\(String(describing: error)) \(log.all) \(settings)".contains("hidden"))
    }
    #expect(GitSettings(remote: "ssh://git@host/x", folder: "/x").address == "ssh://git@host/x")
    #expect(GitSettings(remote: "ssh://git:pass@host/x", folder: "/x").address == "ssh://host/x")
    #expect(GitSettings(remote: "git@host:x@y.git", folder: "/x").address == "git@host:x@y.git")
  }

  @Test func overSSH() throws {
    // What ssh does, without the network: runs the command that it is given.
    let stub = folder("ssh")
    try FileContent.write(
      Array("#!/bin/sh\necho \"$@\" >> '\(folder("calls"))'\nfor last; do :; done\nexec sh -c \"$last\"\n".utf8),
      to: stub, mode: 0o755)
    var settings = GitSettings(remote: "git@backup.example:\(remote.folder)", folder: folder("clone"))
    settings.branch = "nodes/peer-1"
    let store = GitStore(settings, environment: GitRemote.environment(["GIT_SSH_COMMAND": stub]))
    try put(store, ["a": "one"])
    #expect(try text("a", store) == "one")
    #expect(try remote.git(["log", "--format=%s", "nodes/peer-1"]).lines == ["some"])
    #expect(String(decoding: try FileContent.read(folder("calls")), as: UTF8.self).contains("git-receive-pack"))
  }

  @Test func sshNeverAsks() throws {
    // The real ssh against a port where nobody listens, found on the path with the options it was given.
    let tools = folder("bin")
    try Paths.makeFolders(tools)
    try FileContent.write(
      Array(
        "#!/bin/sh\necho \"$@\" > '\(folder("options"))'\necho 'Host key verification failed.' >&2\nexit 255\n".utf8),
      to: "\(tools)/ssh", mode: 0o755)
    let store = GitStore(
      GitSettings(remote: "git@backup.example:x.git", folder: folder("clone")),
      environment: GitRemote.environment(["PATH": "\(tools):/usr/bin:/bin"]))
    let error = failure { try store.put(Upload(key: "a", content: [1])) }
    #expect(error?.code == .credentials && error?.hint?.contains("host's key") == true)
    let options = String(decoding: try FileContent.read(folder("options")), as: UTF8.self)
    #expect(options.contains("BatchMode=yes") && options.contains("ConnectTimeout="))
  }

  @Test func rehearsalLeavesNothing() throws {
    let store = store()
    try store.rehearse()
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty)
    try put(store, ["a": "one"])
    try store.rehearse()
    #expect(try remote.log() == ["some"])
  }

  @Test func readersSeeWhatOthersPushAndLeaveNothing() throws {
    let writer = store("writer")
    try put(writer, ["h/s/1": "one"])
    var reader: GitStore? = store("reader")
    #expect(try reader?.list(prefix: "h/").map(\.key) == ["h/s/1"])
    try put(writer, ["h/s/2": "two"])
    #expect(try reader?.size(of: "h/s/2") == 3)
    #expect(try reader?.listFolders(prefix: "h/") == ["s"])
    // One that was killed left its copy.
    try Paths.makeFolders(folder("reader/reading-0.git"))
    try FileContent.write([], to: folder("reader/reading-0.lock"))
    #expect(try store("reader").size(of: "h/s/1") == 3)
    reader = nil
    #expect(try Command.run("ls", [folder("reader")]).lines.isEmpty)
  }
}
