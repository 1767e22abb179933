import Channels
import Digests
import Files
import HTTP
import Storage
import Testing
import TestKit

/// What real servers refuse, enforce and keep.
@Suite struct S3ServerTests {
  private func store(
    _ server: S3Server, bucket: String, credentials: Credentials? = nil, clockOffset: Int64 = 0,
    _ change: (inout S3Settings) -> Void = { _ in }
  ) throws -> S3Store {
    var settings = server.settings(bucket: bucket, prefix: "p")
    change(&settings)
    return try S3Store(settings, credentials: CredentialsProvider(credentials ?? server.credentials)) {
      Timestamp(seconds: Timestamp.now().seconds + clockOffset)
    }
  }

  private func put(_ store: S3Store, _ key: String = "k", digest: SHA256Digest? = nil) -> StorageError? {
    failure { try store.put(Upload(key: key, content: Array("content".utf8), digest: digest)) }
  }

  @Test(arguments: [S3Server.Kind.swift, .radosgw]) func refusesWrongCredentials(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket()
    let wrongSecret = Credentials(accessKeyID: server.accessKey, secretAccessKey: Secret("wrong"), source: "a test")
    let error = try #require(put(try store(server, bucket: bucket, credentials: wrongSecret)))
    #expect(error.code == .credentials && !error.isTransient)
    #expect(error.reason == "the server refused the signature")
    #expect(error.hint == "the secret access key is wrong: look at a test")
    let unknown = Credentials(accessKeyID: "nobody", secretAccessKey: Secret(server.secretKey))
    #expect(put(try store(server, bucket: bucket, credentials: unknown))?.code == .credentials)
    #expect(try store(server, bucket: bucket).list(prefix: "").isEmpty)
  }

  @Test(arguments: [S3Server.Kind.swift, .radosgw]) func namesBothClocks(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket()
    for offset: Int64 in [-3600, 3600] {
      let here = Timestamp(seconds: Timestamp.now().seconds + offset)
      let error = try #require(put(try store(server, bucket: bucket, clockOffset: offset)))
      #expect(error.code == .refused)
      // To the hour: a second may have passed.
      #expect(error.reason.contains("this machine says \(here.rfc3339.prefix(13))"), "\(error)")
      #expect(error.reason.contains("the server "), "\(error)")
    }
  }

  @Test func namesTheRightRegion() throws {
    let server = try S3Server.shared(.swift)
    let error = try #require(put(try store(server, bucket: try server.makeBucket()) { $0.region = "eu-west-3" }))
    #expect(error.code == .refused)
    #expect(error.reason == "the bucket is in region us-east-1, not in eu-west-3")
    #expect(error.hint?.contains("region = \"us-east-1\"") == true)
  }

  @Test(arguments: [S3Server.Kind.swift, .radosgw]) func refusesABodyThatIsNotWhatWasSigned(
    _ kind: S3Server.Kind
  ) throws {
    let server = try S3Server.shared(kind)
    let store = try store(server, bucket: try server.makeBucket())
    let error = try #require(put(store, digest: SHA256.digest(Array("another".utf8))))
    #expect(error.code == .server && error.isTransient, "\(error)")
    #expect(try store.size(of: "k") == nil)
  }

  @Test(arguments: [S3Server.Kind.swift, .radosgw, .moto]) func saysThatTheBucketIsMissing(
    _ kind: S3Server.Kind
  ) throws {
    let store = try store(try S3Server.shared(kind), bucket: "no-such-bucket-anywhere")
    #expect(put(store)?.code == .noSuchStore)
    #expect(code { _ = try store.get("k", maximumLength: 10) } == .noSuchStore)
    #expect(code { _ = try store.size(of: "k") } == .noSuchStore)
    #expect(code { _ = try store.list(prefix: "") } == .noSuchStore)
    #expect(code { try store.remove("k") } == .noSuchStore)
  }

  @Test func encryptsOnTheServer() throws {
    let server = try S3Server.shared(.swift)
    let bucket = try server.makeBucket()
    #expect(put(try store(server, bucket: bucket) { $0.sse = "AES256" }) == nil)
    let head = try server.request("HEAD", "/\(bucket)/p/k")
    #expect(head["x-amz-server-side-encryption"] == "AES256")
  }

  @Test func sendsKMSKeyAndStorageClass() throws {
    let server = try S3Server.shared(.moto)
    let bucket = try server.makeBucket()
    let store = try store(server, bucket: bucket) {
      $0.sse = "aws:kms"
      $0.sseKMSKeyID = "key-1"
      $0.storageClass = "STANDARD_IA"
    }
    #expect(put(store) == nil)
    let head = try server.request("HEAD", "/\(bucket)/p/k")
    #expect(head["x-amz-server-side-encryption"] == "aws:kms")
    #expect(head["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1")
    #expect(head["x-amz-storage-class"] == "STANDARD_IA")
  }

  @Test(arguments: [S3Settings.LockMode.compliance, .governance]) func locksObjects(_ mode: S3Settings.LockMode) throws
  {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket(objectLock: true)
    let until = Timestamp.now().seconds + 3600
    let store = try store(server, bucket: bucket) { $0.lockMode = mode }
    try store.put(Upload(key: "k", content: [1, 2], lockedUntil: until))
    let head = try server.request("HEAD", "/\(bucket)/p/k")
    #expect(head["x-amz-object-lock-mode"] == mode.rawValue.uppercased())
    #expect(
      head["x-amz-object-lock-retain-until-date"]?.hasPrefix(Timestamp(seconds: until).rfc3339.prefix(19)) == true)
    let version = try #require(head["x-amz-version-id"])
    #expect(throws: S3Server.Failure.self) {
      try server.request("DELETE", "/\(bucket)/p/k", query: [("versionId", version)])
    }
    #expect(try store.get("k", maximumLength: 2) == [1, 2])
  }

  @Test func refusesALockWhereTheBucketHasNone() throws {
    let server = try S3Server.shared(.radosgw)
    let store = try store(server, bucket: try server.makeBucket()) { $0.lockMode = .governance }
    let upload = Upload(key: "k", content: [1], lockedUntil: Timestamp.now().seconds + 3600)
    let error = try #require(failure { try store.put(upload) })
    #expect(error.code == .refused && error.hint?.contains("object lock") == true, "\(error)")
  }

  /// The engine's credentials: a server that denies everything but PutObject.
  @Test func writesWithTheRightToPutAlone() throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    let writer = try store(server, bucket: bucket, credentials: server.writerCredentials)
    #expect(put(writer)?.code == .denied)
    try server.allowWriter(["s3:PutObject"], in: bucket)
    #expect(put(writer) == nil)
    let error = try #require(failure { _ = try writer.get("k", maximumLength: 10) })
    #expect(error.code == .denied && !error.isTransient && error.hint?.contains("s3:GetObject") == true)
    #expect(code { _ = try writer.size(of: "k") } == .denied)
    #expect(code { _ = try writer.list(prefix: "") } == .denied)
    #expect(code { _ = try writer.listFolders(prefix: "") } == .denied)
    #expect(code { try writer.remove("k") } == .denied)
    #expect(put(writer)?.code == .exists)
    #expect(try store(server, bucket: bucket).get("k", maximumLength: 10) == Array("content".utf8))
  }

  @Test func speaksTLSWithAnAuthorityOfItsOwn() throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    let endpoint = try #require(server.secureEndpoint)
    let trusting = try store(server, bucket: bucket) {
      $0.endpoint = endpoint
      $0.caFile = server.caFile
    }
    #expect(put(trusting) == nil)
    let error = try #require(put(try store(server, bucket: bucket) { $0.endpoint = endpoint }))
    #expect(error.code == .unreachable && !error.isTransient && error.hint?.contains("ca-file") == true, "\(error)")
  }

  @Test func addressesTheBucketByHostName() throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    let virtual = try store(server, bucket: bucket) {
      $0.endpoint = $0.endpoint.replacing("127.0.0.1", with: "localhost")
      $0.addressing = .virtualHost
    }
    #expect(put(virtual, "a/ä +") == nil)
    #expect(try virtual.list(prefix: "a/").map(\.key) == ["a/ä +"])
    #expect(try store(server, bucket: bucket).get("a/ä +", maximumLength: 10) == Array("content".utf8))
  }

  @Test(arguments: [S3Server.Kind.swift, .radosgw]) func presignedURLsNeedNoCredentials(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let store = try store(server, bucket: try server.makeBucket())
    #expect(put(store, "odd + key") == nil)
    let url = try store.presignedURL(of: "odd + key", lifetime: 60)
    let answer = try HTTPClient().send(HTTPRequest("GET", url))
    #expect(answer.status == 200 && answer.body == Array("content".utf8))
    let forged = url.replacing("odd", with: "even")
    #expect(try HTTPClient().send(HTTPRequest("GET", forged)).status == 403)
  }

  @Test(arguments: S3Server.Kind.allCases) func theAWSToolReadsWhatWasStored(_ kind: S3Server.Kind) throws {
    let server = try S3Server.shared(kind)
    let bucket = try server.makeBucket()
    var random = SplitMix(state: 3)
    let content = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try store(server, bucket: bucket).put(Upload(key: "host/set/volume-000001.tar.zst.gpg", content: content))
    let outcome = try Command.succeed(
      "\(try S3Server.tools())/aws", ["s3", "cp", "s3://\(bucket)/p/host/set/volume-000001.tar.zst.gpg", "-"],
      environment: server.environment)
    #expect(outcome.output == content)
  }

  @Test func listsMoreThanAPage() throws {
    let server = try S3Server.shared(.radosgw)
    let bucket = try server.makeBucket()
    let store = try store(server, bucket: bucket)
    onThreads(4) { thread in
      for number in stride(from: thread, to: 1003, by: 4) {
        _ = self.put(store, "many/\(number % 7)/\(number) &+")
      }
    }
    let keys = try store.list(prefix: "many/").map(\.key)
    #expect(Set(keys) == Set((0..<1003).map { "many/\($0 % 7)/\($0) &+" }) && keys.count == 1003)
    #expect(try store.listFolders(prefix: "many/") == ["0", "1", "2", "3", "4", "5", "6"])
  }
}
