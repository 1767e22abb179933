import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Sets whose files are committed as they are.
@Suite struct PlainMirrorTests {
  private let remote: GitRemote
  private let house: Household

  /// A set with a plain mirror alone.
  init() throws {
    remote = try GitRemote()
    house = try Household(destinations: ["mirror"])
    house.node.destinations[0].kind = .git
    house.node.destinations[0].layout = .plain
    house.stores["mirror"] = remote.store(clone: house.folder("git")) { $0.compresses = true }
  }

  private var top: String { "peer-1/data" }
  private func inTop(_ name: String) -> String { "\(top)/\(house.sourceEntry)/\(name)" }

  @Test func theTreeIsThereAsItIs() throws {
    try house.write("nginx.conf", "worker_processes 1;\n")
    try house.write("sub/empty", "")
    try house.write("bin/tool", "#!/bin/sh\n")
    try Command.succeed("chmod", ["755", "\(house.source)/bin/tool"])
    try Command.succeed("ln", ["-s", "../nginx.conf", "\(house.source)/sub/link"])
    try Command.succeed("ln", ["\(house.source)/nginx.conf", "\(house.source)/hard"])
    try Command.succeed("mkdir", ["\(house.source)/nothing-in-it"])
    // Names that are the same text and other bytes, and one that is no text at all.
    for name in ["e\u{301}", "\u{e9}"] { try Command.succeed("touch", ["\(house.source)/\(name)"]) }
    try Command.succeed("sh", ["-c", "cd '\(house.source)' && touch \"$(printf 'bad\\377')\""])
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.files == 7, "\(outcome)")
    #expect(try remote.log() == ["snapshot peer-1/data/\(outcome.snapshot)"])
    let copy = house.folder("copy")
    try Command.succeed("git", ["clone", "--quiet", remote.folder, copy])
    let tree = "\(copy)/\(top)/\(house.sourceEntry)"
    let differences = try Command.run("diff", ["-r", "--no-dereference", house.source, tree]).lines
    #expect(differences == ["Only in \(house.source): nothing-in-it"])
    #expect(try Command.succeed("stat", ["-c", "%a", "\(tree)/bin/tool"]).text.hasPrefix("7"))
    #expect(try Command.succeed("readlink", ["\(tree)/sub/link"]).lines == ["../nginx.conf"])
    let listing = try Command.succeed("cat", ["\(copy)/\(top)/.redoubt-metadata.mtree"]).text
    #expect(
      listing.hasPrefix("#mtree\n") && listing.contains("nothing-in-it type=dir") && listing.contains("sha256digest="))
    #expect(try remote.files().allSatisfy { !$0.contains(".gpg") })
  }

  @Test func theHistoryShowsWhatChanged() throws {
    try house.write("a.conf", "one\n")
    try house.write("b.conf", "other\n")
    try house.backup()
    #expect(try house.backup().map(\.status) == [.unchanged])
    #expect(try remote.log().count == 1)
    try house.write("a.conf", "two\n")
    try Command.succeed("rm", ["\(house.source)/b.conf"])
    #expect(try house.backup().map(\.status) == [.stored])
    let patch = try remote.git(["log", "-p", "-1", "--format=%s", "main"]).text
    #expect(patch.contains("-one\n+two\n") && patch.contains("deleted file mode 100644"))
    #expect(try remote.files().contains(inTop("b.conf")) == false)
    let records = try String(decoding: FileContent.read("\(house.node.state)/catalog.jsonl"), as: UTF8.self)
    #expect(records.contains("\"mode\":\"plain\"") && records.contains("\"type\":\"unchanged\""))
  }

  @Test func nothingIsCommittedBeforeAllWasLookedAt() throws {
    try house.write("a.conf", "harmless\n")
    let key = try Command.succeed("openssl", ["genpkey", "-algorithm", "ed25519"]).text
    try house.write("z.key", key)
    // What a set may keep encrypted, it may not keep in plain.
    house.node.sets[0].secrets = .allow
    house.node.sets[0].secretsAllow = ["\(house.source)/z.key"]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed && outcome.reason?.contains("z.key holds") == true)
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty)
    // What was taken before the secret was found is not in what follows.
    try Command.succeed("rm", ["\(house.source)/z.key"])
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try remote.files().sorted() == [inTop("a.conf"), "\(top)/.redoubt-metadata.mtree"].sorted())
  }

  @Test func whatGitCannotKeepIsAFinding() throws {
    try house.write("fine", "x")
    try house.write("repo/.git/config", "x")
    try Command.succeed("truncate", ["-s", "51M", "\(house.source)/large"])
    try Command.succeed("mkfifo", ["\(house.source)/fifo"])
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .partial)
    #expect(Set(outcome.findings.map(\.code)) == [.unsupported])
    #expect(outcome.findings.contains { $0.path.hasSuffix("large") && $0.detail.contains("50 MiB") })
    #expect(outcome.findings.contains { $0.path.hasSuffix(".git/config") })
    #expect(try remote.files().sorted() == [inTop("fine"), "\(top)/.redoubt-metadata.mtree"].sorted())
  }

  @Test func otherFoldersStay() throws {
    try remote.add("README.md", "ours")
    try remote.add("peer-1/database/x", "another set's")
    try house.write("a", "1")
    try house.backup()
    let files = try remote.files()
    #expect(files.contains("README.md") && files.contains("peer-1/database/x") && files.contains(inTop("a")))
    // Somebody's change in the set's folder does not last.
    try remote.add("\(top)/stray", "x")
    #expect(try house.backup().map(\.status) == [.stored])
    #expect(try remote.files().contains("\(top)/stray") == false)
  }

  @Test func aMirrorThatRejects() throws {
    try house.write("a", "1")
    try remote.hook("pre-receive", "exit 1")
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed && outcome.destinations.map(\.stored) == [false])
    try remote.hook("pre-receive", "exit 0")
    #expect(try house.backup().map(\.status) == [.stored])
  }

  /// Encrypted objects and a plain mirror beside them: the keeper sees the objects alone.
  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func besideAnotherDestination(_ mode: SetConfiguration.Mode) throws {
    let house = try Household(destinations: ["disk", "mirror"], mode: mode)
    house.node.destinations[1].kind = .git
    house.node.destinations[1].layout = .plain
    house.keeper.destinations.removeLast()
    house.keeper.nodes[0].destinations = ["disk"]
    house.stores["mirror"] = remote.store(clone: house.folder("git"))
    try house.write("a", "1")
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.destinations.map(\.name) == ["disk", "mirror"])
    #expect(outcome.files == 1)
    #expect(try house.verify(.readable).map(\.destination) == ["disk"])
    #expect(try remote.files().allSatisfy { !$0.contains(".gpg") && !$0.contains("recover") })
    try house.write("a", "2")
    try remote.hook("pre-receive", "exit 1")
    #expect(try house.backup().map(\.status) == [.partial])
    try remote.hook("pre-receive", "exit 0")
    try house.backup()
    #expect(try remote.git(["show", "main:peer-1/data/\(house.sourceEntry)/a"]).text == "2")
  }
}
