import Files
import FoundationEssentials
import TestKit
import Testing

/// What is shipped ready for the keeper: each file is read by the program that it is for, and each command by ours.
@Suite struct KeeperScheduleTests {
  let folder: ScratchFolder
  private static let names = [
    "redoubt-verify", "redoubt-verify-drill", "redoubt-verify-review", "redoubt-verify-rotate",
    "redoubt-verify-status",
  ]

  init() throws { folder = try ScratchFolder() }

  /// The shipped units, with a program that is there.
  private func units() throws -> [String] {
    try Self.names.flatMap { ["\($0).service", "\($0).timer"] }.map { name in
      let text = try ScheduleTests.shipped("systemd/\(name)")
        .replacing("/usr/local/bin/redoubt-verify ", with: "/bin/true ")
      return try folder.write(name, text, mode: 0o644)
    }
  }

  /// The words after the program in each line that starts it.
  private func commands(_ text: String) -> [[String]] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { line in
      line.ranges(of: "/usr/local/bin/redoubt-verify ").map { range in
        line[range.upperBound...].prefix { $0 != ")" && $0 != "|" }.replacing("2>&1", with: "").split(separator: " ")
          .map(
            String.init)
      }
    }
  }

  @Test func systemdAcceptsTheUnits() throws {
    let outcome = try Command.run("systemd-analyze", ["verify", "--man=no"] + (try units()))
    #expect(outcome.status == 0 && outcome.errorText == "", "\(outcome.errorText)")
  }

  @Test func theServicesAreHardened() throws {
    func exposure(_ path: String) throws -> Double {
      let outcome = try Command.run("systemd-analyze", ["security", "--offline=true", path])
      let line = try #require(outcome.lines.first { $0.contains("Overall exposure level") }, "\(outcome.text)")
      return try #require(line.split(separator: " ").lazy.compactMap { Double($0) }.first)
    }
    let manual = String(decoding: try FileContent.read("\(ScheduleTests.package)/man/redoubt-verify.1"), as: UTF8.self)
    for path in try units() where path.hasSuffix(".service") {
      // Checks of drills make namespaces of their own.
      let score = path.contains("drill") ? 2.9 : 1.2
      #expect(try exposure(path) == score, "\(path)")
      #expect(manual.contains(path.contains("drill") ? "and \(score) where" : "exposure \(score) of 10"))
    }
  }

  @Test(arguments: [
    ("redoubt-verify", 28...31), ("redoubt-verify-drill", 90...92), ("redoubt-verify-review", 365...366),
    ("redoubt-verify-rotate", 28...31), ("redoubt-verify-status", 1...1),
  ])
  func timersComeInTheirIntervals(_ name: String, _ days: ClosedRange<Int>) throws {
    let timer = try ScheduleTests.shipped("systemd/\(name).timer")
    let calendar = try #require(timer.split(separator: "\n").first { $0.hasPrefix("OnCalendar=") }?.dropFirst(11))
    let outcome = try Command.succeed(
      "systemd-analyze", ["calendar", "--iterations=14", "--base-time=2027-01-01 00:00:00 UTC", "\(calendar)"])
    let times = outcome.lines.compactMap { line -> Timestamp? in
      let words = line.split(separator: " ")
      guard words.count > 3, words.last == "UTC", words[words.count - 3].utf8.count == 10 else { return nil }
      return Timestamp("\(words[words.count - 3])T\(words[words.count - 2])Z")
    }
    try #require(times.count >= 14, "\(outcome.text)")
    for (one, next) in zip(times, times.dropFirst()) {
      #expect(days.contains(Int(next.seconds(since: one) / 86400)), "\(one.rfc3339) to \(next.rfc3339)")
    }
    #expect(timer.contains("\nPersistent=true\n"))
  }

  @Test func theProgramTakesEveryCommand() throws {
    var all = commands(try ScheduleTests.shipped("cron/redoubt-verify"))
    #expect(all.count == 5)
    #expect(all.contains(["catalog", "rotate", "--yes", "--config", "/etc/redoubt/verify.toml"]))
    for name in Self.names {
      let mine = commands(try ScheduleTests.shipped("systemd/\(name).service"))
      #expect(mine.count == 1)
      all += mine
    }
    for words in all {
      #expect(words.suffix(2) == ["--config", "/etc/redoubt/verify.toml"])
      let outcome = try Program.redoubtVerify.run(words.dropLast() + ["\(folder.path)/none.toml"])
      #expect(outcome.status == 78, "\(words): \(outcome.errorText)")
    }
  }

  @Test func cronAcceptsTheTable() throws {
    let text = try ScheduleTests.shipped("cron/redoubt-verify").split(separator: "\n", omittingEmptySubsequences: false)
      .map { line -> String in
        guard line.first?.isNumber == true else { return String(line) }
        var fields = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        #expect(fields.count == 7 && fields[5] == "redoubt-verify")
        fields.remove(at: 5)
        return fields.joined(separator: " ")
      }.joined(separator: "\n")
    let outcome = try Command.run("crontab", ["-n", try folder.write("crontab", text)])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
  }

  // MARK: Kubernetes

  private struct CronJob: Decodable {
    struct Container: Decodable {
      struct Mount: Decodable { var name: String }
      var command, args: [String]
      var volumeMounts: [Mount]
    }
    struct Volume: Decodable { var name: String }
    struct Pod: Decodable {
      var restartPolicy: String
      var automountServiceAccountToken: Bool
      var containers: [Container]
      var volumes: [Volume]
    }
    struct Template: Decodable { var spec: Pod }
    struct Job: Decodable {
      var completionMode: String
      var completions, parallelism, backoffLimitPerIndex: Int
      var template: Template
    }
    struct JobTemplate: Decodable { var spec: Job }
    struct Spec: Decodable {
      var schedule, concurrencyPolicy: String
      var jobTemplate: JobTemplate
    }
    var apiVersion, kind: String
    var spec: Spec
  }

  @Test func eachWorkerHasItsShard() throws {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    let text = try Command.succeed(
      "/usr/bin/python3", ["-c", script, "\(ScheduleTests.package)/Schedules/kubernetes/verify-cronjob.yaml"]
    ).output
    let cron = try JSONDecoder().decode(CronJob.self, from: Data(text))
    let job = cron.spec.jobTemplate.spec
    #expect(cron.apiVersion == "batch/v1" && cron.kind == "CronJob" && cron.spec.concurrencyPolicy == "Forbid")
    #expect(job.completionMode == "Indexed" && job.backoffLimitPerIndex == 0 && job.parallelism <= job.completions)
    let pod = job.template.spec
    #expect(pod.restartPolicy == "Never" && !pod.automountServiceAccountToken)
    let container = try #require(pod.containers.first)
    #expect(Set(container.volumeMounts.map(\.name)) == Set(pod.volumes.map(\.name)))
    #expect(container.command == ["/bin/sh", "-c"])
    let line = try #require(container.args.first)
    let program = try Program.redoubtVerify.path
    for index in [0, 9, job.completions - 1] {
      // As the worker runs it, with the program that tells what it was asked.
      let echo = line.replacing("exec /usr/local/bin/redoubt-verify", with: "echo")
      let outcome = try Command.succeed("env", ["JOB_COMPLETION_INDEX=\(index)", "sh", "-c", echo])
      #expect(outcome.text.contains("--shard \(index + 1)/\(job.completions) "))
      let real = line.replacing("/usr/local/bin/redoubt-verify", with: program)
        .replacing("/etc/redoubt/verify.toml", with: "\(folder.path)/none.toml")
      #expect(try Command.run("env", ["JOB_COMPLETION_INDEX=\(index)", "sh", "-c", real]).status == 78)
    }
  }

  @Test func theWorkersCatalogsAreRotated() throws {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    let text = try Command.succeed(
      "/usr/bin/python3", ["-c", script, "\(ScheduleTests.package)/Schedules/kubernetes/verify-rotate-cronjob.yaml"]
    ).output
    let cron = try JSONDecoder().decode(RotationJob.self, from: Data(text))
    let pod = cron.spec.jobTemplate.spec.template.spec
    #expect(cron.apiVersion == "batch/v1" && cron.kind == "CronJob" && cron.spec.schedule.hasSuffix(" 8 * *"))
    #expect(pod.restartPolicy == "Never" && !pod.automountServiceAccountToken)
    let container = try #require(pod.containers.first)
    #expect(Set(container.volumeMounts.map(\.name)) == Set(pod.volumes.map(\.name)))
    let line = try #require(container.args.first)
      .replacing("/usr/local/bin/redoubt-verify", with: try Program.redoubtVerify.path)
      .replacing("/etc/redoubt/verify.toml", with: "\(folder.path)/none.toml")
    // 78 is passed on as a failure; 75 alone is none.
    #expect(try Command.run(container.command[0], container.command.dropFirst() + [line]).status == 1)
  }

  private struct RotationJob: Decodable {
    struct Template: Decodable { var spec: CronJob.Pod }
    struct Job: Decodable { var template: Template }
    struct JobTemplate: Decodable { var spec: Job }
    struct Spec: Decodable {
      var schedule: String
      var jobTemplate: JobTemplate
    }
    var apiVersion, kind: String
    var spec: Spec
  }
}
