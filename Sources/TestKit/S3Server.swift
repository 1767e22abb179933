internal import Digests
internal import Files
internal import Glibc
public import HTTP
public import Storage

/// A real S3 server, started by a script of Tests/Servers once in a test process, when the first test asks for it.
///
/// It stops by itself when this process is gone: its script watches that.
public struct S3Server: Sendable {
  public enum Kind: String, Sendable, CaseIterable { case swift = "swift-s3", radosgw, moto }

  public let kind: Kind
  /// What the script printed: `endpoint`, `access-key` and so on.
  public let values: [String: String]

  public var endpoint: String { values["endpoint"] ?? "" }
  public var region: String { values["region"] ?? "" }
  /// Of the bucket's owner, who may do everything.
  public var accessKey: String { values["access-key"] ?? "" }
  public var secretKey: String { values["secret-key"] ?? "" }
  /// https, where the server speaks it; its authority is `caFile`.
  public var secureEndpoint: String? { values["secure-endpoint"] }
  public var caFile: String? { values["ca-file"] }

  /// The server of that kind, started where it is not yet running.
  public static func shared(_ kind: Kind) throws -> S3Server {
    switch kind {
    case .swift: try swift.get()
    case .radosgw: try radosgw.get()
    case .moto: try moto.get()
    }
  }

  private static let swift = Result { try start(.swift) }
  private static let radosgw = Result { try start(.radosgw) }
  private static let moto = Result { try start(.moto) }

  private static func start(_ kind: Kind) throws -> S3Server {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let folder = "\(parent)/redoubt-\(kind.rawValue)-\(Hex.encode(randomBytes(6)))"
    // Installing, the first time, takes most of it.
    let outcome = try Command.succeed(
      "\(scripts)/\(kind.rawValue)", ["start", folder, String(getpid())], timeout: 600)
    var values: [String: String] = [:]
    for line in outcome.lines {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    return S3Server(kind: kind, values: values)
  }

  /// Tests/Servers of this checkout.
  public static let scripts = Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/Tests/Servers"

  /// The folder with `aws` and a `python3` that has botocore, installed where it is missing.
  public static func tools() throws -> String {
    try Command.succeed("\(scripts)/install", ["--python"], timeout: 600)
    let outcome = try Command.succeed("\(scripts)/install", ["--print-bin"])
    return outcome.lines.last ?? ""
  }

  /// Settings of a destination in `bucket`; path addressing over plain http.
  public func settings(bucket: String, prefix: String = "") -> S3Settings {
    var settings = S3Settings(endpoint: endpoint, region: region, bucket: bucket)
    settings.prefix = prefix
    return settings
  }

  /// The owner's credentials.
  public var credentials: Credentials {
    Credentials(accessKeyID: accessKey, secretAccessKey: Secret(secretKey))
  }

  /// Those of radosgw's second user, who owns no bucket and may do what a bucket's policy allows.
  public var writerCredentials: Credentials {
    Credentials(
      accessKeyID: values["writer-access-key"] ?? "", secretAccessKey: Secret(values["writer-secret-key"] ?? ""))
  }

  /// Variables with which `aws` and other tools speak to this server.
  public var environment: [String: String?] {
    [
      "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_DEFAULT_REGION": region,
      "AWS_ENDPOINT_URL": endpoint, "AWS_SESSION_TOKEN": nil, "AWS_PROFILE": nil,
      "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    ]
  }

  /// Makes a bucket with a name of its own.
  /// - Parameter objectLock: whether objects can be locked in it (and are versioned).
  public func makeBucket(objectLock: Bool = false) throws -> String {
    let name = "test-\(Hex.encode(randomBytes(8)))"
    try request(
      "PUT", "/\(name)", headers: objectLock ? [("x-amz-bucket-object-lock-enabled", "true")] : [])
    return name
  }

  /// Lets radosgw's second user do `actions` (`s3:PutObject`) on every object of `bucket`, and nothing else.
  ///
  /// What it stores it owns, and an owner may read: that has to be denied by name (radosgw 16.2 passes NotAction over).
  public func allowWriter(_ actions: [String], in bucket: String) throws {
    let all = [
      "s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:DeleteObject",
      "s3:DeleteObjectVersion", "s3:ListBucket", "s3:ListBucketVersions",
    ]
    func statement(_ effect: String, _ user: String, _ actions: [String]) -> String {
      let names = actions.map { "\"\($0)\"" }.joined(separator: ",")
      return """
        {"Effect":"\(effect)","Principal":{"AWS":["arn:aws:iam:::user/\(user)"]},"Action":[\(names)],\
        "Resource":["arn:aws:s3:::\(bucket)","arn:aws:s3:::\(bucket)/*"]}
        """
    }
    // The bucket's owner reads what the writer stored only because the policy says so.
    let statements = [
      statement("Allow", "writer", actions), statement("Deny", "writer", all.filter { !actions.contains($0) }),
      statement("Allow", "owner", all),
    ]
    let policy = "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
    try request("PUT", "/\(bucket)", query: [("policy", "")], body: Array(policy.utf8))
  }

  /// A failed request of the test's own.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Sends a request as the owner, past the store that is tested; again, where a busy server asks for that.
  /// - Throws: `Failure` for a status of 300 or more.
  @discardableResult
  public func request(
    _ method: String, _ path: String, query: [S3Signer.Field] = [], headers: [S3Signer.Field] = [], body: [UInt8] = []
  ) throws -> HTTPResponse {
    for pause: UInt32 in [100_000, 500_000, 2_000_000] {
      let answer = try send(method, path, query, headers, body)
      if answer.status != 503 { return try Self.accepted(answer, "\(method) \(path)") }
      usleep(pause)
    }
    return try Self.accepted(try send(method, path, query, headers, body), "\(method) \(path)")
  }

  private static func accepted(_ answer: HTTPResponse, _ what: String) throws -> HTTPResponse {
    if answer.status < 300 { return answer }
    throw Failure(
      description: "\(what): \(answer.status) \(String(decoding: answer.body.prefix(500), as: UTF8.self))")
  }

  private func send(
    _ method: String, _ path: String, _ query: [S3Signer.Field], _ headers: [S3Signer.Field], _ body: [UInt8]
  ) throws -> HTTPResponse {
    let host = String(endpoint.dropFirst("http://".count))
    let signer = S3Signer(credentials, region: region)
    let signed = signer.headers(
      for: .init(method, host: host, path: path, query: query, headers: headers),
      payload: SHA256.digest(body).hex, at: .now())
    let url = endpoint + path + (query.isEmpty ? "" : "?" + S3Signer.encoded(query))
    return try HTTPClient().send(
      HTTPRequest(
        method, url, headers: signed.map { HTTPHeader($0.name, $0.value) }, body: body, maximumLength: 256 << 20))
  }
}
