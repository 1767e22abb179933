import Files
import Glibc
import Policy
import Testing

/// Files that are no configuration at all.
@Suite struct BadFileTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func onlyProblem(_ path: String) throws -> ConfigurationProblem {
    let report = NodeConfiguration.inspect(path)
    #expect(report.configuration == nil)
    #expect(report.problems.count == 1, "\(report.problems)")
    let problem = try #require(report.problems.first)
    #expect(throws: ConfigurationError(path: path, problems: [problem])) { try NodeConfiguration.load(path) }
    #expect(problem.severity == .error)
    return problem
  }

  @Test(arguments: ["", "\n\n", "  \t\r\n"])
  func anEmptyFile(_ text: String) throws {
    #expect(try onlyProblem(folder.write("c", text)).message == "is empty")
  }

  @Test func commentsAlone() throws {
    let report = NodeConfiguration.inspect(try folder.write("c", "# nothing\n"))
    #expect(report.problems.contains { $0.message == "the required key 'host' is missing" })
    #expect(!report.isUsable)
  }

  @Test func noFile() throws {
    #expect(try onlyProblem("\(folder.path)/none").message == "there is no such file")
    #expect(try onlyProblem("\(folder.path)/none/at/all").message == "there is no such file")
  }

  @Test func aFolder() throws {
    #expect(try onlyProblem(folder.path).message == "is a directory, not a file")
  }

  @Test func aPipeIsNotWaitedFor() throws {
    #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
    #expect(try onlyProblem("\(folder.path)/pipe").message == "is not a regular file")
  }

  @Test func binary() throws {
    #expect(
      try onlyProblem(folder.write("c", [0x7f, 0x45, 0x4c, 0x46, 2, 1, 0])).message
        == "is not a text file: control character at byte 4")
    #expect(try onlyProblem(folder.write("d", [0x61, 0xff, 0xfe])).message == "is not a text file: not valid UTF-8")
  }

  @Test func tenMegabytes() throws {
    let path = try folder.write("c", [UInt8](repeating: UInt8(ascii: "#"), count: 10_000_000))
    #expect(try onlyProblem(path).message == "is larger than 1 MiB (10000000 bytes), so it is no configuration")
  }

  @Test func syntaxErrorsNameLineAndColumn() throws {
    let problem = try onlyProblem(folder.write("c", "host = \"a\"\nstate = /var/lib\n"))
    #expect(problem.line == 2)
    #expect(problem.column == 9)
    #expect(problem.message.hasPrefix("not valid TOML: "))
    #expect(problem.hint == "text values stand in double quotes: key = \"value\"")
    #expect(try onlyProblem(folder.write("d", "host = \"a\"\nhost = \"b\"\n")).line == 2)
  }

  @Test func aZeroCharacterCannotCutAValueShort() throws {
    #expect(try onlyProblem(folder.write("c", "host = \"a\\u0000b\"\n")).message.contains("zero character"))
  }

  @Test func deepNestingIsAnErrorAndNoCrash() throws {
    let problem = try onlyProblem(
      folder.write("c", "a = " + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)))
    #expect(problem.message.hasPrefix("not valid TOML: "))
  }
}
