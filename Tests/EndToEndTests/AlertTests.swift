internal import Files
internal import FoundationEssentials
internal import Glibc
internal import TestKit
internal import Testing

/// Who is told how a run of the real programs ended.
struct AlertTests {
  /// An installation whose runs ping `server`, and the folder of its metrics.
  private func house(_ server: ScriptedHTTPServer, _ more: String = "") throws -> Installation {
    let house = try Installation()
    try house.write("file", "content\n")
    house.alerts = """
      metrics-file = "\(house.folder("redoubt.prom"))"
      ping-url = "\(server.url)/secret-id"
      timeout = "2s"
      attempts = 1
      \(more)
      """
    try house.configure()
    return house
  }

  private func metrics(_ house: Installation) throws -> String {
    String(decoding: try FileContent.read(house.folder("redoubt.prom")), as: UTF8.self)
  }

  /// The value of the only sample of a metric.
  private func value(_ metric: String, _ house: Installation) throws -> String {
    let lines = try metrics(house).split(separator: "\n").filter { $0.hasPrefix("\(metric){") }
    try #require(lines.count == 1, "\(metric): \(lines)")
    return try #require(lines[0].split(separator: " ").last.map(String.init))
  }

  struct Document: Decodable {
    struct Member: Decodable {
      struct Outcome: Decodable { var status: String }
      var set: String
      var outcome: Outcome?
    }
    var event: String
    var exit: Int
    var reason: String?
    var sets: [Member]
  }

  private func document(_ body: [UInt8]) throws -> Document {
    try JSONDecoder().decode(Document.self, from: Data(body))
  }

  @Test func aBackupIsToldByEveryWay() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200, body: "OK") }
    defer { server.stop() }
    let house = try house(server)
    house.alerts += """

      webhook-url = "\(server.url)/hook?token=secret-token"
      on-success = ["tee", "\(house.folder("told"))"]
      on-failure = ["touch", "\(house.folder("failed"))"]
      """
    try house.configure()
    let outcome = try house.node(["backup", "--debug"])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(Set(server.requests.map(\.target)) == ["/secret-id/start", "/secret-id", "/hook?token=secret-token"])
    #expect(server.requests.first?.target == "/secret-id/start")
    let hook = try #require(server.requests.first { $0.target.hasPrefix("/hook") })
    #expect(try FileContent.read(house.folder("told")) == hook.body)
    let document = try document(hook.body)
    #expect(document.event == "success" && document.exit == 0 && document.sets.map(\.set) == ["data"])
    #expect(document.sets[0].outcome?.status == "stored")
    #expect(!Paths.exists(house.folder("failed")))
    // Nobody who reads the log can ping.
    #expect(!(outcome.text + outcome.errorText).contains("secret-"), "\(outcome.errorText)")
    let text = try metrics(house)
    let checked = try Promtool.run(["check", "metrics"], input: Array(text.utf8))
    #expect(checked.status == 0 && checked.text + checked.errorText == "", "\(checked.errorText)")
    let now = Timestamp.now().seconds
    let last = try #require(Int64(value("redoubt_last_success_timestamp_seconds", house)))
    #expect((now - 60...now).contains(last))
    let overdue = try #require(Int64(value("redoubt_set_overdue_timestamp_seconds", house)))
    // Daily, and six hours of grace.
    #expect((last - 60...last).contains(overdue - 30 * 3600))
    #expect(try value("redoubt_set_overdue", house) == "0" && value("redoubt_run_exit_code", house) == "0")
    #expect(try value("redoubt_backup_read_bytes", house) == "8")
    // A dry run tells nobody.
    let count = server.requests.count
    #expect(try house.node(["backup", "--dry-run"]).status == 0)
    #expect(server.requests.count == count)
  }

  /// A destination that missed a snapshot has runs of its own: one of them that fails is no failure of the set.
  @Test func aDestinationThatIsAwayIsNoFailureOfTheOthers() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server, "webhook-url = \"\(server.url)/hook\"")
    let other = house.folder("other")
    try Paths.makeFolders(other)
    house.destinations.append(.folder("other", other))
    house.sets[0].settings = "mode = \"incremental\""
    try house.configure()
    func run(_ night: Int, _ status: Int32, _ outcome: String) throws {
      try house.write("file", "content of night \(night)\n")
      let ran = try house.node(["backup"])
      #expect(ran.status == status, "night \(night): \(ran.text)\(ran.errorText)")
      let hook = try #require(server.requests.last { $0.target.hasPrefix("/hook") })
      #expect(try document(hook.body).sets.map(\.outcome?.status) == [outcome], "night \(night)")
    }
    try run(0, 0, "stored")
    try Command.succeed("mv", [other, house.folder("away")])
    for night in 1...3 {
      try run(night, 3, "partial")
      #expect(try value("redoubt_backup_failures_total", house) == "0")
      #expect(try value("redoubt_backup_failed", house) == "0")
      let failures = try metrics(house).split(separator: "\n").filter {
        $0.hasPrefix("redoubt_destination_failures_total{")
      }
      #expect(failures.contains { $0.contains("\"other\"") && $0.hasSuffix(" \(night)") }, "\(failures)")
      #expect(failures.contains { $0.contains("\"disk\"") && $0.hasSuffix(" 0") }, "\(failures)")
    }
    // Neither: now it is one.
    try Command.succeed("mv", [house.disk, house.folder("away-too")])
    try house.write("file", "content that nobody takes\n")
    #expect(try house.node(["backup"]).status == 1)
    #expect(try value("redoubt_backup_failed", house) == "1")
    try Command.succeed("mv", [house.folder("away-too"), house.disk])
    try Command.succeed("mv", [house.folder("away"), other])
    try run(5, 0, "stored")
    #expect(try value("redoubt_backup_failed", house) == "0")
    try house.expectSound("restored", count: 2)
  }

  /// What counts survives runs and comes from the catalog; what failed is told with its code.
  @Test func failuresAreCounted() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server)
    #expect(try house.node(["backup"]).status == 0)
    try Command.succeed("mv", [house.disk, house.folder("away")])
    for count in ["1", "2"] {
      #expect(try house.node(["backup"]).status == 1)
      #expect(try value("redoubt_backup_failures_total", house) == count)
      #expect(try value("redoubt_destination_failures_total", house) == count)
      #expect(try value("redoubt_backup_failed", house) == "1")
      #expect(server.requests.last?.target == "/secret-id/1")
    }
    try Command.succeed("mv", [house.folder("away"), house.disk])
    #expect(try house.node(["backup"]).status == 0)
    #expect(try value("redoubt_backup_failures_total", house) == "2")
    #expect(try value("redoubt_backup_failed", house) == "0")
    #expect(server.requests.last?.target == "/secret-id")
  }

  @Test func aRunInPartIsAFailure() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server)
    house.sets[0].paths.append(house.folder("absent"))
    try house.configure()
    #expect(try house.node(["backup"]).status == 3)
    #expect(server.requests.map(\.target) == ["/secret-id/start", "/secret-id/3"])
    #expect(try value("redoubt_backup_findings", house) == "1")
  }

  @Test func runsThatCannotBeginAreTold() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server, "on-failure = [\"sh\", \"-c\", \"cat >>$0\", \"FILE\"]")
    house.alerts = house.alerts.replacing("FILE", with: house.folder("told"))
    try house.configure()
    #expect(try house.node(["backup"]).status == 0)
    let lock = try Command("flock", ["\(house.state)/lock", "sh", "-c", "touch \(house.folder("held")); sleep 60"])
    for _ in 0..<200 where !Paths.exists(house.folder("held")) { usleep(20_000) }
    let locked = try house.node(["backup"])
    kill(-lock.pid, SIGKILL)
    _ = try lock.wait()
    #expect(locked.status == 75 && server.requests.last?.target == "/secret-id/75", "\(locked.errorText)")
    #expect(try document(FileContent.read(house.folder("told"))).reason?.contains("lock") == true)
    // Metrics of what was stored before are still there.
    #expect(try value("redoubt_last_success_timestamp_seconds", house) != "0")
    #expect(try value("redoubt_run_exit_code", house) == "75")
    // What is wrong elsewhere in the configuration is told as far as that is known.
    house.sets[0].settings = "no-such-key = 1"
    try house.configure()
    let wrong = try house.node(["backup"])
    #expect(wrong.status == 78 && server.requests.last?.target == "/secret-id/78", "\(wrong.errorText)")
  }

  @Test func aSignalIsTold() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    let storage = try ScriptedHTTPServer { _ in .stall }
    defer {
      server.stop()
      storage.stop()
    }
    let house = try house(server)
    house.destinations = [
      .init(
        name: "s3",
        settings: """
          kind = "s3"
          location = "cloud"
          endpoint = "\(storage.url)"
          bucket = "bucket"

          """)
    ]
    house.environment["AWS_ACCESS_KEY_ID"] = "a"
    house.environment["AWS_SECRET_ACCESS_KEY"] = "b"
    try house.configure()
    let run = try house.startNode(["backup"])
    for _ in 0..<500 where storage.requests.isEmpty { usleep(20_000) }
    run.signal(SIGTERM)
    let outcome = try run.wait(timeout: 30)
    #expect(outcome.status == 1 && outcome.errorText.contains("stopped by a signal"), "\(outcome.errorText)")
    #expect(server.requests.map(\.target) == ["/secret-id/start", "/secret-id/1"])
  }

  @Test func eachRunOfWatchIsTold() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server)
    let watch = try house.startNode(["watch", "data"])
    for _ in 0..<1000 where server.requests.count < 2 { usleep(20_000) }
    watch.signal(SIGTERM)
    let outcome = try watch.wait(timeout: 30)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(server.requests.map(\.target) == ["/secret-id/start", "/secret-id"])
    #expect(try metrics(house).contains("command=\"watch\"} 0\n"))
  }

  /// Who does not answer, cannot be written to or hangs changes neither the exit code nor what is stored.
  @Test func nothingThatIsToldFailsABackup() throws {
    let server = try ScriptedHTTPServer { _ in .stall }
    defer { server.stop() }
    let house = try house(server)
    house.alerts = """
      metrics-file = "/proc/redoubt.prom"
      ping-url = "\(server.url)/secret-id"
      webhook-url = "\(server.url)/hook"
      on-success = ["sleep", "60"]
      timeout = "1s"
      attempts = 2
      """
    try house.configure()
    let began = Timestamp.now().seconds
    let outcome = try house.node(["backup"])
    #expect(outcome.status == 0 && outcome.text.contains("data: stored"), "\(outcome.errorText)")
    #expect(Timestamp.now().seconds - began < 15)
    for who in ["metrics-file", "ping-url", "webhook-url", "on-success"] {
      #expect(outcome.errorText.contains("warning: nobody was told by \(who): "), "\(who): \(outcome.errorText)")
    }
    #expect(!outcome.errorText.contains("secret-id"))
    #expect(try house.manifests().count == 1)
  }

  @Test func verificationsAreTold() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    let house = try house(server)
    #expect(try house.node(["backup"]).status == 0)
    #expect(try house.keeper(["verify"]).status == 0)
    #expect(server.requests.suffix(2).map(\.target) == ["/secret-id/start", "/secret-id"])
    let text = try metrics(house)
    let checked = try Promtool.run(["check", "metrics"], input: Array(text.utf8))
    #expect(checked.status == 0 && checked.text + checked.errorText == "", "\(checked.errorText)")
    let place = #"{host="peer-1",set="data",destination="disk",level="#
    // The lower levels are proven with it, the highest is not.
    for level in ["present", "intact", "readable"] {
      #expect(text.contains("redoubt_verification_sound\(place)\"\(level)\"} 1\n"), "\(text)")
    }
    #expect(!text.contains("level=\"restored\""))
    let volume = try #require(house.objects().first { $0.contains("/volume-") })
    try Command.succeed("sh", ["-c", "chmod u+w '\(house.disk)/\(volume)'; printf x >>'\(house.disk)/\(volume)'"])
    #expect(try house.keeper(["verify"]).status == 4)
    #expect(server.requests.last?.target == "/secret-id/4")
    let body = String(decoding: server.requests.last?.body ?? [], as: UTF8.self)
    #expect(body.contains("at disk: readable: damaged"), "\(body)")
    #expect(try metrics(house).contains("redoubt_verification_sound\(place)\"readable\"} 0\n"))
    #expect(try metrics(house).contains("redoubt_verification_damaged_snapshots\(place)\"readable\"} 1\n"))
  }

  /// Under systemd's journal, each message has its set as a field, and nothing is said twice.
  @Test func theJournalKnowsTheSet() throws {
    struct Entry: Decodable {
      var MESSAGE: String
      var PRIORITY: String
      var REDOUBT_HOST: String?
      var REDOUBT_SET: String?
      var REDOUBT_SNAPSHOT: String?
    }
    let journal = try JournalServer()
    let house = try Installation()
    try house.write("file", "content\n")
    house.sets[0].paths.append(house.folder("absent"))
    try house.configure()
    let outcome = try journal.run(
      Installation.Program.redoubt.path, ["backup", "--config", house.folder("redoubt.toml")],
      environment: house.environment)
    #expect(outcome.status == 3, "\(outcome.text)\(outcome.errorText)")
    let lines = try journal.entries("SYSLOG_IDENTIFIER=redoubt", count: 3)
    let entries = try lines.map { try JSONDecoder().decode(Entry.self, from: Data($0)) }
    #expect(entries.allSatisfy { $0.REDOUBT_HOST == "peer-1" && $0.REDOUBT_SET == "data" }, "\(entries)")
    #expect(entries.map(\.PRIORITY) == ["6", "4", "6"], "\(entries)")
    #expect(entries.last?.MESSAGE.hasPrefix("data: stored in part: ") == true, "\(entries)")
    #expect(entries.last?.REDOUBT_SNAPSHOT != nil)
    #expect(try journal.entries("SYSLOG_IDENTIFIER=stream", count: 0).isEmpty)
  }
}
