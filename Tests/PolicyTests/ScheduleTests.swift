import Files
import FoundationEssentials
@testable import Policy
import TestKit
import Testing

/// What is printed for other programs, and shipped ready: each is read by the program that it is for.
@Suite struct ScheduleTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let package = FrequencyTableTests.package

  static func shipped(_ name: String) throws -> String {
    String(decoding: try FileContent.read("\(package)/Schedules/\(name)"), as: UTF8.self)
  }

  /// The sample provider's, as it is installed.
  func schedule() throws -> Schedule {
    let sample = try FileContent.read("\(Self.package)/Fixtures/provider/redoubt.toml")
    let report = NodeConfiguration.inspect(try folder.write("provider.toml", sample))
    #expect(report.problems == [])
    return Schedule(
      of: try #require(report.configuration), path: "/etc/redoubt/redoubt.toml", program: "/usr/local/bin/redoubt",
      user: "redoubt")
  }

  @Test func whatIsShippedIsWhatIsPrinted() throws {
    let schedule = try schedule()
    #expect(try Self.shipped("cron/redoubt") == schedule.crontab)
    #expect(
      schedule.systemdUnits.map(\.name) == [
        "redoubt.service", "redoubt.timer", "redoubt.path", "redoubt-watch.service",
      ])
    for unit in schedule.systemdUnits { #expect(try Self.shipped("systemd/\(unit.name)") == unit.text, "\(unit.name)") }
  }

  @Test func runsComeAsOftenAsTheSetsNeed() throws {
    var node = try schedule().node
    #expect(try schedule().hours == 1)
    node.sets.removeAll { ["peer-keys", "monitoring"].contains($0.name) }
    let slower = Schedule(of: node, path: "/c", program: "/p", user: "u")
    #expect(slower.hours == 3 && slower.systemdUnits.map(\.name) == ["redoubt.service", "redoubt.timer"])
    #expect(slower.crontab.contains("\n\(slower.minute) */3 * * * u out="))
    let shortest = node.frequencies.classes.filter { !$0.isOffline }.map(\.grace).min()
    #expect(Int64(slower.hours * 3600) <= (shortest ?? 0) / 2)
    #expect((4...56).contains(slower.minute))
  }

  // MARK: systemd

  @Test func metricsCanBeWrittenFromTheSandbox() throws {
    var node = try schedule().node
    node.alerts.metricsFile = "/var/lib/prometheus/node exporter/redoubt.prom"
    let units = Schedule(of: node, path: "/c", program: "/p", user: "u").systemdUnits
    for unit in units where unit.name.hasSuffix(".service") {
      #expect(unit.text.contains(" \"-/var/lib/prometheus/node exporter\"\nPrivateTmp="), "\(unit.text)")
    }
  }

  /// The shipped units, with a program that is there.
  private func units() throws -> [String] {
    try ["redoubt.service", "redoubt.timer", "redoubt.path", "redoubt-watch.service"].map { name in
      let text = try Self.shipped("systemd/\(name)").replacing("/usr/local/bin/redoubt ", with: "/bin/true ")
      return try folder.write(name, text, mode: 0o644)
    }
  }

  private func verify(_ units: [String]) throws -> Command.Outcome {
    try Command.run("systemd-analyze", ["verify", "--man=no"] + units)
  }

  @Test func systemdAcceptsTheUnits() throws {
    let units = try units()
    let outcome = try verify(units)
    #expect(outcome.status == 0 && outcome.errorText == "", "\(outcome.errorText)")
    // And would say so where it didn't.
    let text = try Self.shipped("systemd/redoubt.service").replacing("/usr/local/bin/redoubt ", with: "/bin/true ")
    let broken = try folder.write("broken.service", text.replacing("ProtectSystem=strict", with: "ProtectSystm=strict"))
    #expect(try verify([broken]).errorText.contains("ProtectSystm"))
  }

  @Test func theTimerFiresEveryHourInUTCAndCatchesUp() throws {
    let timer = try Self.shipped("systemd/redoubt.timer")
    let calendar = try #require(timer.split(separator: "\n").first { $0.hasPrefix("OnCalendar=") }?.dropFirst(11))
    let outcome = try Command.succeed("systemd-analyze", ["calendar", "--iterations=3", "\(calendar)"])
    #expect(outcome.lines.count { $0.contains(":00 UTC") && $0.contains("-") } >= 3, "\(outcome.text)")
    for line in ["Persistent=true", "FixedRandomDelay=true", "RandomizedDelaySec=10min"] {
      #expect(timer.contains("\n\(line)\n"))
    }
  }

  /// The score that the manual states, of 10: less is better.
  @Test func theServicesAreHardened() throws {
    func exposure(_ path: String) throws -> Double {
      let outcome = try Command.run("systemd-analyze", ["security", "--offline=true", path])
      let line = try #require(outcome.lines.first { $0.contains("Overall exposure level") }, "\(outcome.text)")
      return try #require(line.split(separator: " ").lazy.compactMap { Double($0) }.first)
    }
    let manual = String(decoding: try FileContent.read("\(Self.package)/man/redoubt.1"), as: UTF8.self)
    for path in try units() where path.hasSuffix(".service") {
      let score = try exposure(path)
      #expect(score <= 1.6, "\(path): \(score)")
      #expect(manual.contains("rates their exposure \(score) of 10"), "\(score)")
    }
    let text = try Self.shipped("systemd/redoubt.service").replacing("ProtectSystem=strict\n", with: "")
    #expect(try exposure(try folder.write("open.service", text)) > 1.6)
  }

  @Test func unitsAreWrittenIntoAFolder() throws {
    let config = try folder.write("my %h conf/redoubt.toml", Sample.node)
    let outcome = try Program.redoubt.run(
      ["schedule", "systemd", "--into", folder.path, "--user", "keeper", "--config", config])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(outcome.lines.contains("\(folder.path)/redoubt.service"))
    let service = String(decoding: try FileContent.read("\(folder.path)/redoubt.service"), as: UTF8.self)
    #expect(service.contains("\nUser=keeper\n"))
    let program = try Program.redoubt.path
    let quoted = "\"\(config.replacing("%", with: "%%"))\""
    #expect(service.contains("\nExecStart=\(program) backup --due --config \(quoted)\n"), "\(service)")
    // Below /tmp: the service must see it.
    #expect(service.contains("\nPrivateTmp=no\n"))
    let verified = try verify(outcome.lines)
    #expect(verified.status == 0 && verified.errorText == "", "\(verified.errorText)")
    let printed = try Program.redoubt.run(["schedule", "systemd", "--user", "keeper", "--config", config])
    #expect(printed.text.contains("# redoubt.service\n\(service)"))
  }

  // MARK: cron

  /// The crontab's lines without the user, whom only files below `/etc/cron.d` have.
  private func commands(_ crontab: String) throws -> (text: String, commands: [String]) {
    var commands: [String] = []
    let lines = try crontab.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.first?.isNumber == true else { return String(line) }
      let fields = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
      try #require(fields.count == 7)
      commands.append(String(fields[6]))
      return (fields[..<5] + [fields[6]]).joined(separator: " ")
    }
    return (lines.joined(separator: "\n"), commands)
  }

  @Test func cronAcceptsTheTable() throws {
    let (text, commands) = try commands(try Self.shipped("cron/redoubt"))
    #expect(commands.count == 2)
    let outcome = try Command.run("crontab", ["-n", try folder.write("crontab", text)])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    let broken = try folder.write("broken", text.replacing(" * * * * ", with: " 25 * * * "))
    #expect(try Command.run("crontab", ["-n", broken]).status != 0)
  }

  /// As cron runs them: by /bin/sh, after `\%` became `%`. Quiet where all is well, and where another run is at work.
  @Test(arguments: [(0, false), (75, false), (3, true), (78, true)] as [(Int, Bool)])
  func aCrontabLineSpeaksWhereSomethingIsWrong(_ status: Int, _ isHeard: Bool) throws {
    let program = try folder.write(
      "it's/100% redoubt", "#!/bin/sh\necho \"$@\"\necho wrong >&2\nexit \(status)\n", mode: 0o755)
    let config = "\(folder.path)/a b.toml"
    let crontab = Schedule(of: try schedule().node, path: config, program: program, user: "u").crontab
    let command = try #require(try commands(crontab).commands.first)
    #expect(!command.contains(/[^\\]%/))
    let outcome = try Command.run("sh", ["-c", command.replacing("\\%", with: "%")])
    #expect(outcome.text == (isHeard ? "backup --due --config \(config)\nwrong\n" : ""))
  }

  @Test func theCrontabIsPrinted() throws {
    let config = try folder.write("redoubt.toml", Sample.node)
    let outcome = try Program.redoubt.run(
      ["schedule", "cron", "--config", config, "--user", "me", "--program", "/opt/redoubt"])
    let node = try NodeConfiguration.load(config)
    #expect(outcome.text == Schedule(of: node, path: config, program: "/opt/redoubt", user: "me").crontab)
    #expect(try Program.redoubt.run(["schedule", "cron", "--config", "/nowhere"]).status == 78)
  }

  // MARK: Kubernetes

  /// The manifest as Python's YAML parser reads it.
  struct CronJob: Decodable {
    struct Mount: Decodable {
      var name, mountPath: String
      var readOnly: Bool?
    }
    struct Container: Decodable {
      struct Security: Decodable {
        struct Capabilities: Decodable { var drop: [String] }
        var allowPrivilegeEscalation, readOnlyRootFilesystem, privileged: Bool
        var capabilities: Capabilities
      }
      var command, args: [String]
      var securityContext: Security
      var volumeMounts: [Mount]
    }
    struct Volume: Decodable {
      struct Secret: Decodable { var defaultMode: Int }
      var name: String
      var secret: Secret?
    }
    struct Pod: Decodable {
      struct Security: Decodable {
        struct Profile: Decodable { var type: String }
        var runAsNonRoot: Bool
        var runAsUser: Int
        var seccompProfile: Profile
      }
      var restartPolicy: String
      var automountServiceAccountToken: Bool
      var securityContext: Security
      var containers: [Container]
      var volumes: [Volume]
    }
    struct Template: Decodable { var spec: Pod }
    struct Job: Decodable {
      var backoffLimit: Int
      var template: Template
    }
    struct JobTemplate: Decodable { var spec: Job }
    struct Spec: Decodable {
      var schedule, timeZone, concurrencyPolicy: String
      var jobTemplate: JobTemplate
    }
    var apiVersion, kind: String
    var spec: Spec
  }

  @Test func theCronJobIsWhatKubernetesAndWeExpect() throws {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    let text = try Command.succeed(
      "/usr/bin/python3", ["-c", script, "\(Self.package)/Schedules/kubernetes/cronjob.yaml"]
    ).output
    let job = try JSONDecoder().decode(CronJob.self, from: Data(text))
    #expect(job.apiVersion == "batch/v1" && job.kind == "CronJob")
    #expect(job.spec.concurrencyPolicy == "Forbid" && job.spec.timeZone == "Etc/UTC")
    let fields = job.spec.schedule.split(separator: " ")
    #expect(fields.count == 5 && fields.dropFirst().allSatisfy { $0 == "*" } && Int(fields[0]) != nil)
    let pod = job.spec.jobTemplate.spec.template.spec
    #expect(job.spec.jobTemplate.spec.backoffLimit == 0 && pod.restartPolicy == "Never")
    #expect(!pod.automountServiceAccountToken && pod.securityContext.runAsNonRoot && pod.securityContext.runAsUser > 0)
    #expect(pod.securityContext.seccompProfile.type == "RuntimeDefault")
    let container = try #require(pod.containers.first)
    #expect(container.args == ["backup", "--due", "--config", "/etc/redoubt/redoubt.toml"])
    #expect(container.securityContext.readOnlyRootFilesystem && !container.securityContext.privileged)
    #expect(!container.securityContext.allowPrivilegeEscalation)
    #expect(container.securityContext.capabilities.drop == ["ALL"])
    #expect(Set(container.volumeMounts.map(\.name)) == Set(pod.volumes.map(\.name)))
    let writable = container.volumeMounts.filter { $0.readOnly != true }.map(\.mountPath)
    #expect(writable == ["/var/lib/redoubt", "/tmp"])
    for volume in pod.volumes where volume.secret != nil {
      #expect(volume.secret?.defaultMode == 0o440)
      #expect(container.volumeMounts.first { $0.name == volume.name }?.readOnly == true)
    }
  }
}
