import Files
import Glibc
import Storage
import Testing
import TestKit

@Suite struct CredentialsTests {
  private let folder: TemporaryFolder
  /// Nothing of the machine's own is looked at.
  private var nowhere: [String: String] {
    ["HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true"]
  }

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, _ name: String, mode: UInt32 = 0o600) throws -> String {
    try FileContent.write(Array(text.utf8), to: folder(name), mode: mode)
    return folder(name)
  }

  @Test func theEnvironmentComesFirst() throws {
    var environment = nowhere
    environment["AWS_ACCESS_KEY_ID"] = "id"
    environment["AWS_SECRET_ACCESS_KEY"] = "secret"
    environment["AWS_SESSION_TOKEN"] = "token"
    let found = try CredentialsProvider(environment: environment).credentials()
    #expect(found.accessKeyID == "id" && found.secretAccessKey.exposed == "secret")
    #expect(found.sessionToken?.exposed == "token" && found.source == "the environment")
    environment["AWS_SECRET_ACCESS_KEY"] = nil
    let error = try #require(failure { _ = try CredentialsProvider(environment: environment).credentials() })
    #expect(error.code == .credentials && error.reason.contains("AWS_SECRET_ACCESS_KEY is not"))
  }

  @Test func readsProfiles() throws {
    let text = """
      # a comment
      [default]
      aws_access_key_id = id0
      aws_secret_access_key=secret0==

      [ other ]
      aws_access_key_id=id1
      aws_secret_access_key = secret/1
      aws_session_token = token1
      s3 =
        max_concurrent_requests = 2
      """
    var environment = nowhere
    environment["AWS_SHARED_CREDENTIALS_FILE"] = try write(text, "credentials")
    let usual = try CredentialsProvider(environment: environment).credentials()
    #expect(usual.accessKeyID == "id0" && usual.secretAccessKey.exposed == "secret0==" && usual.sessionToken == nil)
    environment["AWS_PROFILE"] = "other"
    let other = try CredentialsProvider(environment: environment).credentials()
    #expect(other.accessKeyID == "id1" && other.secretAccessKey.exposed == "secret/1")
    #expect(other.sessionToken?.exposed == "token1")
    // What the configuration names comes before the environment's keys.
    environment["AWS_ACCESS_KEY_ID"] = "id2"
    environment["AWS_SECRET_ACCESS_KEY"] = "secret2"
    #expect(try CredentialsProvider(environment: environment).credentials().accessKeyID == "id2")
    let named = CredentialsProvider(environment: environment, profile: "default")
    #expect(try named.credentials().accessKeyID == "id0")
    let absent = CredentialsProvider(environment: environment, profile: "absent")
    #expect(code { _ = try absent.credentials() } == .credentials)
    let gone = CredentialsProvider(environment: environment, credentialsFile: folder("gone"))
    #expect(failure { _ = try gone.credentials() }?.subject == folder("gone"))
  }

  @Test func readsTheConfigFilesSections() throws {
    var environment = nowhere
    environment["AWS_CONFIG_FILE"] = try write(
      "[profile work]\naws_access_key_id = id\naws_secret_access_key = secret\n[profile sso]\nsso_session = x\n",
      "config")
    environment["AWS_PROFILE"] = "work"
    #expect(try CredentialsProvider(environment: environment).credentials().accessKeyID == "id")
    environment["AWS_PROFILE"] = "sso"
    let error = try #require(failure { _ = try CredentialsProvider(environment: environment).credentials() })
    #expect(error.reason.contains("sso_session, which is not supported"))
  }

  @Test func warnsAboutFilesThatOthersCanRead() throws {
    var environment = nowhere
    environment["AWS_SHARED_CREDENTIALS_FILE"] = try write("[default]\n", "open", mode: 0o600)
    #expect(CredentialsProvider(environment: environment).warnings.isEmpty)
    #expect(chmod(folder("open"), 0o644) == 0)
    let warnings = CredentialsProvider(environment: environment).warnings
    #expect(warnings.count == 1 && warnings[0].contains("mode 644") && warnings[0].contains("chmod 600"))
  }

  @Test func runsACredentialProcess() throws {
    let script = try write(
      """
      #!/bin/sh
      echo run >> '\(folder("runs"))'
      echo '{"Version":1,"AccessKeyId":"'"$1"'","SecretAccessKey":"s","SessionToken":"t","Expiration":"'"$2"'"}'
      """, "process", mode: 0o700)
    var environment = nowhere
    func use(_ command: String) throws -> CredentialsProvider {
      environment["AWS_CONFIG_FILE"] = try write("[default]\ncredential_process = \(command)\n", "config")
      return CredentialsProvider(environment: environment) { Timestamp(seconds: 1_000_000_000) }
    }
    let provider = try use("\(script) 'an id' 2001-09-09T03:00:00.5+01:00")
    #expect(try provider.credentials().accessKeyID == "an id")
    #expect(try provider.credentials().sessionToken?.exposed == "t")
    #expect(try FileContent.read(folder("runs")).count == 4)
    // 1,000,000,000 is 01:46:40 UTC: what ends within five minutes of it is replaced each time.
    let short = try use("\(script) id 2001-09-09T01:50:00Z")
    _ = try short.credentials()
    _ = try short.credentials()
    #expect(try FileContent.read(folder("runs")).count == 12)
    #expect(failure { _ = try use("false").credentials() }?.reason.contains("exited with code 1") == true)
    #expect(failure { _ = try use("/no/such/program").credentials() }?.reason.contains("cannot run") == true)
    let garbled = try use("echo not-json-but-SECRET")
    let error = try #require(failure { _ = try garbled.credentials() })
    #expect(error.code == .credentials && !"\(error)".contains("SECRET"))
    #expect(code { _ = try use("'open").credentials() } == .credentials)
  }

  @Test func asksTheContainer() throws {
    let server = try ScriptedHTTPServer([
      .reply(200, body: Self.document("id", "Token")), .reply(500), .reply(200, body: "{}"),
    ])
    defer { server.stop() }
    var environment = nowhere
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url + "/role?x=1"
    environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container token"
    let provider = CredentialsProvider(environment: environment)
    let found = try provider.credentials()
    #expect(found.accessKeyID == "id" && found.sessionToken?.exposed == "tok")
    #expect(server.requests.first?.target == "/role?x=1")
    #expect(server.requests.first?["Authorization"] == "container token")
    environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = try write("from file\n", "token")
    let failed = try #require(failure { _ = try CredentialsProvider(environment: environment).credentials() })
    #expect(failed.isTransient && server.requests.last?["Authorization"] == "from file")
    #expect(code { _ = try CredentialsProvider(environment: environment).credentials() } == .credentials)
    for url in ["http://example.com/", "http://127.0.0.1@example.com/", "http://127.0.0.1.example.com/", "ftp://x/"] {
      environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
      let error = failure { _ = try CredentialsProvider(environment: environment).credentials() }
      #expect(error?.subject == "AWS_CONTAINER_CREDENTIALS_FULL_URI", "\(url)")
    }
    #expect(server.requests.count == 3)
  }

  @Test func asksTheInstanceWithASessionToken() throws {
    let server = try ScriptedHTTPServer([
      .reply(200, body: "session"), .reply(200, body: "backup-role"), .reply(200, body: Self.document("id", "Token")),
    ])
    defer { server.stop() }
    let environment = ["HOME": folder.path, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/"]
    #expect(try CredentialsProvider(environment: environment).credentials().accessKeyID == "id")
    #expect(server.requests.map(\.method) == ["PUT", "GET", "GET"])
    #expect(server.requests.first?["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
    #expect(server.requests.last?.target == "/latest/meta-data/iam/security-credentials/backup-role")
    #expect(server.requests.dropFirst().allSatisfy { $0["x-aws-ec2-metadata-token"] == "session" })
  }

  @Test func saysWhereItLooked() throws {
    let error = try #require(failure { _ = try CredentialsProvider(environment: nowhere).credentials() })
    #expect(error.code == .credentials && !error.isTransient)
    #expect(error.reason.contains("\(folder.path)/.aws/credentials") && error.hint != nil)
  }

  @Test func fetchesNewOnesWhereTheServerCallsThemExpired() throws {
    let expired = "<Error><Code>ExpiredToken</Code></Error>"
    let metadata = try ScriptedHTTPServer([
      .reply(200, body: Self.document("old", "Token")), .reply(200, body: Self.document("new", "Token")),
    ])
    let server = try ScriptedHTTPServer([
      .reply(400, body: expired), .reply(200, headers: ["ETag": "x"]), .reply(403, body: expired),
    ])
    defer {
      metadata.stop()
      server.stop()
    }
    var environment = nowhere
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = metadata.url
    let store = try S3Store(
      S3Settings(endpoint: server.url, region: "r", bucket: "b"),
      credentials: CredentialsProvider(environment: environment))
    try store.put(Upload(key: "k", content: [1]))
    #expect(server.requests.map { $0["Authorization"]?.contains("Credential=new/") } == [false, true])
    // The endpoint has no others: the script has ended.
    #expect(code { try store.put(Upload(key: "k", content: [1])) } == .credentials)
  }

  @Test func secretsAreNotPrinted() {
    let credentials = Credentials(
      accessKeyID: "id", secretAccessKey: Secret("SENSITIVE"), sessionToken: Secret("SENSITIVE"))
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(text.contains("[redacted]") || text.contains("redacted"))
      #expect(!text.contains("SENSITIVE"))
    }
  }

  private static func document(_ id: String, _ token: String) -> String {
    """
    {"Code":"Success","AccessKeyId":"\(id)","SecretAccessKey":"s","\(token)":"tok","Expiration":"2999-01-01T00:00:00Z"}
    """
  }
}
