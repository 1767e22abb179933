import Files
import Policy
import Storage
import Testing

/// `[alerts]`: the same in both programs' files.
@Suite struct AlertsConfigurationTests {
  private func inspect(_ lines: String) throws -> ConfigurationReport<NodeConfiguration> {
    let folder = try ScratchFolder()
    return NodeConfiguration.inspect(try folder.write("redoubt.toml", Sample.node + "\n[alerts]\n\(lines)\n"))
  }

  @Test func everyKeyIsRead() throws {
    let lines = """
      metrics-file = "/var/lib/node-exporter//redoubt.prom"
      on-success = ["/usr/bin/tell", "", "", "well"]
      on-failure = ["tell", "-x"]
      on-overdue = ["tell"]
      ping-url = "https://hc-ping.com/secret-id?create=1"
      webhook-url-file = "/etc/redoubt/webhook"
      timeout = "1m"
      attempts = 5
      """
    var expected = AlertsConfiguration()
    expected.metricsFile = "/var/lib/node-exporter/redoubt.prom"
    expected.onSuccess = ["/usr/bin/tell", "", "", "well"]
    expected.onFailure = ["tell", "-x"]
    expected.onOverdue = ["tell"]
    expected.pingURL = .text(Secret("https://hc-ping.com/secret-id?create=1"))
    expected.webhookURL = .file("/etc/redoubt/webhook")
    expected.timeout = 60
    expected.attempts = 5
    let node = try inspect(lines)
    #expect(node.problems == [] && node.configuration?.alerts == expected)
    let folder = try ScratchFolder()
    let keeper = KeeperConfiguration.inspect(try folder.write("verify.toml", Sample.keeper + "\n[alerts]\n\(lines)\n"))
    #expect(keeper.problems == [] && keeper.configuration?.alerts == expected)
    #expect(!"\(expected) \(String(reflecting: expected))".contains("secret-id"))
    var dumped = ""
    dump(expected, to: &dumped)
    #expect(!dumped.contains("secret-id"))
  }

  @Test func withoutATableNobodyIsTold() throws {
    let folder = try ScratchFolder()
    let node = NodeConfiguration.inspect(try folder.write("redoubt.toml", Sample.node))
    #expect(node.configuration?.alerts == AlertsConfiguration() && AlertsConfiguration().isEmpty)
  }

  /// One error each, at its key, which never repeats an address.
  @Test(arguments: [
    ("ping-url", "\"hc-ping.com/secret-id\"", "is no address"),
    ("ping-url", "\"ftp://hc-ping.com/secret-id\"", "must be https"),
    ("ping-url", "\"http://hc-ping.com/secret-id\"", "is not encrypted"),
    ("ping-url", "\"https://user:secret-id@hc-ping.com/\"", "has a user name in it"),
    ("ping-url", "\"ftp://user:secret-id@hc-ping.com/\"", "has a user name in it"),
    ("ping-url", "\"https://hc-ping.com/secret-id with space\"", "has characters"),
    ("ping-url", "\"https://hc-ping.com/secret-id\\nHost: x\"", "has characters"),
    ("ping-url", "\"https://hc-ping.com:99999/secret-id\"", "no valid host and port"),
    ("ping-url", "\"https:///secret-id\"", "no valid host and port"), ("ping-url", "5", "must be a string"),
    ("webhook-url", "\"http://127.0.0.1.example.com/secret-id\"", "is not encrypted"),
    ("ping-url-file", "\"relative\"", "is not an absolute path"),
    ("metrics-file", "\"../x.prom\"", "is not an absolute path"), ("on-success", "\"tell\"", "must be an array"),
    ("on-failure", "[]", "names no program"), ("on-overdue", "[\"\"]", "names no program"),
    ("on-overdue", "[\"a\", 1]", "item 2 must be a string"), ("timeout", "\"0s\"", "must be"),
    ("timeout", "\"1h\"", "must be"), ("timeout", "10", "must be a string"), ("attempts", "0", "must be from 1 to 10"),
    ("atempts", "3", "unknown key 'atempts'"),
  ])
  func whatIsWrongIsSaid(_ key: String, _ value: String, _ message: String) throws {
    let report = try inspect("\(key) = \(value)")
    #expect(report.problems.count == 1 && !report.isUsable, "\(report.problems)")
    let problem = try #require(report.problems.first)
    #expect(problem.message.contains(message), "\(problem)")
    #expect(problem.line != nil)
    #expect(!"\(problem) \(problem.hint ?? "")".contains("secret-id"), "\(problem)")
  }

  @Test(arguments: ["http://localhost:8000/x", "http://127.0.0.1/x", "http://[::1]:3001/x", "https://example.com"])
  func thisMachineNeedsNoEncryption(_ url: String) throws {
    let report = try inspect("ping-url = \"\(url)\"\nwebhook-url = \"\(url)\"")
    #expect(report.problems == [] && report.configuration?.alerts.pingURL == .text(Secret(url)))
  }

  @Test func oneOfTwoPlaces() throws {
    let report = try inspect("ping-url = \"https://example.com\"\nping-url-file = \"/x\"")
    #expect(report.problems.count == 1 && report.problems[0].message.contains("beside 'ping-url'"))
    let name = try inspect("metrics-file = \"/var/lib/redoubt.txt\"")
    #expect(name.isUsable && name.problems.map(\.severity) == [.warning])
  }

  /// What can be known beforehand; none of it fails a check but what gives a secret away or can never work.
  @Test func checkLooksAtFilesAndPrograms() throws {
    let folder = try ScratchFolder()
    let good = try folder.write("good", "https://hc-ping.com/secret-id\n")
    let open = try folder.write("open", "https://hc-ping.com/secret-id\n", mode: 0o644)
    let bad = try folder.write("bad", "http://hc-ping.com/secret-id\n")
    let cases: [(line: String, severity: ConfigurationProblem.Severity?, text: String)] = [
      ("ping-url-file = \"\(good)\"", nil, ""), ("ping-url-file = \"\(open)\"", .error, "mode 644"),
      ("ping-url-file = \"\(bad)\"", .error, "is not encrypted"),
      ("webhook-url-file = \"\(folder.path)/absent\"", .error, "absent"),
      ("metrics-file = \"\(folder.path)/redoubt.prom\"", nil, ""),
      ("metrics-file = \"\(folder.path)/none/redoubt.prom\"", .warning, "none does not exist"),
      ("on-success = [\"/bin/true\"]", nil, ""), ("on-success = [\"/no/such/tell\"]", .error, "/no/such/tell"),
      ("on-success = [\"\(good)\"]", .error, "cannot be run"),
    ]
    for (line, severity, text) in cases {
      let path = try folder.write("redoubt.toml", Sample.node + "\n[alerts]\n\(line)\n")
      let problems = NodeCheck(path).run().problems.filter { $0.key?.hasPrefix("alerts.") == true }
      #expect(problems.map(\.severity) == (severity.map { [$0] } ?? []), "\(line): \(problems)")
      #expect(problems.allSatisfy { $0.message.contains(text) && !$0.message.contains("secret-id") }, "\(problems)")
    }
  }
}
