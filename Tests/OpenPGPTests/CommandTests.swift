import TestKit
import Testing

@Suite struct CommandTests {
  @Test func capturesWhatAToolWrites() throws {
    let outcome = try Command.run("sh", ["-c", "cat; echo oops >&2; exit 3"], input: Array("in\nput\n".utf8))
    #expect(outcome.status == 3)
    #expect(outcome.lines == ["in", "put"])
    #expect(outcome.errorText == "oops\n")
  }

  @Test func changesFolderAndVariables() throws {
    let outcome = try Command.succeed(
      "sh", ["-c", "pwd; echo ${ADDED-unset} ${HOME-unset}"], environment: ["ADDED": "x", "HOME": nil], folder: "/usr")
    #expect(outcome.lines == ["/usr", "x unset"])
  }

  @Test func endsWhatHangsAndNamesWhatIsMissing() throws {
    #expect(throws: Command.Failure.self) { try Command.run("sleep", ["60"], timeout: 0.2) }
    #expect(throws: Command.Failure.self) { try Command.run("no-such-tool-anywhere") }
    #expect(throws: Command.Failure.self) { try Command.succeed("false") }
    let killed = try Command("sleep", ["60"])
    killed.signal(9)
    #expect(try killed.wait().status == 137)
  }
}
