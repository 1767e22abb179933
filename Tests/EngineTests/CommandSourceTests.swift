import Backup
import Files
import Glibc
import Policy
import Repository
import Storage
import TestKit
import Testing
import Verify

/// Programs whose output is backed up.
@Suite struct CommandSourceTests {
  private func household(
    _ mode: SetConfiguration.Mode, _ script: String, withPaths: Bool = false
  ) throws -> Household {
    let house = try Household(mode: mode)
    house.node.sets[0].command = ["sh", "-c", script]
    if !withPaths { house.node.sets[0].paths = [] }
    return house
  }

  private func restoredDump(_ house: Household, _ name: String = "restored") throws -> String {
    let (folder, report) = try house.restore([], into: name)
    #expect(report.findings.isEmpty, "\(report.findings)")
    return "\(folder)/dump/data.dump"
  }

  @Test(arguments: SetConfiguration.Mode.allCases)
  func theOutputIsAFileOfTheSnapshot(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode, "", withPaths: true)
    let content = Household.noise(5_000_000)
    let original = "\(house.folder.path)/original"
    try FileContent.write(content, to: original)
    try house.write("beside", "a file\n")
    house.node.sets[0].command = ["cat", original]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored)
    #expect(outcome.files == 2 && outcome.entries == 3 && outcome.bytes == 5_000_007)
    #expect(try house.volumes().count > 3, "it spans volumes")
    for level in VerificationLevel.allCases {
      #expect(try house.verify(level).map(\.result) == [.sound], "\(level)")
    }
    let dump = try restoredDump(house)
    #expect(try FileContent.read(dump) == content)
    var status = stat()
    #expect(stat(dump, &status) == 0 && status.st_mode & 0o7777 == 0o600)
    #expect(try house.differences(house.source, "\(house.folder.path)/restored/\(house.sourceEntry)") == "")
    #expect(!Paths.exists("\(house.node.state)/spool"), "no plaintext stays in the state")
  }

  @Test func itHasTheNameThatIsConfigured() throws {
    let house = try household(.full, "echo hello")
    house.node.sets[0].commandName = "database.sql"
    try house.backup()
    let (folder, _) = try house.restore(["/dump/database.sql"])
    #expect(try FileContent.read("\(folder)/dump/database.sql") == Array("hello\n".utf8))
  }

  @Test func theSameOutputIsUnchangedAndALittleChangeSendsLittle() throws {
    let house = try household(.incremental, "")
    let original = "\(house.folder.path)/original"
    var content = Household.noise(8_000_000)
    try FileContent.write(content, to: original)
    house.node.sets[0].command = ["cat", original]
    #expect(try house.backup().first?.status == .stored)
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .unchanged)
    content[4_000_000] ^= 1
    try FileContent.write(content, to: original)
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 120) }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .stored && outcome.storedBytes < 4_000_000, "\(outcome.storedBytes)")
    #expect(try FileContent.read(try restoredDump(house)) == content)
  }

  /// Sets that are backed up after each change are looked at first: a walk does not show what a program will say.
  @Test func aTreeThatIsAsItWasDoesNotHideAChangedOutput() throws {
    let house = try household(.full, "", withPaths: true)
    try house.write("beside", "a file\n")
    let original = "\(house.folder.path)/original"
    house.node.sets[0].command = ["cat", original]
    for round in 1...3 {
      try FileContent.write(Array("\(round)\n".utf8), to: original)
      house.clock = { Timestamp(seconds: Timestamp.now().seconds + Int64(round) * 60) }
      #expect(try house.backup().first?.status == .stored)
    }
    #expect(try FileContent.read(try restoredDump(house)) == Array("3\n".utf8))
  }

  @Test(arguments: SetConfiguration.Mode.allCases)
  func aShortOutputIsStoredAsWell(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode, "printf x")
    #expect(try house.backup().first?.bytes == 1)
    #expect(try FileContent.read(try restoredDump(house)) == Array("x".utf8))
  }

  /// What programs do wrong, with the reason that must be given.
  static let failures: [(script: String, timeout: Int64, reason: String)] = [
    (
      "head -c 3000000 /dev/urandom; echo first >&2; printf 'quota \\033[31mreached\\r\\n\\n' >&2; exit 3", 60,
      "command: sh exited with code 3: quota [31mreached; nothing of its output counts"
    ),
    ("head -c 3000000 /dev/urandom; kill -KILL $$", 60, "command: sh was ended by signal 9"),
    ("sleep 600", 1, "command: sh did not end within 1 s and was stopped"),
    ("trap '' TERM; head -c 1000000 /dev/urandom; sleep 600; sleep 600", 1, "command: sh did not end within 1 s"),
    ("sleep 600 & echo half", 60, "command: sh ended while others that it had started still wrote"),
    ("echo 'nothing to do' >&2", 60, "command: sh exited with code 0 and wrote nothing: nothing to do"),
  ]

  @Test(arguments: failures.indices, SetConfiguration.Mode.allCases)
  func aProgramThatFailsLeavesNoSnapshot(_ index: Int, _ mode: SetConfiguration.Mode) throws {
    let (script, timeout, reason) = Self.failures[index]
    let house = try household(mode, script, withPaths: true)
    try house.write("beside", "a file\n")
    house.node.sets[0].commandTimeout = timeout
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    #expect(outcome.reason?.hasPrefix(reason) == true, "\(outcome.reason ?? "")")
    #expect(outcome.destinations.allSatisfy { !$0.stored })
    #expect(try house.manifests().isEmpty)
    #expect(!Paths.exists("\(house.node.state)/spool"))
    // The failure is recorded, and the next run is none the worse for it.
    #expect(try setStatuses(house.node, now: house.clock()).first?.lastSuccess == nil)
    house.node.sets[0].command = ["echo", "well"]
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .stored)
    #expect(try FileContent.read(try restoredDump(house)) == Array("well\n".utf8))
  }

  @Test func aProgramThatIsNotThereIsNamed() throws {
    let house = try household(.full, "")
    house.node.sets[0].command = ["pg-dump-that-is-not-there", "--password=secret"]
    let outcome = try #require(try house.backup().first)
    #expect(outcome.status == .failed)
    #expect(outcome.reason == "command: cannot run pg-dump-that-is-not-there: there is no such program")
    #expect(outcome.hint == "install it, or write its whole path into command")
  }

  /// Of a failed set's sibling nothing is lost.
  @Test func otherSetsGoOn() throws {
    let house = try household(.full, "exit 1")
    var other = house.node.sets[0]
    other.name = "other"
    other.command = ["echo", "other"]
    house.node.sets.append(other)
    #expect(try house.backup().map(\.status) == [.failed, .stored])
  }

  @Test(arguments: SetConfiguration.Mode.allCases)
  func aSignalEndsTheProgramToo(_ mode: SetConfiguration.Mode) throws {
    let house = try household(mode, "")
    let mark = "\(house.folder.path)/process"
    house.node.sets[0].command = ["sh", "-c", "echo $$ > '\(mark).part'; mv '\(mark).part' '\(mark)'; sleep 600"]
    house.isCancelled = { Paths.exists(mark) }
    let error = #expect(throws: BackupError.self) { try house.backup() }
    #expect(error?.code == .cancelled)
    let text = String(decoding: try FileContent.read(mark), as: UTF8.self)
    let process = try #require(pid_t(text.split(separator: "\n")[0]))
    #expect(kill(process, 0) == -1 && errno == ESRCH)
    #expect(try house.manifests().isEmpty)
  }

  @Test func withoutRoomForItsOutputTheSetFails() throws {
    let house = try household(.full, "yes | head -c 20000000")
    house.adjust = { $0.spoolReserve = .max / 2 }
    let outcome = try #require(try house.backup().first)
    #expect(outcome.reason?.hasPrefix("not enough room in \(house.node.state)/spool: ") == true)
    #expect(try house.manifests().isEmpty)
    // In mode incremental it needs none.
    house.node.sets[0].mode = .incremental
    house.clock = { Timestamp(seconds: Timestamp.now().seconds + 60) }
    #expect(try house.backup().first?.status == .stored)
  }

  @Test func whatARunThatWasKilledLeftIsRemoved() throws {
    let house = try household(.full, "echo new")
    let left = "\(house.node.state)/spool"
    try Paths.makeFolders(left)
    try FileContent.write(Array("plaintext".utf8), to: "\(left)/copy")
    #expect(try house.backup().first?.status == .stored)
    #expect(!Paths.exists(left))
    #expect(try FileContent.read(try restoredDump(house)) == Array("new\n".utf8))
  }
}
