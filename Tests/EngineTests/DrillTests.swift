import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Restores that are rehearsed: what the operator's checks see, what is recorded, and what is left behind.
@Suite struct DrillTests {
  private let house: Household
  private let scratch: String

  init() throws {
    house = try Household()
    try house.write("numbers.txt", (1...1000).map { "\($0)\n" }.joined())
    try house.write("deep/er/secret", "content")
    #expect(chmod("\(house.source)/deep/er/secret", 0o600) == 0)
    // Root's checks run as somebody else, who must reach the tree.
    scratch = "\(house.folder.path)/drills"
    try Paths.makeFolders(scratch, mode: 0o755)
    #expect(chmod(house.folder.path, 0o755) == 0)
  }

  private func drill(_ change: (inout DrillRequest) -> Void = { _ in }) throws -> DrillOutcome {
    var request = DrillRequest(selection: SnapshotSelection())
    request.scratch = scratch
    change(&request)
    return try #require(try house.makeKeeper().drill(request).outcomes.first)
  }

  private func check(_ words: [String], expect: String? = nil) {
    var check = CheckConfiguration(name: "check-\(house.keeper.checks.count)", set: "data", command: words)
    check.expect = expect
    check.timeout = 20
    house.keeper.checks.append(check)
  }

  private func leftovers() throws -> [String] { try Command.succeed("ls", ["-A", scratch]).lines }

  private func records() throws -> [Drill] {
    try CatalogFile.records("\(house.keeper.state)/catalog.jsonl").compactMap {
      if case .drill(let drill) = $0.event { drill } else { nil }
    }
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func aDrillRestoresComparesChecksAndRecords(_ mode: SetConfiguration.Mode) throws {
    house.node.sets[0].mode = mode
    try house.backup()
    check(["wc", "-l", "\(house.sourceEntry)/numbers.txt"], expect: "1000 \(house.sourceEntry)/numbers.txt")
    // The file is its owner's alone, and the checks' user owns the tree.
    check(["cat", "\(house.sourceEntry)/deep/er/secret"])
    let outcome = try drill {
      $0.by = "Ada"
      $0.note = "the quarter's drill"
    }
    #expect(outcome.drill.result == .sound, "\(outcome.drill)")
    #expect(outcome.drill.checks.map(\.passed) == [true, true], "\(outcome.drill.checks)")
    #expect(outcome.drill.bytes == 3893 + 7 && outcome.drill.fetched > 0)
    #expect(outcome.drill.seconds.restore > 0 && outcome.drill.seconds.decrypt > 0)
    #expect(outcome.earlier.isEmpty)
    #expect(try records().map(\.by) == ["Ada"])
    #expect(try records().first == outcome.drill)
    #expect(try drill().earlier.count == 1)
    #expect(try leftovers().isEmpty)
  }

  @Test func aCheckThatFailsIsDamage() throws {
    try house.backup()
    check(["false"])
    check(["no-such-program-here"])
    check(["echo", "almost"], expect: "ok")
    check(["sh", "-c", "head -c 100000 /dev/urandom; exit 3"])
    let drill = try drill().drill
    #expect(drill.result == .damaged)
    #expect(drill.checks.map(\.passed) == [false, false, false, false])
    #expect(drill.findings.map(\.code) == [.checkFailed, .checkFailed, .checkFailed, .checkFailed])
    #expect(drill.checks[3].ending == "exited with code 3")
    #expect(drill.checks[3].output.utf8.count < 20_000)
    #expect(try leftovers().isEmpty)
  }

  @Test func checksHaveNoNetworkNoRightsAndNoKeys() throws {
    try house.backup()
    check(["sh", "-c", "awk 'NR > 2 && $1 != \"lo:\"' /proc/net/dev | wc -l"], expect: "0")
    check(["sh", "-c", "test \"$(id -u)\" != 0 && echo harmless"], expect: geteuid() == 0 ? "harmless" : nil)
    check(["sh", "-c", "env | grep -c -i -e aws -e gnupg -e agent"])
    check(["sh", "-c", "touch /etc/redoubt-was-here 2>/dev/null; test ! -e /etc/redoubt-was-here"])
    check(["sh", "-c", "kill -9 1 2>/dev/null; ls /proc | grep -c '^[0-9]'"])
    let drill = try drill().drill
    #expect(drill.checks[0].passed && drill.checks[3].passed, "\(drill.checks)")
    if geteuid() == 0 { #expect(drill.checks[1].passed, "\(drill.checks[1])") }
    // grep finds nothing and exits with 1.
    #expect(drill.checks[2].output.hasPrefix("0"), "\(drill.checks[2])")
  }

  @Test func oneThatHangsAndForksIsEnded() throws {
    try house.backup()
    check(["sh", "-c", "trap '' TERM; (sleep 987654 &) ; while :; do sleep 1; done"])
    house.keeper.checks[0].timeout = 1
    let drill = try drill().drill
    #expect(drill.result == .damaged)
    #expect(drill.checks[0].ending.contains("did not end within 1 s"))
    #expect(try Command.run("pgrep", ["-f", "sleep 987654"]).lines.isEmpty)
    #expect(try leftovers().isEmpty)
  }

  @Test func damageIsFoundAndTheTreeRemoved() throws {
    try house.backup()
    let volume = try #require(try house.volumes().first)
    let path = "\(house.folder.path)/disk/\(volume)"
    var bytes = try FileContent.read(path)
    bytes[bytes.count / 2] ^= 1
    try FileContent.write(bytes, to: path)
    check(["true"])
    let drill = try drill().drill
    #expect(drill.result == .damaged)
    #expect(drill.findings.contains { $0.code == .wrongDigest })
    #expect(try leftovers().isEmpty)
  }

  @Test func aTreeMayBeKept() throws {
    try house.backup()
    let outcome = try drill { $0.keepsTree = true }
    let folder = try #require(outcome.folder)
    #expect(try FileContent.read("\(folder)/\(house.sourceEntry)/deep/er/secret") == Array("content".utf8))
  }

  @Test(arguments: [SetConfiguration.Mode.full, .incremental])
  func theWayOutIsDrilledWithStandardToolsAlone(_ mode: SetConfiguration.Mode) throws {
    house.node.sets[0].mode = mode
    try house.backup()
    check(["wc", "-l", "\(house.sourceEntry)/numbers.txt"])
    let drill = try drill { $0.standardTools = true }.drill
    #expect(drill.result == .sound, "\(drill)")
    #expect(drill.standardTools && drill.checks.map(\.passed) == [true])
    #expect(try leftovers().isEmpty)
    let volume = try #require(try house.volumes().first)
    let path = "\(house.folder.path)/disk/\(volume)"
    var bytes = try FileContent.read(path)
    bytes[bytes.count / 2] ^= 1
    try FileContent.write(bytes, to: path)
    #expect(try self.drill { $0.standardTools = true }.drill.result == .damaged)
    #expect(try leftovers().isEmpty)
  }

  @Test func withoutRoomNothingIsBegun() throws {
    try house.backup()
    let small = "\(house.folder.path)/small"
    try Paths.makeFolders(small)
    try Command.succeed("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small])
    defer { _ = try? Command.run("umount", [small]) }
    let drill = try drill { $0.scratch = small }.drill
    #expect(drill.result == .unchecked)
    #expect(drill.reason?.contains("MiB free") == true, "\(drill)")
  }

  @Test func checksThatCannotBeRunLeaveNothingProven() throws {
    try house.backup()
    check(["true"])
    house.keeper.drill.user = "no-such-user-here"
    let drill = try drill().drill
    if geteuid() == 0 {
      #expect(drill.result == .unchecked)
      #expect(drill.reason?.contains("no-such-user-here") == true)
    }
  }
}
