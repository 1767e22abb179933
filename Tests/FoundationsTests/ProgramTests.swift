import Processes
import Testing

/// Real programs, run within bounds.
@Suite struct ProgramTests {
  private func shell(_ script: String, timeout: Double? = 30) -> Program {
    Program(["sh", "-c", script], timeout: timeout)
  }

  @Test func outputComplaintsAndCodeComeBack() throws {
    let outcome = try shell("echo out; echo first >&2; echo 'last  ' >&2; exit 3").run()
    #expect(outcome.ending == .exited(3))
    #expect(!outcome.succeeded)
    #expect(outcome.output == Array("out\n".utf8))
    #expect(outcome.lastComplaint.hasPrefix("last"))
    #expect(outcome.description == "exited with code 3")
  }

  @Test func inputReachesIt() throws {
    let input = [UInt8](repeating: 7, count: 3_000_000)
    var program = Program(["cat"], timeout: 30)
    program.outputLimit = 4_000_000
    #expect(try program.run(input: input).output == input)
    // It doesn't read, and we don't end by SIGPIPE.
    #expect(try Program(["true"], timeout: 30).run(input: input).succeeded)
  }

  @Test func outputIsBounded() throws {
    var program = shell("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2")
    program.outputLimit = 1000
    let outcome = try program.run()
    #expect(outcome.output.count == 1000 && outcome.isOutputCut)
    #expect(outcome.errors.count <= 2 * program.errorLimit)
    #expect(outcome.succeeded)
  }

  @Test func streamingHandsOnEverything() throws {
    var count = 0
    let outcome = try shell("head -c 5000000 /dev/zero").stream { count += $0.count }
    #expect(count == 5_000_000 && outcome.succeeded)
  }

  @Test func outputThatOthersStillWriteIsCut() throws {
    var program = shell("sleep 60 & echo out")
    program.grace = 0.3
    let outcome = try program.run()
    #expect(outcome.succeeded && outcome.isOutputCut)
    #expect(outcome.output == Array("out\n".utf8))
    #expect(try !shell("echo out").run().isOutputCut)
  }

  @Test func aConsumerThatFailsEndsTheProgram() throws {
    struct Full: Error {}
    #expect(throws: Full.self) { _ = try shell("yes").stream { _ in throw Full() } }
  }

  @Test func oneThatHangsIsEnded() throws {
    var program = shell("trap '' TERM; sleep 60 & wait; sleep 60", timeout: 0.3)
    program.grace = 0.3
    let outcome = try program.run()
    #expect(outcome.ending == .timedOut(0.3))
  }

  @Test func whatItLeavesRunningDoesNotHoldUsUp() throws {
    var program = shell("sleep 60 & echo done")
    program.grace = 0.3
    let outcome = try program.run()
    #expect(outcome.succeeded && outcome.output == Array("done\n".utf8))
  }

  @Test func cancellingEndsIt() throws {
    var looks = 0
    let outcome = try shell("sleep 60").run {
      looks += 1
      return looks > 1
    }
    #expect(outcome.ending == .cancelled)
  }

  @Test func aSignalIsTold() throws {
    #expect(try shell("kill -9 $$").run().ending == .signalled(9))
  }

  @Test func missingProgramsAreNamed() throws {
    let missing = #expect(throws: ProgramError.self) { try Program(["no-such-program"]).run() }
    #expect(missing?.code == .notFound && missing?.description.contains("no-such-program") == true)
    let folder = #expect(throws: ProgramError.self) { try Program(["true"], folder: "/no/such/folder").run() }
    #expect(folder?.code == .notStarted)
  }

  @Test func environmentAndFolderAreItsOwn() throws {
    var program = Program(
      ["sh", "-c", "echo $PWD $REDOUBT_ONE ${HOME-none}"], variables: ["REDOUBT_ONE": "1", "HOME": nil], folder: "/usr",
      timeout: 30)
    #expect(try program.run().output == Array("/usr 1 none\n".utf8))
    program.inheritsEnvironment = false
    program.variables = ["PATH": "/usr/bin:/bin"]
    program.words = ["env"]
    #expect(try program.run().output == Array("PATH=/usr/bin:/bin\n".utf8))
  }
}
