import Files
import Glibc
import Storage
import TestKit
import Testing

/// Storage that answers, but not with the object.
@Suite struct SlowStorageTests {
  private func store(_ url: String, stall: Int = 1) throws -> S3Store {
    var settings = S3Settings(endpoint: url, region: "us-east-1", bucket: "b")
    settings.stallTimeout = stall
    let credentials = Credentials(accessKeyID: "id", secretAccessKey: Secret("secret"))
    return try S3Store(settings, credentials: CredentialsProvider(credentials))
  }

  /// A byte now and then keeps a connection alive, and is no answer.
  @Test func anObjectThatDripsIsGivenUp() throws {
    let folder = try TemporaryFolder()
    let script = """
      import socket, sys, time
      s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
      open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
      import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
      c, _ = s.accept(); c.recv(65536)
      c.sendall(b"HTTP/1.1 200 OK\\r\\nETag: x\\r\\nContent-Length: 1000000\\r\\n\\r\\n")
      try:
          while True: c.sendall(b"x"); time.sleep(.2)
      except OSError: pass
      """
    let server = try Command("python3", ["-c", script, folder("port")])
    defer {
      server.signal(SIGKILL)
      _ = try? server.wait(timeout: 10)
    }
    while !Paths.exists(folder("port")) { usleep(20_000) }
    let port = String(decoding: try FileContent.read(folder("port")), as: UTF8.self)
    let began = Timestamp.now().seconds
    let error = failure { _ = try store("http://127.0.0.1:\(port)").get("k", maximumLength: 1 << 20) }
    #expect(error?.code == .unreachable, "\(String(describing: error))")
    #expect(error?.isTransient == true)
    #expect(Timestamp.now().seconds - began < 20)
  }

  @Test(arguments: ["text/html", "text/html; charset=utf-8", "Text/HTML"])
  func aWebPageIsNoObject(_ type: String) throws {
    let server = try ScriptedHTTPServer([
      .reply(200, headers: ["Content-Type": type, "ETag": "x"], body: "<html>Sign in to this network</html>")
    ])
    defer { server.stop() }
    let error = failure { _ = try store(server.url).get("k", maximumLength: 1 << 20) }
    #expect(error?.code == .server && error?.reason.contains("web page") == true, "\(String(describing: error))")
    #expect(error?.hint != nil)
  }

  private func page(_ token: String?, _ keys: [String] = []) -> String {
    let more = token.map { "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
    let entries = keys.map { "<Contents><Key>\($0)</Key><Size>1</Size></Contents>" }.joined()
    return "<ListBucketResult>\(more)\(entries)</ListBucketResult>"
  }

  @Test func aListingThatGoesInCirclesEnds() throws {
    let pages = [page("a", ["1"]), page("b", ["2"]), page("a", ["3"]), page("b", ["4"])]
    let server = try ScriptedHTTPServer(pages.map { .reply(200, body: $0) })
    defer { server.stop() }
    let error = failure { _ = try store(server.url).list(prefix: "") }
    #expect(error?.code == .server && error?.reason == "the listing does not end", "\(String(describing: error))")
    #expect(server.requests.count == 3)
  }

  @Test func aListingOfEmptyPagesEnds() throws {
    let count = Counter()
    let server = try ScriptedHTTPServer { _ in .reply(200, body: self.page("token-\(count.next())")) }
    defer { server.stop() }
    let error = failure { _ = try store(server.url).list(prefix: "") }
    #expect(error?.reason == "the listing does not end", "\(String(describing: error))")
    #expect(server.requests.count < 1100)
  }
}

/// Counts, from several threads.
private final class Counter: Sendable {
  private let lines = Lines()
  func next() -> Int {
    lines.add("x")
    return lines.all.count
  }
}
