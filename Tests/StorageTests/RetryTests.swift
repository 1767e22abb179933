import Channels
import Files
import Storage
import Testing
import TestKit

/// A retrying S3 store against a scripted server: what is tried again, how often, after which pause.
@Suite struct RetryTests {
  typealias Step = ScriptedHTTPServer.Step

  /// One store, its server, and the pauses it made (none of which really passes).
  private final class Bench: Sendable {
    let server: ScriptedHTTPServer
    let pauses = Lines()
    let cancellation = Cancellation()

    init(_ steps: [Step]) throws { server = try ScriptedHTTPServer(steps) }
    deinit { server.stop() }

    func store(
      attempts: Int = 5, _ change: (inout S3Settings) -> Void = { _ in }
    ) throws -> RetryingStore<S3Store> {
      var settings = S3Settings(endpoint: server.url, region: "us-east-1", bucket: "b")
      settings.stallTimeout = 1
      change(&settings)
      let credentials = Credentials(accessKeyID: "id", secretAccessKey: Secret("secret"))
      let base = try S3Store(
        settings, credentials: CredentialsProvider(credentials), cancellation: cancellation)
      var policy = RetryPolicy()
      policy.attempts = attempts
      policy.random = { 1 }
      policy.sleep = { [pauses] seconds in pauses.add(String(seconds)) }
      policy.cancellation = cancellation
      return RetryingStore(base, policy)
    }

    var requests: Int { server.requests.count }
  }

  private static let stored = Step.reply(200, headers: ["ETag": "\"x\""])
  private static func error(_ status: Int, _ code: String, _ more: String = "", headers: [String: String] = [:]) -> Step
  {
    .reply(
      status, headers: headers,
      body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>because</Message>\(more)</Error>")
  }
  private static let upload = Upload(key: "k", content: [UInt8](repeating: 1, count: 300_000))

  @Test func triesAgainWithGrowingPauses() throws {
    let bench = try Bench([
      .abort, .reply(500), Self.error(503, "ServiceUnavailable"), .reply(429), Self.stored,
    ])
    try bench.store().put(Self.upload)
    #expect(bench.requests == 5)
    #expect(bench.pauses.all == ["0.5", "1.0", "2.0", "4.0"])
    #expect(bench.server.requests.allSatisfy { $0.body == Self.upload.content.array })
  }

  @Test func givesUpAfterTheLastAttempt() throws {
    let bench = try Bench([.reply(500), .reply(502), .reply(504)])
    let error = try #require(failure { try bench.store(attempts: 3).put(Self.upload) })
    #expect(error.code == .server && error.isTransient && error.reason == "the server answered 504")
    #expect(bench.requests == 3 && bench.pauses.all.count == 2)
  }

  @Test(arguments: ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"])
  func neverRetriesADenial(_ code: String) throws {
    let bench = try Bench([Self.error(403, code)])
    let error = try #require(failure { try bench.store().put(Self.upload) })
    #expect(!error.isTransient && bench.requests == 1)
  }

  @Test func followsRetryAfter() throws {
    let bench = try Bench([Self.error(503, "SlowDown", headers: ["Retry-After": "7"]), Self.stored])
    try bench.store().put(Self.upload)
    #expect(bench.pauses.all == ["7.0"])
  }

  @Test func sendsTheWholeBodyAgainAfterAReset() throws {
    let bench = try Bench([.abortBody(after: 100_000), Self.stored])
    try bench.store().put(Self.upload)
    #expect(bench.server.requests.last?.body == Self.upload.content.array && bench.requests == 2)
  }

  /// Memory that is used again holds the same bytes until the last try, and the next object's when it is theirs.
  @Test func sendsTheSameBytesAgainFromMemoryThatIsUsedAgain() throws {
    let pool = MemoryFilePool()
    for count in [2 << 20, 70_000, 3 << 20] {
      let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
      let file = try MemoryFile(from: pool)
      try content.withUnsafeBytes { try file.append($0) }
      let upload = Upload(key: "k", content: Bytes(file))
      let bench = try Bench([.abortBody(after: 50_000), .reply(500), Self.error(503, "SlowDown"), Self.stored])
      try bench.store().put(upload)
      #expect(bench.requests == 4)
      #expect(bench.server.requests.dropFirst().allSatisfy { $0.body == content })
    }
  }

  /// A try that broke leaves nothing of its answer to the next one, and a refusal is no object.
  @Test func eachTryFillsTheMemoryAnew() throws {
    let object = try MemoryFile(Array("what was there before".utf8))
    let bench = try Bench([
      .partial(announced: 10, body: "short"), Self.error(500, "InternalError"), .reply(200, body: "0123456789"),
    ])
    try bench.store().get("k", into: object, maximumLength: 10)
    #expect(object.array == Array("0123456789".utf8) && bench.requests == 3)
    let absent = try Bench([Self.error(404, "NoSuchKey")])
    #expect(code { try absent.store().get("k", into: object, maximumLength: 10) } == .missing)
    #expect(object.count == 0)
    let long = try Bench([.reply(200, body: "0123456789")])
    #expect(code { try long.store().get("k", into: object, maximumLength: 9) } == .tooLong)
    let empty = try Bench([.reply(200, body: "")])
    try empty.store().get("k", into: object, maximumLength: 9)
    #expect(object.count == 0)
  }

  @Test func noticesAStall() throws {
    let bench = try Bench([.stall, .reply(200, body: "whole")])
    #expect(try bench.store().get("k", maximumLength: 10) == Array("whole".utf8))
    #expect(bench.requests == 2)
  }

  @Test func aShortBodyIsAnError() throws {
    let bench = try Bench([.partial(announced: 10, body: "short"), .reply(200, body: "0123456789")])
    #expect(try bench.store().get("k", maximumLength: 10) == Array("0123456789".utf8))
    let alone = try Bench([.partial(announced: 10, body: "short")])
    #expect(code { _ = try alone.store(attempts: 1).get("k", maximumLength: 10) } == .server)
    let unmarked = try Bench([.raw("HTTP/1.1 200 OK\r\n\r\nno length")])
    #expect(code { _ = try unmarked.store(attempts: 1).get("k", maximumLength: 100) } == .server)
    let cutChunks = try Bench([.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")])
    #expect(failure { _ = try cutChunks.store(attempts: 1).get("k", maximumLength: 100) }?.isTransient == true)
  }

  @Test func anErrorInA200IsAFailure() throws {
    let bench = try Bench([Self.error(200, "InternalError"), Self.stored])
    try bench.store().put(Self.upload)
    #expect(bench.requests == 2)
    // An object that looks like an error is an object.
    let object = "<Error><Code>InternalError</Code></Error>"
    let reader = try Bench([.reply(200, body: object)])
    #expect(try reader.store().get("k", maximumLength: 100) == Array(object.utf8))
  }

  @Test func a200OfSomeOtherServerIsNotASuccess() throws {
    let bench = try Bench([.reply(200, body: "<html>It works!</html>")])
    let error = try #require(failure { try bench.store().put(Self.upload) })
    #expect(error.code == .server && error.hint == "the endpoint may not be an S3 server")
  }

  @Test func aTakenKeyAfterALostAnswerCountsAsStored() throws {
    let taken = Self.error(412, "PreconditionFailed")
    let first = try Bench([taken])
    #expect(code { try first.store().put(Self.upload) } == .exists)
    for lost: Step in [.abort, .reply(500), .reply(504), .stall, Self.error(200, "InternalError")] {
      let bench = try Bench([lost, taken])
      try bench.store().put(Self.upload)
      #expect(bench.requests == 2)
    }
    // A server that was too busy has stored nothing, and one that got half a body neither.
    let large = Upload(key: "k", content: [UInt8](repeating: 1, count: 16 << 20))
    for refused: Step in [Self.error(503, "SlowDown"), .reply(429), .abortBody(after: 1000)] {
      let bench = try Bench([refused, taken])
      #expect(code { try bench.store().put(large) } == .exists)
      #expect(bench.requests == 2)
    }
    // Over a connection that was used before, libcurl itself tries again.
    let reused = try Bench([Self.stored, .abort, taken])
    let store = try reused.store()
    try store.put(Upload(key: "first", content: [1]))
    try store.put(Self.upload)
    #expect(reused.requests == 3 && reused.pauses.all.isEmpty)
  }

  @Test func goesOnWithoutConditionsWhereTheServerKnowsNone() throws {
    let unknown = Self.error(501, "NotImplemented")
    let bench = try Bench([unknown, Self.stored, Self.stored])
    let store = try bench.store()
    try store.put(Self.upload)
    try store.put(Self.upload)
    #expect(bench.server.requests.map { $0["If-None-Match"] } == ["*", nil, nil])
    // Where it is something else that the server does not know, that stays an error.
    let other = try Bench([unknown, unknown])
    #expect(code { try other.store().put(Self.upload) } == .refused)
  }

  @Test func doesNotFollowRedirects() throws {
    let bench = try Bench([
      Self.error(301, "PermanentRedirect", headers: ["x-amz-bucket-region": "eu-west-1", "Location": "http://evil/"])
    ])
    let error = try #require(failure { try bench.store().put(Self.upload) })
    #expect(error.reason == "the bucket is in region eu-west-1, not in us-east-1" && bench.requests == 1)
  }

  @Test func namesAHostThatCannotBeReached() throws {
    let bench = try Bench([])
    let port = bench.server.port
    bench.server.stop()
    let store = try bench.store(attempts: 2) { $0.endpoint = "http://127.0.0.1:\(port)" }
    let error = try #require(failure { try store.put(Self.upload) })
    #expect(error.code == .unreachable && error.isTransient && !error.mayHaveTakenEffect)
    #expect(error.reason.contains("127.0.0.1:\(port)") && bench.pauses.all.count == 1)
    let unknown = try bench.store(attempts: 1) { $0.endpoint = "http://no-such-host.invalid" }
    #expect(failure { try unknown.put(Self.upload) }?.reason.contains("no-such-host.invalid") == true)
  }

  @Test func cancellingEndsATransferAndAPause() throws {
    let bench = try Bench([.stall])
    let store = try bench.store { $0.stallTimeout = 60 }
    let started = Timestamp.now()
    let outcomes = Outcomes()
    let pause = Cancellation()
    let thread = DedicatedThread { outcomes.add(0, code { try store.put(Self.upload) }) }
    while bench.requests == 0, Timestamp.now().seconds(since: started) < 10 { pause.sleep(seconds: 0.05) }
    bench.cancellation.cancel()
    thread.join()
    #expect(outcomes.all[0] == .cancelled)
    #expect(Timestamp.now().seconds(since: started) < 10)
    pause.cancel()
    pause.sleep(seconds: 3600)
  }

  @Test func sendsWhatItPromises() throws {
    let bench = try Bench([Self.stored])
    let store = try bench.store {
      $0.prefix = "p"
      $0.lockMode = .compliance
    }
    try store.put(Upload(key: "a b", content: Array("abc".utf8), lockedUntil: 0))
    let request = try #require(bench.server.requests.first)
    #expect(request.method == "PUT" && request.target == "/b/p/a%20b")
    #expect(request["Expect"] == nil && request["User-Agent"]?.hasPrefix("redoubt/") == true)
    #expect(request["If-None-Match"] == "*" && request["Content-Length"] == "3")
    // From sha256sum and md5sum of "abc", in base64.
    #expect(request["x-amz-checksum-sha256"] == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    #expect(request["Content-MD5"] == "kAFQmDzST7DWlj99KOF/cg==")
    #expect(request["x-amz-object-lock-retain-until-date"] == "1970-01-01T00:00:00Z")
  }
}
