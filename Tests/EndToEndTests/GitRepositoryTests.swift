internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// The real programs with a git repository as the destination.
struct GitRepositoryTests {
  private let remote: GitRemote
  private let house: Installation

  init() throws {
    remote = try GitRemote()
    house = try Installation([
      .init(name: "repository", settings: "kind = \"git\"\nlocation = \"offsite\"\nremote = \"\(remote.url)\"\n")
    ])
    house.environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
  }

  /// The repository's files as anyone has them who may read it.
  private func checkout() throws -> String {
    let copy = house.folder("checkout")
    try Command.succeed("git", ["clone", "--quiet", remote.folder, copy])
    return copy
  }

  @Test func theWholeWay() throws {
    try house.write("etc/app.conf", "answer = 42\n")
    try house.writeNoise("data", megabytes: 3)
    try Paths.makeFolders(house.state)
    let check = try house.node(["check", "--online"])
    #expect(check.status == 0, "\(check.text)\(check.errorText)")
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty, "a check leaves nothing")
    #expect(try house.node(["backup"]).status == 0)
    #expect(try remote.log().count == 3)
    try house.expectSound("restored")
    #expect(try Command.succeed("diff", ["-r", house.source, house.restore()]).text == "")
    // The keeper's copy goes with it, and the node never had one.
    #expect(try Command.run("sh", ["-c", "ls \(house.folder("keeper"))/git/*"]).text == "")
    let clone = "\(house.state)/git/repository"
    #expect(
      try Command.succeed("du", ["-sk", clone]).text.split(separator: "\t").first.flatMap { Int($0) } ?? 999 < 300)
    let modes = try Command.succeed("stat", ["-c", "%a", clone, "\(clone)/clone.git", "\(clone)/clone.git/config"])
    #expect(modes.lines == ["700", "700", "600"])
  }

  @Test func aPersonWithStandardTools() throws {
    try house.write("etc/app.conf", "answer = 42\n")
    try house.writeNoise("data", megabytes: 3)
    #expect(try house.node(["backup"]).status == 0)
    let tools = StandardTools(installation: house, hostFolder: "\(try checkout())/peer-1")
    for recovered in [try tools.recover(), try tools.pipeline()] {
      #expect(recovered.outcome.status == 0, "\(recovered.outcome.errorText)")
      #expect(try Command.succeed("diff", ["-r", house.source, recovered.tree]).text == "")
    }
  }

  @Test func killedInTheMiddleOfAPush() throws {
    try house.write("a", "1")
    let (begun, pushed) = (house.folder("begun"), house.folder("go-on"))
    try remote.hook("pre-receive", "touch '\(begun)'; while ! test -e '\(pushed)'; do sleep 0.05; done")
    let run = try house.startNode(["backup"])
    var waits = 0
    while !Paths.exists(begun), waits < 600 {
      usleep(50_000)
      waits += 1
    }
    #expect(Paths.exists(begun))
    run.signal(SIGKILL)
    _ = try run.wait()
    // The git that was underway may still end its push, or not: both are well.
    try FileContent.write([], to: pushed)
    let next = try house.node(["backup"])
    #expect(next.status == 0, "\(next.text)\(next.errorText)")
    try house.expectSound()
    // A lock that a killed git leaves behind keeps nobody out for ever.
    try FileContent.write([], to: "\(house.state)/git/repository/clone.git/shallow.lock")
    try house.write("a", "2")
    #expect(try house.node(["backup"]).status == 0)
    try house.expectSound()
  }

  @Test func aRemoteThatRefuses() throws {
    try house.write("a", "1")
    try remote.hook("pre-receive", "echo 'ask the admins first' >&2; exit 1")
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 1)
    let words = "\(remote.url): the remote rejected the push: pre-receive hook declined: ask the admins first"
    #expect(outcome.errorText.contains(words), "\(outcome.errorText)")
    #expect(outcome.errorText.contains("hint: a hook or a branch rule there refuses it"), "\(outcome.errorText)")
    #expect(try remote.git(["for-each-ref"]).lines.isEmpty)
  }

  @Test func aRemoteThatIsNotThere() throws {
    try house.write("a", "1")
    try Command.succeed("mv", [remote.folder, "\(remote.folder).away"])
    for arguments in [["backup"], ["check", "--online"]] {
      let outcome = try house.node(arguments)
      #expect(outcome.status != 0)
      let text = outcome.text + outcome.errorText
      #expect(text.contains("does not appear to be a git repository"), "\(text)")
      #expect(text.contains("hint: make an empty private repository there"), "\(text)")
    }
    let verified = try house.keeper(["verify"])
    #expect(verified.status == 1, "\(verified.text)\(verified.errorText)")
  }

  @Test func gitIsNotInstalled() throws {
    house.environment["PATH"] = house.folder("nothing")
    let outcome = try house.node(["check"])
    #expect(outcome.status == 78 || outcome.status == 1)
    let text = outcome.text + outcome.errorText
    #expect(text.contains("there is no such program") && text.contains("install the package git"), "\(text)")
  }
}
