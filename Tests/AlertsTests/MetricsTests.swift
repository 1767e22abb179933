import Alerts
import Files
import Glibc
import Policy
import TestKit
import Testing

@Suite struct MetricsTests {
  /// What promtool says about metrics: nothing where they are right.
  func complaint(_ metrics: String) throws -> String {
    let outcome = try Promtool.run(["check", "metrics"], input: Array(metrics.utf8))
    return outcome.status == 0 ? outcome.text + outcome.errorText : "status \(outcome.status): \(outcome.errorText)"
  }

  @Test func prometheusFindsNothingWrong() throws {
    #expect(try complaint(Sample.backup().metrics) == "")
    #expect(try complaint(Sample.verification().metrics) == "")
    // Or it would find nothing wrong with anything.
    #expect(try complaint("redoubt_things{a=\"b} 1\n") != "")
    #expect(try complaint("# TYPE redoubt_things_total gauge\nredoubt_things_total 1\n") != "")
  }

  @Test func everyMetricIsWrittenBySomebody() {
    let text = Sample.backup().metrics + Sample.verification().metrics
    for metric in Metric.allCases {
      #expect(text.contains("\n\(metric.rawValue){"), "\(metric.rawValue)")
      #expect(text.contains("# HELP \(metric.rawValue) \(metric.help)\n"))
    }
  }

  @Test func valuesAreThoseOfTheRun() {
    let text = Sample.backup(exit: 3, meaning: "done in part").metrics
    let labels = #"host="peer-1",set="data",class="client-database""#
    for line in [
      #"redoubt_run_exit_code{host="peer-1",program="redoubt",command="backup"} 3"#,
      #"redoubt_run_duration_seconds{host="peer-1",program="redoubt",command="backup"} 12.25"#,
      #"redoubt_last_success_timestamp_seconds{\#(labels),destination="offsite"} 1795226400"#,
      #"redoubt_last_success_timestamp_seconds{\#(labels),destination="disk"} 0"#,
      #"redoubt_set_overdue_timestamp_seconds{\#(labels)} 1795326400"#, #"redoubt_set_overdue{\#(labels)} 0"#,
      #"redoubt_backup_failures_total{\#(labels)} 3"#, #"redoubt_backup_read_bytes{\#(labels)} 5000000000"#,
      #"redoubt_destination_failures_total{\#(labels),destination="offsite"} 2"#,
    ] {
      #expect(text.contains(line + "\n"), "\(line)\n\(text)")
    }
  }

  /// A set that was never backed up is overdue at once, for whoever compares times.
  @Test func neverIsOverdue() {
    var set = SetReport(name: "new", dataClass: "client-database")
    set.isOverdue = true
    let text = Sample.backup(sets: [set]).metrics
    #expect(text.contains(#"redoubt_set_overdue_timestamp_seconds{host="peer-1",set="new",class="client-database"} 0"#))
    #expect(!text.contains("redoubt_backup_read_bytes"))
  }

  @Test(arguments: ["a\"b", "a\\b", "a\nb", "a\\nb", "a\rb\tc", "ü–🙂", "}\n{", "\u{0}", "", "\\"])
  func labelsMayHoldAnything(_ value: String) throws {
    var report = Sample.backup(sets: [Sample.set(value)])
    report.host = value
    #expect(try complaint(report.metrics) == "", "\(value.debugDescription)")
    #expect(report.metrics.split(separator: "\n").count == Sample.backup().metrics.split(separator: "\n").count)
  }

  // MARK: The file

  func configuration(_ file: String) -> AlertsConfiguration {
    var configuration = AlertsConfiguration()
    configuration.metricsFile = file
    return configuration
  }

  @Test func theFileIsForTheCollectorToRead() throws {
    let folder = try TemporaryFolder("metrics")
    let file = folder("redoubt.prom")
    let warnings = Warnings()
    for exit in [Int32(1), 0] {
      let alerts = RunAlerts(configuration(file), warnings.environment)
      alerts.begin("begins")
      alerts.end(Sample.backup(exit: exit))
      #expect(String(decoding: try FileContent.read(file), as: UTF8.self) == Sample.backup(exit: exit).metrics)
    }
    var status = stat()
    #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o644)
    #expect(try Command.succeed("ls", ["-A", folder.path]).lines == ["redoubt.prom"])
    #expect(warnings.texts == [])
  }

  /// Two commands of one program share a file: the last runs of both stay in it.
  @Test func whatOtherCommandsLeftStays() throws {
    let folder = try TemporaryFolder("metrics")
    let file = folder("redoubt.prom")
    let warnings = Warnings()
    var other = Sample.backup(exit: 4)
    other.command = "catalog check"
    for report in [Sample.backup(exit: 1), other, Sample.backup(exit: 3), other] {
      RunAlerts(configuration(file), warnings.environment).end(report)
    }
    let text = String(decoding: try FileContent.read(file), as: UTF8.self)
    let codes = text.split(separator: "\n").filter { $0.hasPrefix("redoubt_run_exit_code{") }.sorted()
    let labels = #"redoubt_run_exit_code{host="peer-1",program="redoubt",command="#
    #expect(codes == ["\(labels)\"backup\"} 3.0", "\(labels)\"catalog check\"} 4"])
    #expect(try complaint(text) == "")
    // A file that is none of ours is replaced, whatever is in it.
    for junk in ["\(labels)\"x\"} 1 2\n\(labels)\"y\\\"} 1\n\(labels)", "\u{0}\n", "other_metric 1\n"] {
      try FileContent.write(Array(junk.utf8), to: file)
      RunAlerts(configuration(file), warnings.environment).end(Sample.backup())
      #expect(String(decoding: try FileContent.read(file), as: UTF8.self) == Sample.backup().metrics)
    }
    #expect(warnings.texts == [])
  }

  /// Each of these is a warning with the path, and nothing half-written stays.
  @Test func aFolderThatCannotBeWrittenIsAWarning() throws {
    let folder = try TemporaryFolder("metrics")
    try FileContent.write([], to: folder("file"))
    try Paths.makeFolders(folder("taken.prom"))
    // Nobody can write to /proc, not even root.
    for file in [
      "/proc/redoubt.prom", folder("absent/redoubt.prom"), folder("file/redoubt.prom"), folder("taken.prom"),
    ] {
      let warnings = Warnings()
      RunAlerts(configuration(file), warnings.environment).end(Sample.backup())
      #expect(warnings.all.map(\.code) == [.metrics])
      #expect(warnings.texts.first?.contains(file) == true, "\(warnings.texts)")
    }
    #expect(try Command.succeed("ls", ["-A", folder.path]).lines == ["file", "taken.prom"])
  }
}
