import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Scratch space that is small, elsewhere, or may not be used as it should be; and checks that misuse it.
@Suite struct HostileScratchTests {
  private let house: Household
  private let scratch: String

  init() throws {
    house = try Household()
    try house.write("numbers.txt", "1\n2\n3\n")
    try house.write("run.sh", "#!/bin/sh\necho ran\n")
    #expect(chmod("\(house.source)/run.sh", 0o755) == 0)
    scratch = "\(house.folder.path)/drills"
    try Paths.makeFolders(scratch, mode: 0o755)
    #expect(chmod(house.folder.path, 0o755) == 0)
    try house.backup()
  }

  private func mounted<Result>(_ options: String, _ body: () throws -> Result) throws -> Result {
    try Command.succeed("mount", ["-t", "tmpfs", "-o", options, "tmpfs", scratch])
    defer { _ = try? Command.run("umount", [scratch]) }
    return try body()
  }

  private func drill(_ checks: [[String]], timeout: Int = 20) throws -> Drill {
    for (number, words) in checks.enumerated() {
      var check = CheckConfiguration(name: "check-\(number)", set: "data", command: words)
      check.timeout = numericCast(timeout)
      house.keeper.checks.append(check)
    }
    var request = DrillRequest(selection: SnapshotSelection())
    request.scratch = scratch
    let drill = try #require(try house.makeKeeper().drill(request).outcomes.first).drill
    #expect(try Command.succeed("ls", ["-A", scratch]).lines.isEmpty, "the tree is removed")
    return drill
  }

  @Test func programsOfTheTreeDoNotRunWhereNothingMay() throws {
    let program = "./\(house.sourceEntry)/run.sh"
    let drill = try mounted("size=200m,noexec,mode=755") {
      try self.drill([[program], ["sh", program], ["wc", "-l", "\(house.sourceEntry)/numbers.txt"]])
    }
    #expect(drill.checks.map(\.passed) == [false, true, true], "\(drill.checks)")
    #expect(drill.checks[0].ending.contains("noexec"), "\(drill.checks[0])")
    #expect(drill.checks[1].output.contains("ran"))
    #expect(drill.findings.map(\.code) == [.checkFailed])
    #expect(drill.findings.first?.detail.contains("noexec") == true)
  }

  @Test func anotherFileSystemIsAsGood() throws {
    let program = "./\(house.sourceEntry)/run.sh"
    let drill = try mounted("size=200m,mode=755") { try self.drill([[program]]) }
    #expect(drill.result == .sound && drill.checks.map(\.passed) == [true], "\(drill)")
  }

  @Test func whereNothingCanBeWrittenNothingIsKnown() throws {
    try mounted("size=200m,ro,mode=755") {
      let verification = try #require(
        try house.makeKeeper().verify(SnapshotSelection(), level: .restored, scratch: scratch).verifications.first)
      #expect(verification.result == .unchecked && verification.findingCount == 0)
      #expect(verification.reason?.contains("read-only") == true, "\(verification)")
      let drill = try self.drill([["true"]])
      #expect(drill.result == .unchecked && drill.reason?.contains("read-only") == true, "\(drill)")
    }
  }

  @Test func aCheckThatFillsTheDiskIsStopped() throws {
    let drill = try mounted("size=120m,mode=755") {
      try self.drill([["sh", "-c", "dd if=/dev/zero of=fill bs=1M; sleep 60"]])
    }
    #expect(drill.checks.map(\.passed) == [false], "\(drill.checks)")
    #expect(drill.checks[0].ending.contains("filled the scratch file system"), "\(drill.checks[0])")
    #expect(drill.checks[0].seconds < 15)
  }

  @Test func aCheckThatForksWithoutEndIsEnded() throws {
    let mark = "redoubt-bomb-\(UInt32.random(in: .min ... .max))"
    let drill = try drill([["sh", "-c", ": \(mark); f() { f & f & wait; sleep 100; }; f; sleep 100"]], timeout: 2)
    #expect(drill.checks[0].ending.contains("did not end within 2 s"), "\(drill.checks[0])")
    #expect(drill.checks[0].output.utf8.count < 20_000)
    #expect(try Command.run("pgrep", ["-f", mark]).lines.isEmpty)
  }

  @Test func whatACheckWritesIsBounded() throws {
    let drill = try drill([["sh", "-c", "yes | head -c 300000000"], ["sh", "-c", "head -c 100000 /dev/urandom >&2"]])
    #expect(drill.checks.map(\.passed) == [true, true], "\(drill.checks.map(\.ending))")
    #expect(drill.checks.allSatisfy { $0.output.utf8.count < 20_000 })
  }
}
