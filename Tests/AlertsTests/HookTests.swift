import Alerts
import Files
import FoundationEssentials
import JSON
import Policy
import TestKit
import Testing

@Suite struct HookTests {
  func tell(_ configuration: AlertsConfiguration, _ report: RunReport) -> [String] {
    let warnings = Warnings()
    RunAlerts(configuration, warnings.environment).end(report)
    return warnings.texts
  }

  func text(_ file: String) throws -> String { String(decoding: try FileContent.read(file), as: UTF8.self) }

  /// Commands that write what they get to a file of their own.
  func recording(_ folder: TemporaryFolder) -> AlertsConfiguration {
    var configuration = AlertsConfiguration()
    func command(_ name: String) -> [String] { ["tee", folder(name)] }
    configuration.onSuccess = command("success")
    configuration.onFailure = command("failure")
    configuration.onOverdue = command("overdue")
    return configuration
  }

  @Test func eachIsToldWhatIsItsOwn() throws {
    let cases: [(exit: Int32, overdue: [String], told: [String])] = [
      (0, [], ["success"]), (3, [], ["failure"]), (0, ["data"], ["overdue", "success"]),
      (1, ["data"], ["failure", "overdue"]),
    ]
    for (exit, overdue, told) in cases {
      let folder = try TemporaryFolder("hooks")
      var report = Sample.backup(exit: exit)
      report.overdue = overdue
      #expect(tell(recording(folder), report) == [])
      #expect(try Command.succeed("ls", [folder.path]).lines == told)
      for name in told {
        let event = try #require(RunEvent(rawValue: name))
        #expect(try text(folder(name)) == report.document(event).text + "\n")
      }
    }
  }

  /// The document, read by another JSON reader.
  @Test func theDocumentIsWhatTheManualSays() throws {
    struct Document: Decodable {
      struct Outcome: Decodable {
        var status: String
        var snapshot: String
      }
      struct Member: Decodable {
        var set: String
        var outcome: Outcome?
        var overdue: Bool
      }
      var v: Int
      var type: String
      var event: String
      var program: String
      var command: String
      var host: String
      var started: String
      var finished: String
      var exit: Int
      var overdue: [String]
      var sets: [Member]
    }
    var report = Sample.backup(exit: 3, sets: [Sample.set("a\"b\\c\nd"), SetReport(name: "other", dataClass: "x")])
    report.overdue = ["other"]
    let document = try JSONDecoder().decode(Document.self, from: Data(report.document(.failure).text.utf8))
    #expect(document.v == 1 && document.type == "run" && document.event == "failure" && document.exit == 3)
    #expect(document.program == "redoubt" && document.command == "backup" && document.host == "peer-1")
    #expect(document.started == "2026-11-21T02:00:00Z" && document.finished == "2026-11-21T02:00:12Z")
    #expect(document.overdue == ["other"])
    #expect(document.sets.map(\.set) == ["a\"b\\c\nd", "other"])
    #expect(document.sets[0].outcome?.status == "stored" && document.sets[1].outcome == nil)
    // Every member that the manual names is there, and no other.
    let manual = String(
      decoding: try FileContent.read(Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/man/redoubt.toml.5"),
      as: UTF8.self)
    guard case .object(let members) = report.document(.success) else {
      Issue.record("no object")
      return
    }
    for member in members { #expect(manual.contains("\n.It Va \(member.name)\n"), "\(member.name)") }
  }

  /// Without a shell: what would be several words or a command to one is a single argument.
  @Test func argumentsAreTakenAsTheyAre() throws {
    let folder = try TemporaryFolder("hooks")
    var configuration = AlertsConfiguration()
    configuration.onSuccess = ["tee", folder("a b; touch $HOME * 'c'"), folder("")]
    configuration.onSuccess[2] = folder("second")
    #expect(tell(configuration, Sample.backup()) == [])
    #expect(try Command.succeed("ls", [folder.path]).lines == ["a b; touch $HOME * 'c'", "second"])
  }

  @Test func aCommandThatFailsIsTriedAgain() throws {
    let folder = try TemporaryFolder("hooks")
    var configuration = AlertsConfiguration()
    configuration.onFailure = [
      "sh", "-c",
      "echo \"$REDOUBT_EVENT $REDOUBT_EXIT $REDOUBT_HOST\" >>\(folder("log")); [ $(wc -l <\(folder("log"))) = 3 ]",
    ]
    #expect(tell(configuration, Sample.backup(exit: 75)) == [])
    #expect(try text(folder("log")) == "failure 75 peer-1\nfailure 75 peer-1\nfailure 75 peer-1\n")
    configuration.attempts = 2
    configuration.onFailure = ["sh", "-c", "echo tried >>\(folder("again")); echo cannot tell >&2; exit 7"]
    #expect(tell(configuration, Sample.backup(exit: 1)) == ["on-failure: sh exited with code 7: cannot tell"])
    #expect(try text(folder("again")) == "tried\ntried\n")
  }

  @Test func aCommandThatIsNotThere() throws {
    var configuration = AlertsConfiguration()
    configuration.onSuccess = ["/no/such/program"]
    let warnings = tell(configuration, Sample.backup())
    #expect(warnings.count == 1 && warnings[0].contains("on-success: cannot run program"), "\(warnings)")
  }

  /// It is ended with what it started, and costs its tries at most.
  @Test func aCommandThatHangs() throws {
    var configuration = AlertsConfiguration()
    configuration.timeout = 1
    configuration.attempts = 2
    configuration.onSuccess = ["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"]
    var warnings: [String] = []
    let time = ContinuousClock().measure { warnings = tell(configuration, Sample.backup()) }
    #expect(time < .seconds(6), "\(time)")
    #expect(warnings.count == 1 && warnings[0].contains("did not end within"), "\(warnings)")
  }

  /// Neither its output nor a document that it does not read holds anything up.
  @Test func aCommandThatSaysMuchAndReadsNothing() throws {
    var configuration = AlertsConfiguration()
    configuration.onSuccess = ["sh", "-c", "head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2"]
    var report = Sample.backup()
    report.sets = (0..<5000).map { Sample.set("set-\($0)") }
    #expect(report.document(.success).text.utf8.count > 1 << 20)
    #expect(tell(configuration, report) == [])
  }

  @Test func nothingConfiguredNothingDone() {
    #expect(AlertsConfiguration().isEmpty)
    #expect(tell(AlertsConfiguration(), Sample.backup()) == [])
  }
}
