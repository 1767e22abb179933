import Alerts
import Files
import FoundationEssentials
import Policy
import Storage
import TestKit
import Testing

@Suite struct PingTests {
  func configuration(_ url: String, timeout: Int64 = 1, attempts: Int = 3) -> AlertsConfiguration {
    var configuration = AlertsConfiguration()
    configuration.pingURL = .text(Secret(url))
    configuration.timeout = timeout
    configuration.attempts = attempts
    return configuration
  }

  /// Runs a whole life and returns what could not be told.
  func tell(_ configuration: AlertsConfiguration, _ report: RunReport) -> [String] {
    let warnings = Warnings()
    let alerts = RunAlerts(configuration, warnings.environment)
    alerts.begin("redoubt backup begins")
    alerts.end(report)
    return warnings.texts
  }

  @Test func startAndSuccess() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200, body: "OK") }
    defer { server.stop() }
    #expect(tell(configuration("\(server.url)/ping/secret-id"), Sample.backup()) == [])
    let requests = server.requests
    #expect(requests.map(\.target) == ["/ping/secret-id/start", "/ping/secret-id"])
    #expect(requests.allSatisfy { $0.method == "POST" && $0["Content-Type"] == "text/plain; charset=utf-8" })
    #expect(String(decoding: requests[0].body, as: UTF8.self) == "redoubt backup begins")
    let body = String(decoding: requests[1].body, as: UTF8.self)
    #expect(body.hasPrefix("redoubt backup on peer-1: done, and sound (exit 0) after 12 s\n"), "\(body)")
    #expect(body.contains("data: stored 20261121T020000Z-7f3a, 5000000000 bytes read, 2000 bytes sent"))
    #expect(!body.contains("secret-id"))
  }

  @Test(arguments: [Int32(1), 3, 75, 78])
  func failureHasTheExitCode(_ code: Int32) throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    var report = Sample.backup(exit: code, meaning: "another run holds the lock", sets: [Sample.set("data", "failed")])
    report.reason = "another run holds /var/lib/redoubt/lock"
    #expect(tell(configuration("\(server.url)/id/"), report) == [])
    #expect(server.requests.map(\.target) == ["/id/start", "/id/\(code)"])
    let body = String(decoding: server.requests[1].body, as: UTF8.self)
    #expect(body.contains("(exit \(code))") && body.contains("another run holds /var/lib/redoubt/lock"), "\(body)")
    #expect(body.contains("data: failed: nothing was stored"))
  }

  @Test func aQueryStaysBehindThePath() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    #expect(tell(configuration("\(server.url)/key/slug?create=1"), Sample.backup(exit: 4)) == [])
    #expect(server.requests.map(\.target) == ["/key/slug/start?create=1", "/key/slug/4?create=1"])
  }

  /// The start ping is out of the way by then: only the end counts here.
  @Test(arguments: [500, 503, 408, 429]) func whatMayPassIsTriedAgain(_ status: Int) throws {
    let server = try ScriptedHTTPServer([.reply(200), .reply(status), .abort, .reply(200)])
    defer { server.stop() }
    let warnings = Warnings()
    let alerts = RunAlerts(configuration("\(server.url)/id"), warnings.environment)
    alerts.begin("begins")
    try waitUntil { server.requests.count == 1 }
    alerts.end(Sample.backup())
    #expect(warnings.texts == [])
    #expect(server.requests.map(\.target) == ["/id/start", "/id", "/id", "/id"])
  }

  @Test func triesComeToAnEnd() throws {
    let server = try ScriptedHTTPServer { $0.target.hasSuffix("/start") ? .reply(200) : .reply(500) }
    defer { server.stop() }
    let warnings = tell(configuration("\(server.url)/secret-id"), Sample.backup())
    #expect(warnings == ["ping-url: \(server.url) answered 500"])
    #expect(server.requests.count { $0.target == "/secret-id" } == 3)
  }

  /// A wrong address is not tried again, and neither followed elsewhere nor shown.
  @Test(arguments: [301, 307, 404, 410]) func refusalsAreFinal(_ status: Int) throws {
    let elsewhere = try ScriptedHTTPServer { _ in .reply(200) }
    let server = try ScriptedHTTPServer { [url = elsewhere.url] _ in .reply(status, headers: ["Location": url]) }
    defer {
      server.stop()
      elsewhere.stop()
    }
    let warnings = tell(configuration("\(server.url)/secret-id"), Sample.backup())
    #expect(warnings.count == 1 && warnings[0].contains("answered \(status)"), "\(warnings)")
    #expect(!warnings[0].contains("secret-id"))
    #expect(server.requests.count == 2 && elsewhere.requests.isEmpty)
  }

  /// Neither beginning nor the run itself waits; the end waits no longer than all tries of one address may take.
  @Test func aServerThatNeverAnswersCostsTheTriesAtMost() throws {
    let server = try ScriptedHTTPServer { _ in .stall }
    defer { server.stop() }
    let warnings = Warnings()
    let clock = ContinuousClock()
    var configuration = configuration("\(server.url)/secret-id", attempts: 2)
    configuration.webhookURL = .text(Secret("\(server.url)/hook"))
    let alerts = RunAlerts(configuration, warnings.environment)
    let begin = clock.measure { alerts.begin("begins") }
    #expect(begin < .milliseconds(500))
    let end = clock.measure { alerts.end(Sample.backup()) }
    #expect(end >= .seconds(1) && end < .seconds(5), "\(end)")
    let texts = warnings.texts.sorted()
    #expect(texts.count == 2 && texts.allSatisfy { $0.contains("127.0.0.1") }, "\(texts)")
    #expect(texts.allSatisfy { !$0.contains("secret-id") && !$0.contains("/hook") })
  }

  @Test func nobodyIsThere() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    let url = server.url
    server.stop()
    let warnings = tell(configuration("\(url)/secret-id"), Sample.backup())
    #expect(warnings.count == 1 && warnings[0].hasPrefix("ping-url: 127.0.0.1:"), "\(warnings)")
  }

  /// The start ping that fails alone is told too, as what it is.
  @Test func onlyTheStartFails() throws {
    let server = try ScriptedHTTPServer { $0.target.hasSuffix("/start") ? .reply(404) : .reply(200) }
    defer { server.stop() }
    let warnings = tell(configuration("\(server.url)/id"), Sample.backup())
    #expect(warnings == ["ping-url: start: \(server.url) answered 404"])
  }

  @Test func theAddressMayStandInAFile() throws {
    let folder = try TemporaryFolder("ping")
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    try FileContent.write(Array("  \(server.url)/from-file \nmore\n".utf8), to: folder("url"))
    var configuration = configuration("")
    configuration.pingURL = .file(folder("url"))
    #expect(tell(configuration, Sample.backup()) == [])
    #expect(server.requests.map(\.target) == ["/from-file/start", "/from-file"])
    configuration.pingURL = .file(folder("absent"))
    let absent = tell(configuration, Sample.backup())
    #expect(absent.count == 1 && absent[0].contains(folder("absent")), "\(absent)")
    for bad in [
      "", "\n", "hc-ping.com/secret-id", "http://example.com/secret-id", "https://user:secret-id@example.com",
    ] {
      try FileContent.write(Array(bad.utf8), to: folder("url"))
      configuration.pingURL = .file(folder("url"))
      let warnings = tell(configuration, Sample.backup())
      #expect(warnings.count == 1 && warnings[0].contains(folder("url")), "\(warnings)")
      #expect(!warnings[0].contains("secret-id"), "\(warnings)")
    }
  }

  @Test func theWebhookGetsTheDocument() throws {
    let server = try ScriptedHTTPServer([.reply(502), .reply(204)])
    defer { server.stop() }
    var configuration = AlertsConfiguration()
    configuration.webhookURL = .text(Secret("\(server.url)/hook?token=secret"))
    let report = Sample.verification()
    #expect(tell(configuration, report) == [])
    let last = try #require(server.requests.last)
    #expect(server.requests.count == 2 && last.target == "/hook?token=secret")
    #expect(last["Content-Type"] == "application/json")
    #expect(String(decoding: last.body, as: UTF8.self) == report.document(.failure).text + "\n")
  }
}

/// Waits for something that another thread does, ten seconds at most.
func waitUntil(_ condition: () -> Bool) throws {
  let deadline = ContinuousClock().now.advanced(by: .seconds(10))
  while !condition() {
    try #require(ContinuousClock().now < deadline)
    pause()
  }
}
