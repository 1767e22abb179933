import Files
import HTTP
import Storage
import Testing
import TestKit

/// Nothing of a debug run's output lets anybody in.
@Suite struct DebugLogTests {
  @Test(arguments: [S3Server.Kind.swift, .radosgw]) func showsNoSecret(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let lines = Lines()
    let settings = server.settings(bucket: try server.makeBucket())
    let store = try S3Store(settings, credentials: CredentialsProvider(server.credentials)) {
      .now()
    } log: {
      lines.add($0)
    }
    try store.put(Upload(key: "k", content: [1]))
    _ = try store.list(prefix: "")
    _ = failure { _ = try store.get("absent", maximumLength: 1) }
    let output = lines.all.joined(separator: "\n")
    #expect(output.contains("http > PUT") && output.contains("http < 200") && output.contains("http < 404"))
    #expect(output.contains("Authorization: [redacted]"))
    #expect(!output.contains(server.secretKey) && !output.contains("Signature="))
  }

  @Test func showsNoTokens() throws {
    let server = try ScriptedHTTPServer([
      .reply(200, body: "IMDSTOKEN"), .reply(200, body: "role"),
      .reply(200, body: #"{"AccessKeyId":"id","SecretAccessKey":"SECRETKEY","Token":"SESSIONTOKEN"}"#),
      .reply(200, headers: ["ETag": "x", "Set-Cookie": "SESSIONCOOKIE"]),
    ])
    defer { server.stop() }
    let lines = Lines()
    let provider = CredentialsProvider(
      environment: ["HOME": "/nonexistent", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url],
      log: { lines.add($0) })
    let store = try S3Store(
      S3Settings(endpoint: server.url, region: "r", bucket: "b"), credentials: provider, log: { lines.add($0) })
    try store.put(Upload(key: "k", content: [1]))
    #expect(server.requests.last?["x-amz-security-token"] == "SESSIONTOKEN")
    let output = lines.all.joined(separator: "\n")
    #expect(output.contains("x-aws-ec2-metadata-token: [redacted]") && output.contains("latest/api/token"))
    for secret in ["IMDSTOKEN", "SECRETKEY", "SESSIONTOKEN", "SESSIONCOOKIE", "Signature="] {
      #expect(!output.contains(secret), "\(secret)")
    }
  }

  @Test func showsNoPresignedSignature() throws {
    let server = try ScriptedHTTPServer([.reply(200)])
    defer { server.stop() }
    let lines = Lines()
    var options = HTTPClient.Options()
    options.log = { lines.add($0) }
    let url = server.url + "/b/k?X-Amz-Signature=SECRET&X-Amz-Security-Token=SECRET&a=shown"
    _ = try HTTPClient(options).send(HTTPRequest("GET", url))
    let output = lines.all.joined(separator: "\n")
    #expect(output.contains("a=shown") && output.contains("X-Amz-Signature=[redacted]") && !output.contains("SECRET"))
  }
}
