import Channels
import Files
import Glibc
import TestKit
import Testing
import Watching

/// What is noticed, on real directories.
@Suite struct WatcherTests {
  @Test(arguments: [
    "echo new >in/new", "echo more >>in/file", "rm in/file", "chmod 600 in/file", "mv in/file in/other",
    "mv in/file out/file", "mv out/stranger in/", "touch -d yesterday in/file", "ln -s nowhere in/link",
    "mkdir in/folder", "rmdir in/sub/empty", "echo deep >in/sub/deep/new", "chmod 700 in", "truncate -s 0 in/file",
    "setfattr -n user.note -v x in/file", "ln in/file in/second",
  ])
  func aChangeIsNoticed(_ script: String) throws {
    let following = try Following(
      prepare: "mkdir -p in/sub/deep in/sub/empty; echo content >in/file; echo >out/stranger")
    #expect(following.watcher.takeChange(of: 0) == nil)
    #expect(try following.changes(script))
  }

  @Test func lookingChangesNothing() throws {
    let following = try Following(prepare: "echo content >in/file; mkdir in/sub")
    #expect(try following.staysQuiet("cat in/file; ls -R in; find in -newer out", marker: "touch in/file"))
  }

  @Test func newDirectoriesAreFollowedHoweverFastTheyFill() throws {
    let following = try Following()
    #expect(try following.changes("mkdir -p in/a/b/c/d/e in/f/g && echo x >in/a/b/c/d/e/early"))
    for place in ["a/b/c/d/e", "a/b", "f/g"] { #expect(try following.changes("echo x >in/\(place)/late"), "\(place)") }
    // As many as a shell makes while the first ones are being looked into.
    #expect(try following.changes("for i in $(seq 200); do mkdir -p in/many/$i/x/y; done"))
    following.settle()
    #expect(following.coverage.directories >= 600)
    for number in [1, 77, 200] { #expect(try following.changes("echo x >in/many/\(number)/x/y/late"), "\(number)") }
  }

  @Test func directoriesThatMoveInAreFollowed() throws {
    let following = try Following(prepare: "mkdir -p out/a/b")
    #expect(try following.changes("mv out/a in/a"))
    #expect(try following.changes("echo x >in/a/b/new"))
  }

  @Test func directoriesThatMoveOutAreNot() throws {
    let following = try Following(prepare: "mkdir -p in/a/b/c")
    let before = following.coverage.directories
    #expect(try following.changes("mv in/a out/a"))
    #expect(try following.staysQuiet("echo x >out/a/b/new; mkdir out/a/b/d; rm -r out/a/b/c", marker: "touch in/new"))
    following.settle()
    #expect(following.coverage.directories == before - 3)
  }

  @Test func directoriesThatMoveWithinAreFollowedToTheirNewPlace() throws {
    let following = try Following(prepare: "mkdir -p in/a/b/c in/z")
    #expect(try following.changes("mv in/a in/z/a; mkdir in/a"))
    #expect(try following.changes("echo x >in/z/a/b/c/new"))
    #expect(try following.changes("echo x >in/a/new"))
    #expect(try following.changes("mv in/z/a/b in/a/b; mv in/z/a out/; mv in/a/b in/z/b; mv in/z in/y"))
    #expect(try following.changes("echo x >in/y/b/c/newer"))
    #expect(try following.staysQuiet("echo x >out/a/new", marker: "touch in/a/new"))
  }

  @Test func linksAreNotFollowed() throws {
    let following = try Following(prepare: "mkdir out/a; ln -s ../out in/link")
    #expect(try following.staysQuiet("echo x >out/new; echo x >out/a/new", marker: "touch in/new"))
  }

  @Test func whatIsLeftOutIsNot() throws {
    let filter = WatchFilter(
      excludes: { _, entry, _ in entry.displayPath.hasSuffix(".tmp") || entry.displayPath == "cache" },
      excludesContent: { faccessat($0, "CACHEDIR.TAG", F_OK, 0) == 0 })
    let following = try Following(filter: filter, prepare: "mkdir -p in/cache/a in/b in/c; echo >in/c/CACHEDIR.TAG")
    #expect(
      try following.staysQuiet(
        "echo x >in/new.tmp; mkdir in/folder.tmp; echo x >in/cache/a/new; echo x >in/b/b.tmp; rm in/new.tmp; echo x >in/c/d",
        marker: "echo x >in/b/new"))
    #expect(try following.changes("mv in/new.tmp in/new 2>/dev/null || { echo >in/x.tmp; mv in/x.tmp in/x; }"))
  }

  // MARK: Sources that come and go

  @Test func aPathThatDoesNotExistYetIsFollowed() throws {
    let following = try Following(["in/x/y/z"])
    #expect(following.coverage.missing == [following.folder("in/x/y/z")])
    #expect(try following.staysQuiet("echo x >in/other; mkdir in/w", marker: "mkdir in/x"))
    #expect(try following.changes("mkdir -p in/x/y/z/deep"))
    following.settle()
    #expect(following.coverage.missing == [])
    #expect(try following.changes("echo x >in/x/y/z/deep/new"))
  }

  @Test(arguments: ["in/a/b", "in/a"])
  func aPathThatIsDeletedAndMadeAgainIsFollowed(_ deleted: String) throws {
    let following = try Following(["in/a/b"], prepare: "mkdir -p in/a/b/c")
    #expect(try following.changes("rm -r \(deleted)"))
    following.settle()
    #expect(following.coverage.missing == [following.folder("in/a/b")])
    #expect(try following.changes("mkdir -p in/a/b/c"))
    #expect(try following.changes("echo x >in/a/b/c/new"))
    // At once, so that both are read together.
    #expect(try following.changes("rm -r \(deleted) && mkdir -p in/a/b/d"))
    #expect(try following.changes("echo x >in/a/b/d/new"))
  }

  @Test(arguments: ["in/a/b", "in/a"])
  func aPathThatIsMovedAwayAndReplacedIsFollowed(_ moved: String) throws {
    let following = try Following(["in/a/b"], prepare: "mkdir -p in/a/b/c")
    #expect(try following.changes("mv \(moved) out/old && mkdir -p in/a/b/c"))
    #expect(try following.changes("echo x >in/a/b/c/new"))
    let old = moved == "in/a" ? "out/old/b/c" : "out/old/c"
    #expect(try following.staysQuiet("echo x >\(old)/new", marker: "echo x >in/a/b/new"))
  }

  @Test func aSingleFileIsFollowedThroughItsReplacements() throws {
    let following = try Following(["in/file", "in/second"], prepare: "echo 1 >in/file; echo 1 >in/stranger")
    for round in 1...3 {
      // As editors and configuration managers do it.
      #expect(try following.changes("echo \(round) >in/.file.swp && mv in/.file.swp in/file"), "\(round)")
      #expect(try following.changes("echo more >>in/file"), "\(round)")
    }
    #expect(
      try following.staysQuiet("echo x >>in/stranger; echo x >in/new; rm in/new", marker: "echo x >in/second"))
    #expect(try following.changes("rm in/file"))
    #expect(try following.changes("echo again >in/file"))
  }

  @Test func aFileBecomesADirectoryAndTheReverse() throws {
    let following = try Following(["in/thing"], prepare: "echo 1 >in/thing")
    #expect(try following.changes("rm in/thing; mkdir in/thing"))
    #expect(try following.changes("echo x >in/thing/new"))
    #expect(try following.changes("rm -r in/thing; echo x >in/thing"))
    #expect(try following.changes("echo x >>in/thing"))
  }

  @Test func namesOfAnyBytes() throws {
    let following = try Following(prepare: "mkdir -p \"$(printf 'in/\\377 \\n*')\"")
    #expect(try following.changes("echo x >\"$(printf 'in/\\377 \\n*')/new\""))
    #expect(try following.changes("mkdir \"$(printf 'in/\\301')\""))
    #expect(try following.changes("echo x >\"$(printf 'in/\\301')/new\""))
  }

  @Test func aFileSystemThatIsUnmounted() throws {
    let following = try Following(["in/disk"], prepare: "mkdir in/disk; mount -t tmpfs tmpfs in/disk; mkdir in/disk/a")
    defer { _ = try? Command.run("umount", [following.folder("in/disk")]) }
    #expect(try following.changes("echo x >in/disk/a/new"))
    #expect(try following.changes("umount in/disk"))
    #expect(try following.changes("echo x >in/disk/below"))
    // What is mounted gives no event.
    try Command.succeed("mount", ["-t", "tmpfs", "tmpfs", following.folder("in/disk")])
    following.watcher.rebuild(0)
    #expect(try following.changes("echo x >in/disk/new"))
  }

  // MARK: Floods

  @Test func aQueueThatRanOverIsMadeGoodByLookingAnew() throws {
    let gate = Gate()
    let filter = WatchFilter(excludes: { _, entry, _ in
      // Called on the watcher's thread: while it waits here nothing is read.
      if entry == Array("stop".utf8) { gate.wait() }
      return false
    })
    let following = try Following(filter: filter, prepare: "mkdir in/flood")
    try Command.succeed("touch", [following.folder("in/stop")])
    try Command.succeed(
      "sh", ["-ec", "cd in/flood; seq 20000 | xargs touch; mkdir -p ../late/deep; seq 20000 | xargs rm"],
      folder: following.folder.path)
    gate.open()
    for _ in 0..<500 where !following.told.contains(.overflow(target: 0)) { usleep(10_000) }
    #expect(following.told.contains(.overflow(target: 0)))
    #expect(following.watcher.takeChange(of: 0) != nil)
    #expect(try following.changes("echo x >in/late/deep/new"))
  }

  @Test func aRunOfEventsIsOneChange() throws {
    let following = try Following()
    try Command.succeed(
      "sh", ["-ec", "for i in $(seq 300); do echo $i >in/$i; done"], folder: following.folder.path)
    usleep(300_000)
    let change = try #require(following.watcher.takeChange(of: 0))
    #expect(change.upperBound > change.lowerBound)
    #expect(following.watcher.takeChange(of: 0) == nil)
  }
}

/// Holds a thread until it is opened.
private final class Gate: Sendable {
  private let monitor = Monitor()
  private nonisolated(unsafe) var isOpen = false

  func wait() { monitor.locked { while !isOpen { monitor.wait() } } }
  func open() {
    monitor.locked {
      isOpen = true
      monitor.wakeAll()
    }
  }
}
