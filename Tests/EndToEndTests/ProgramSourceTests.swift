internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// Programs around and in place of files, with the real `redoubt`.
struct ProgramSourceTests {
  private func installation(_ settings: String) throws -> Installation {
    let house = try Installation()
    try house.write("file", "content\n")
    house.sets[0].settings = settings
    try house.configure()
    return house
  }

  /// The program asks how much memory its parent has needed at most, after it has written a lot to standard error and to
  /// standard output; its answer is the dump's end.
  @Test(arguments: ["full", "incremental"]) func floodsCostNoMemory(_ mode: String) throws {
    let script =
      "head -c 500000000 /dev/zero | tr '\\\\0' 'e' >&2; head -c 300000000 /dev/zero; grep VmHWM: /proc/$PPID/status"
    let house = try installation("mode = \"\(mode)\"\ncommand = [\"sh\", \"-c\", \"\(script)\"]")
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    _ = try house.restore()
    let tail = try Command.succeed("tail", ["-c", "60", house.folder("restored") + "/dump/data.dump"]).text
    let kilobytes = try #require(tail.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.output.1) })
    #expect(kilobytes < 150_000)
  }

  /// The dump is a file like any other for tar and for the script beside the data.
  @Test(arguments: ["full", "incremental"]) func standardToolsRestoreIt(_ mode: String) throws {
    let house = try installation(
      "mode = \"\(mode)\"\ncommand = [\"seq\", \"1\", \"500000\"]\ncommand-name = \"numbers.txt\"")
    #expect(try house.node(["backup"]).status == 0)
    try house.expectSound("restored")
    _ = try house.restore()
    let tools = StandardTools(installation: house, hostFolder: "\(house.disk)/peer-1")
    let recovered = try tools.recover()
    #expect(recovered.outcome.status == 0, "\(recovered.outcome.errorText)")
    if mode == "full" { #expect(try tools.pipeline().outcome.status == 0) }
    let numbers = try Command.succeed("seq", ["1", "500000"]).output
    for folder in ["restored", "recovered"] + (mode == "full" ? ["piped"] : []) {
      #expect(try FileContent.read("\(house.folder(folder))/dump/numbers.txt") == numbers, "\(folder)")
    }
  }

  @Test func aDryRunSaysWhatItWouldRun() throws {
    let house = try installation("")
    let mark = house.folder("mark")
    house.sets[0].settings = "command = [\"touch\", \"\(mark)\"]\nbefore = [\"true\"]"
    try house.configure()
    let outcome = try house.node(["backup", "--dry-run"])
    #expect(outcome.status == 0)
    #expect(
      outcome.lines == [
        "data: would run before: true", "data: would run command: touch, and store its output as /dump/data.dump",
        "data: would store 3 entries, 8 B",
      ], "\(outcome.text)")
    #expect(!Paths.exists(mark))
  }

  @Test func aFailingAfterIsDoneInPart() throws {
    let house = try installation("after = [\"sh\", \"-c\", \"echo not started >&2; exit 1\"]")
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 3)
    #expect(outcome.errorText.contains("after: sh exited with code 1: not started"), "\(outcome.errorText)")
    try house.expectSound()
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsTheDumpAndAfterStillRuns(_ signal: Int32) throws {
    let house = try installation("")
    let (began, told) = (house.folder("began"), house.folder("told"))
    house.sets[0].settings = """
      command = ["sh", "-c", "echo $$ > '\(began).part'; mv '\(began).part' '\(began)'; sleep 600"]
      after = ["sh", "-c", "echo $REDOUBT_OUTCOME > '\(told)'"]
      """
    try house.configure()
    let run = try house.startNode(["backup"])
    while !Paths.exists(began) { usleep(20_000) }
    run.signal(signal)
    #expect(try run.wait(timeout: 30).status == 1)
    #expect(try FileContent.read(told) == Array("failed\n".utf8))
    let text = String(decoding: try FileContent.read(began), as: UTF8.self)
    let process = try #require(pid_t(text.split(separator: "\n")[0]))
    #expect(kill(process, 0) == -1)
    #expect(try house.manifests().isEmpty)
    #expect(!Paths.exists("\(house.state)/spool"))
  }
}
