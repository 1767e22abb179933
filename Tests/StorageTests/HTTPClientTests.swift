import HTTP
import Testing
import TestKit

@Suite struct HTTPClientTests {
  private func send(_ request: HTTPRequest, _ options: HTTPClient.Options = .init()) -> Result<HTTPResponse, HTTPError>
  {
    Result { () throws(HTTPError) in try HTTPClient(options).send(request) }
  }

  private func code(_ result: Result<HTTPResponse, HTTPError>) -> HTTPError.Code? {
    if case .failure(let error) = result { return error.code }
    return nil
  }

  @Test func handsOverStatusHeadersAndBody() throws {
    let server = try ScriptedHTTPServer([.reply(418, headers: ["X-One": " a  b ", "x-two": ""], body: "tea")])
    defer { server.stop() }
    let answer = try send(HTTPRequest("GET", server.url + "/a/../b//c?x=%20")).get()
    #expect(answer.status == 418 && answer.body == Array("tea".utf8))
    #expect(answer["x-one"] == "a  b" && answer["X-TWO"] == "" && answer["x-three"] == nil)
    #expect(server.requests.first?.target == "/a/../b//c?x=%20")
  }

  @Test func keepsItsConnections() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200, headers: ["ETag": "x"]) }
    defer { server.stop() }
    let client = HTTPClient()
    for _ in 0..<5 { _ = try client.send(HTTPRequest("PUT", server.url, body: [1, 2, 3])) }
    #expect(server.requests.count == 5 && server.connectionCount == 1)
  }

  @Test(arguments: ["GET", "HEAD", "DELETE", "PUT", "POST"]) func sendsEachMethod(_ method: String) throws {
    let server = try ScriptedHTTPServer([.reply(200, body: "body")])
    defer { server.stop() }
    let body: [UInt8] = method == "POST" || method == "PUT" ? [1, 2] : []
    let answer = try send(HTTPRequest(method, server.url, headers: [HTTPHeader("X-Empty", "")], body: body)).get()
    #expect(server.requests.first?.method == method && server.requests.first?.body == body)
    #expect(server.requests.first?["X-Empty"] == "" && server.requests.first?["Expect"] == nil)
    #expect(answer.body.isEmpty == (method == "HEAD"))
  }

  @Test func refusesWhatIsTooLong() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200, body: "0123456789") }
    defer { server.stop() }
    #expect(code(send(HTTPRequest("GET", server.url, maximumLength: 9))) == .tooLong)
    #expect(code(send(HTTPRequest("GET", server.url, maximumLength: 10))) == nil)
  }

  @Test func refusesHeadersThatAreTwo() throws {
    let server = try ScriptedHTTPServer { _ in .reply(200) }
    defer { server.stop() }
    for header in [HTTPHeader("A", "b\r\nEvil: c"), HTTPHeader("A\n", "b"), HTTPHeader("A:", "b"), HTTPHeader("", "b")]
    {
      #expect(code(send(HTTPRequest("GET", server.url, headers: [header]))) == .invalidRequest)
    }
    #expect(server.requests.isEmpty)
  }

  @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "not a url", ""])
  func speaksHTTPAlone(_ url: String) {
    #expect(code(send(HTTPRequest("GET", url))) == .invalidRequest)
  }

  @Test func refusesAnswersThatAreNotHTTP() throws {
    let server = try ScriptedHTTPServer([.raw("hello\r\n\r\n")])
    defer { server.stop() }
    #expect(code(send(HTTPRequest("GET", server.url))) == .broken)
  }

  @Test func namesACAFileThatIsMissing() throws {
    var options = HTTPClient.Options()
    options.caFile = "/nonexistent/ca.pem"
    let server = try S3Server.shared(.radosgw)
    let url = try #require(server.secureEndpoint)
    let result = send(HTTPRequest("GET", url), options)
    #expect(code(result) == .invalidRequest)
    if case .failure(let error) = result { #expect(!error.isTransient && error.host.hasPrefix("localhost:")) }
  }
}
