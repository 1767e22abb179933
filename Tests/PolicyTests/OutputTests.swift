import CommandLineOutput
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing

@Suite struct OutputTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// What `body` writes to standard output and standard error.
  func written(
    json: Bool = false, debug: Bool = false, _ body: (Output) -> Void
  ) throws -> (results: String, messages: String) {
    let files = [open("\(folder.path)/1", O_RDWR | O_CREAT, 0o600), open("\(folder.path)/2", O_RDWR | O_CREAT, 0o600)]
    defer { for file in files { close(file) } }
    let output = Output(isJSON: json, isDebug: debug, results: files[0], messages: files[1])
    body(output)
    #expect(output.finish() == nil)
    let texts = try ["1", "2"].map { String(decoding: try FileContent.read("\(folder.path)/\($0)"), as: UTF8.self) }
    return (texts[0], texts[1])
  }

  func say(_ output: Output) {
    output.line("done")
    output.row("row")
    output.event("item", [.init("size", 3), .init("name", "a\"b\\\n\u{1}é"), .init("none", nil)])
    output.warning("odd", hint: "look")
    output.error("bad")
    output.note("going on")
    output.debug("detail")
  }

  @Test func textGoesToPeople() throws {
    let (results, messages) = try written(say)
    #expect(results == "done\nrow\n")
    #expect(messages == "warning: odd\nhint: look\nerror: bad\ngoing on\n")
  }

  @Test func jsonGoesToScripts() throws {
    let (results, messages) = try written(json: true, debug: true, say)
    #expect(
      results == #"""
        {"type":"item","size":3,"name":"a\"b\\\n\u0001é","none":null}
        {"type":"warning","message":"odd","hint":"look"}
        {"type":"error","message":"bad"}

        """#)
    #expect(messages == "warning: odd\nhint: look\nerror: bad\ndebug: detail\n")
  }

  @Test func manyRowsArriveInOrder() throws {
    let (results, _) = try written { output in for number in 0..<20_000 { output.row("row \(number)") } }
    #expect(results == (0..<20_000).map { "row \($0)\n" }.joined())
  }

  @Test func progressIsDrawnOnATerminalAlone() throws {
    var (master, slave): (Int32, Int32) = (0, 0)
    #expect(openpty(&master, &slave, nil, nil, nil) == 0)
    let results = open("/dev/null", O_WRONLY)
    defer { for file in [master, slave, results] { close(file) } }
    let clock = TestClock()
    let output = Output(results: results, messages: slave, terminal: "xterm")
    let progress = Progress(output, now: { clock.now })
    for step in 0..<100 {
      clock.advance(.milliseconds(20))
      progress.update(bytes: UInt64(step) << 20, total: 200 << 20, label: "keys")
    }
    output.error("bad")
    progress.update(bytes: 1)
    progress.finish()
    var text = ""
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    // A terminal hands its text over in pieces.
    while !text.contains("error: bad") {
      var ready = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      try #require(poll(&ready, 1, 10_000) == 1)
      let count = read(master, &bytes, bytes.count)
      try #require(count > 0)
      text += String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    // 2 seconds: ten redraws, then one line taken away for the message.
    #expect(text.split(separator: "\r\u{1b}[K").filter { $0.hasPrefix("keys  ") }.count == 10, "\(text)")
    #expect(text.contains("keys  90.0 MiB of 200 MiB  45%  49.5 MiB/s  2.2s left"), "\(text)")
    #expect(text.contains("\r\u{1b}[Kerror: bad"))

    let (quiet, silent) = try written { output in Progress(output).update(bytes: 1, total: 2) }
    #expect(quiet == "" && silent == "")
    #expect(!Output(results: results, messages: slave, terminal: "dumb").drawsProgress)
    #expect(!Output(isJSON: true, results: results, messages: slave, terminal: "xterm").drawsProgress)
  }

  @Test func colorsAreForTerminalsThatShowThem() throws {
    var (master, slave): (Int32, Int32) = (0, 0)
    #expect(openpty(&master, &slave, nil, nil, nil) == 0)
    let file = open("/dev/null", O_WRONLY)
    defer { for file in [master, slave, file] { close(file) } }
    func painted(_ results: Int32, _ terminal: String, _ noColor: String, json: Bool = false) -> String {
      Output(isJSON: json, results: results, messages: file, terminal: terminal, noColor: noColor).paint("no", .bad)
    }
    #expect(painted(slave, "xterm", "") == "\u{1b}[1;31mno\u{1b}[0m")
    #expect(painted(slave, "xterm", "1") == "no")
    #expect(painted(slave, "dumb", "") == "no")
    #expect(painted(file, "xterm", "") == "no")
    #expect(painted(slave, "xterm", "", json: true) == "no")
  }

  @Test(
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1289, "1.3 KiB"), (1_048_575, "1.0 MiB"),
      (105_000_000, "100 MiB"),
      (1_288_490_189, "1.2 GiB"), (Int.max, "8.0 EiB"),
    ] as [(Int, String)])
  func sizes(_ bytes: Int, _ text: String) { #expect(Amount.bytes(bytes) == text) }

  @Test(
    arguments: [
      (0, "0.0s"), (0.44, "0.4s"), (9.94, "9.9s"), (9.96, "10s"), (59.6, "1m 00s"), (192, "3m 12s"), (7500, "2h 05m"),
      (273_600, "3d 4h"), (-1, "?"), (.infinity, "?"),
    ] as [(Double, String)])
  func times(_ seconds: Double, _ text: String) { #expect(Amount.duration(seconds) == text) }

  @Test func eachErrorHasItsExitCode() {
    struct Locked: CommandFailure {
      let exitStatus = ExitStatus.locked
      let message = "another run holds the lock"
      let hint: String? = "wait"
    }
    #expect(ErrorReport(Locked()).status == .locked)
    #expect(ErrorReport(ConfigurationError(path: "c", problems: [])).status == .configuration)
    let storage = ErrorReport(StorageError(.denied, "s3://b/k", "the server denies it", hint: "look"))
    #expect(storage.status == .failed)
    #expect(storage.messages == [.init(text: "s3://b/k: the server denies it", hint: "look")])
    #expect(ErrorReport(SetupError("a", "b")).status == .failed)
    #expect(
      ErrorReport(FileError("open", "/x", .noSuchFileOrDirectory)).messages
        == [.init(text: "cannot open /x: no such file or directory")])
  }

  @Test func aConfigurationsProblemsAreAMessageEach() {
    let error = ConfigurationError(
      path: "/c",
      problems: [
        .init(.error, "is empty", key: "host", line: 2, hint: "fill it"), .init(.warning, "is odd"),
        .init(.error, "not valid TOML", line: 3, column: 4),
      ])
    let report = ErrorReport(error)
    #expect(report.status == .configuration)
    #expect(
      report.messages == [
        .init(text: "/c, line 2: host: is empty", hint: "fill it"), .init(isWarning: true, text: "/c: is odd"),
        .init(text: "/c, line 3, column 4: not valid TOML"),
      ])
  }

  @Test func aReaderThatGoesAwayIsNoError() throws {
    let outcome = try Command.run(
      "bash", ["-c", "\(try Program.redoubt.path) check --config /nowhere | true; echo ${PIPESTATUS[0]}"])
    #expect(outcome.text == "78\n")
    #expect(outcome.errorText == "")
  }

  @Test func aFullDiskBehindStandardOutputIsAnError() throws {
    defer { _ = try? Command.run("gpgconf", ["--homedir", "\(folder.path)/k/gnupg", "--kill", "all"]) }
    let outcome = try Command.run(
      "sh",
      [
        "-c",
        "exec \(try Program.redoubtVerify.path) init --config \(folder.path)/c --state \(folder.path)/k >/dev/full",
      ])
    #expect(outcome.status == 1)
    #expect(outcome.errorText == "error: cannot write to standard output: no space left on device\n")
  }

  @Test(arguments: Program.allCases)
  func wrongUsageExitsWith64(_ program: Program) throws {
    for arguments in [["nonsense"], ["init", "--no-such-option"], ["init", "--config"], ["init", "more"]] {
      let outcome = try program.run(arguments)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.text == "")
    }
  }

  @Test(arguments: Program.allCases)
  func theVersionIsThePackages(_ program: Program) throws {
    let outcome = try program.run(["--version"])
    #expect(outcome.status == 0)
    let lines = outcome.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.first == "\(program.rawValue) \(redoubtVersion)" && lines.last == "", "\(outcome.text)")
    var versions: [String: String] = [:]
    for line in lines.dropFirst().dropLast() {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      try #require(words.count == 2, "\(line)")
      versions[words[0]] = words[1]
    }
    let isCommit = versions["commit"]?.wholeMatch(of: /unknown|[0-9a-f]{12,40}(-dirty)?/) != nil
    #expect(isCommit, "\(outcome.text)")
    // What the libraries' own tools say.
    let gpg = try Command.succeed("gpg", ["--version"]).text
    #expect(gpg.hasPrefix("gpg (GnuPG) \(versions["gpg"] ?? "?")\n"))
    let modules = ["libcurl": "libcurl", "gpgme": "gpgme", "OpenSSL": "libcrypto", "zstd": "libzstd"]
    for (name, module) in modules {
      let version = try Command.succeed("pkg-config", ["--modversion", module]).text.dropLast()
      #expect(versions[name]?.split(separator: " ").first == version[...], "\(name)")
    }
    let sqlite = try Command.succeed("pkg-config", ["--modversion", "sqlite3"]).text.dropLast()
    #expect(versions["SQLite"] == (program == .redoubt ? String(sqlite) : nil))
  }

  /// Without gpg the version is still told.
  @Test(arguments: Program.allCases)
  func theVersionNeedsNoGPG(_ program: Program) throws {
    let outcome = try program.run(["--version"], environment: ["PATH": "/nowhere"])
    #expect(outcome.status == 0 && outcome.text.contains("\ngpg not found\n"), "\(outcome.text)")
  }
}
