internal import HTTP

/// What an answer that is not a success means ("Error responses" of the Amazon S3 API reference; Swift, Ceph and others
/// use the same codes).
struct S3Answer {
  private let answer: HTTPResponse
  private let call: S3Connection.Call
  private let connection: S3Connection
  /// The root of an error document.
  private let document: XMLElement?

  init(_ answer: HTTPResponse, _ call: S3Connection.Call, _ connection: S3Connection) {
    self.answer = answer
    self.call = call
    self.connection = connection
    // An object's own bytes are never taken for an error document.
    let mayBeError = answer.status >= 300 || !(call.method == "GET" && call.query.isEmpty)
    document = mayBeError ? Self.errorDocument(answer.body) : nil
  }

  static func saysExpired(_ answer: HTTPResponse) -> Bool {
    guard answer.status == 400 || answer.status == 403 else { return false }
    return expiredCodes.contains(errorDocument(answer.body)?["Code"] ?? "")
  }

  /// How the reason of an error begins that a server without some feature answers with.
  static let unknownOption = "the server does not know an option of this request"

  private static let expiredCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]

  private static func errorDocument(_ body: [UInt8]) -> XMLElement? {
    // A page of a proxy or of a server that is not S3 has no code; its status speaks for it.
    guard !body.isEmpty, let root = try? XMLParser.parse(body), root.name == "Error" else { return nil }
    return root
  }

  /// - Returns: nil for a success.
  var error: StorageError? {
    let isSuccess = (200...299).contains(answer.status)
    if isSuccess, document == nil { return nil }
    var error = byCode ?? byStatus
    if isSuccess {
      // S3 may begin an answer before it knows its end: a 200 that holds an error.
      error.isTransient = true
      error.mayHaveTakenEffect = true
    }
    if answer.wasResent { error.mayHaveTakenEffect = true }
    if let seconds = answer["Retry-After"].flatMap({ Int($0) }), seconds >= 0 { error.retryAfter = seconds }
    return error
  }

  private var code: String { document?["Code"] ?? "" }

  private var byCode: StorageError? {
    switch code {
    case "": nil
    case "NoSuchBucket": make(.noSuchStore, "the bucket \(connection.address.bucket) does not exist", "create it first")
    case "NoSuchKey", "NoSuchVersion": make(.missing, "no such object")
    case "PreconditionFailed": make(.exists, "there is an object of that key already")
    case "ConditionalRequestConflict", "OperationAborted":
      transient(.server, "another request for the same key was under way")
    case "RequestTimeTooSkewed": skewed
    case "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
      "IllegalLocationConstraintException", "InvalidRegion":
      wrongRegion
    case "InvalidAccessKeyId": make(.credentials, "the server does not know this access key id", whence)
    case "SignatureDoesNotMatch":
      make(.credentials, "the server refused the signature", "the secret access key is wrong: \(whence)")
    case "InvalidToken": make(.credentials, "the session token is not valid", whence)
    case let code where Self.expiredCodes.contains(code):
      make(.credentials, "the session token has expired", "get new temporary credentials: \(whence)")
    case "QuotaExceeded", "InsufficientCapacity", "InsufficientStorage":
      make(.full, "the quota is used up", "free some room or raise the quota")
    case "SlowDown", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable", "Busy":
      transient(.server, "the server asks to slow down (\(code))")
    case "RequestTimeout": transient(.server, "the server waited too long for the request's body", unknown: true)
    case "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "XAmzContentChecksumMismatch":
      transient(.server, "the bytes that arrived are not those that were sent (\(code))")
    case "InternalError": transient(.server, "the server failed (\(code))", unknown: true)
    case "NotImplemented": make(.refused, "\(Self.unknownOption)\(message)")
    default: nil
    }
  }

  private var byStatus: StorageError {
    let what = code.isEmpty ? "the server answered \(answer.status)" : "the server answered \(answer.status) \(code)"
    switch answer.status {
    case 301, 302, 307, 308: return wrongRegion
    case 400 where answer["x-amz-bucket-region"].map({ $0 != connection.settings.region }) ?? false:
      return wrongRegion
    case 401, 403:
      return make(.denied, "denied\(message)", deniedHint)
    case 404: return make(.missing, "no such object")
    case 412: return make(.exists, "there is an object of that key already")
    case 408, 425, 429: return transient(.server, "\(what)\(message)")
    case 507: return make(.full, "no room left on the server", "free some room or raise the quota")
    case 501: return make(.refused, "\(Self.unknownOption)\(message)")
    case 503: return transient(.server, "\(what)\(message)", unknown: code.isEmpty)
    case 500...599: return transient(.server, "\(what)\(message)", unknown: true)
    default: return make(.refused, "\(what)\(message)", lockHint)
    }
  }

  private var skewed: StorageError {
    let here = connection.clock().rfc3339
    let there = document?["ServerTime"] ?? answer["Date"] ?? "another time"
    return make(
      .refused, "the clocks differ too much: this machine says \(here), the server \(there)",
      "set this machine's clock, as with systemctl enable --now systemd-timesyncd")
  }

  private var wrongRegion: StorageError {
    let settings = connection.settings
    if let region = answer["x-amz-bucket-region"] ?? document?["Region"], !region.isEmpty {
      return make(
        .refused, "the bucket is in region \(region), not in \(settings.region)",
        "set region = \"\(region)\" and the endpoint of that region")
    }
    if let endpoint = document?["Endpoint"] ?? answer["Location"], !endpoint.isEmpty {
      return make(.refused, "the bucket is at \(endpoint)", "set that endpoint and its region")
    }
    return make(
      .refused, "wrong region or endpoint (\(answer.status) \(code))\(message)", "look the bucket's region up")
  }

  private var whence: String {
    // Whoever asked a moment ago holds them still.
    guard let source = try? connection.credentials.credentials().source else { return "look at the credentials" }
    return "look at \(source)"
  }

  private var deniedHint: String {
    switch (call.method, call.query.isEmpty) {
    case ("PUT", _): "the credentials need s3:PutObject on this prefix"
    case ("DELETE", _): "the credentials need s3:DeleteObject on this prefix, and the object may be locked"
    case (_, false): "the credentials need s3:ListBucket on the bucket"
    default: "the credentials need s3:GetObject; without s3:ListBucket a missing object is denied too"
    }
  }

  private var lockHint: String? {
    call.headers.contains { $0.name == "x-amz-object-lock-mode" }
      ? "the bucket may have been created without object lock" : nil
  }

  /// The server's own words, on one line.
  private var message: String {
    let words = (document?["Message"] ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.isEmpty ? "" : ": \(words.prefix(300))"
  }

  private func make(_ code: StorageError.Code, _ reason: String, _ hint: String? = nil) -> StorageError {
    StorageError(code, call.subject, reason, hint: hint)
  }

  private func transient(_ code: StorageError.Code, _ reason: String, unknown: Bool = false) -> StorageError {
    var error = StorageError(code, call.subject, reason, isTransient: true)
    error.mayHaveTakenEffect = unknown
    return error
  }
}
