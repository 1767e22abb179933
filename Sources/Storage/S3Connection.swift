internal import Files
internal import HTTP

/// Signs requests, sends them and turns answers that are not successes into errors.
struct S3Connection: Sendable {
  let settings: S3Settings
  let address: S3Address
  let credentials: CredentialsProvider
  let clock: @Sendable () -> Timestamp
  private let client: HTTPClient

  init(
    _ settings: S3Settings, credentials: CredentialsProvider, cancellation: Cancellation,
    clock: @escaping @Sendable () -> Timestamp, log: HTTPLog?
  ) throws(StorageError) {
    self.settings = settings
    self.credentials = credentials
    self.clock = clock
    address = try S3Address(settings)
    var options = HTTPClient.Options()
    options.connectTimeout = settings.connectTimeout
    options.stallTimeout = settings.stallTimeout
    options.caFile = settings.caFile
    options.isCancelled = { cancellation.isCancelled }
    options.log = log
    client = HTTPClient(options)
  }

  /// One request. `path` is not encoded; `payload` is the body's SHA-256 in hexadecimal.
  struct Call {
    var method: String
    var path: String
    var query: [S3Signer.Field] = []
    var headers: [S3Signer.Field] = []
    var body = Bytes([])
    var payload = S3Signer.emptyPayload
    var maximumLength = 1 << 20
    /// Gets the body of a success; nil to have it in the answer.
    var sink: MemoryFile?
    /// What messages are about: `s3://bucket/key`.
    var subject: String
  }

  /// - Returns: the answer where its status is in 200...299 and its body is not an error.
  func send(_ call: Call) throws(StorageError) -> HTTPResponse {
    var used = try credentials.credentials()
    var answer = try send(call, used)
    if S3Answer.saysExpired(answer) {
      // Once more where there are newer ones than those.
      credentials.forget(used)
      let fresh = try credentials.credentials()
      if fresh != used {
        used = fresh
        answer = try send(call, used)
      }
    }
    if let error = S3Answer(answer, call, self).error { throw error }
    return answer
  }

  private func send(_ call: Call, _ credentials: Credentials) throws(StorageError) -> HTTPResponse {
    let signer = S3Signer(credentials, region: settings.region)
    let toSign = S3Signer.Request(
      call.method, host: address.host, path: call.path, query: call.query, headers: call.headers)
    let headers = signer.headers(for: toSign, payload: call.payload, at: clock())
    let query = call.query.isEmpty ? "" : "?" + S3Signer.encoded(call.query)
    let path = URIEncoding.encode(call.path, keepingSlashes: true)
    var request = HTTPRequest(
      call.method, "\(address.scheme)://\(address.host)\(path)\(query)",
      headers: headers.map { HTTPHeader($0.name, $0.value) }, body: call.body, maximumLength: call.maximumLength)
    request.sink = call.sink
    do throws(HTTPError) {
      return try client.send(request)
    } catch {
      throw StorageError(error, subject: call.subject)
    }
  }
}

extension StorageError {
  /// No answer came.
  init(_ error: HTTPError, subject: String) {
    let reason = error.description
    switch error.code {
    case .tooLong: self.init(.tooLong, subject, reason)
    case .cancelled: self.init(.cancelled, subject, "stopped")
    case .invalidRequest: self.init(.refused, subject, reason)
    case .shortBody: self.init(.server, subject, reason, isTransient: error.isTransient)
    case .tls:
      self.init(
        .unreachable, subject, reason,
        hint: "a server with a certificate authority of its own needs ca-file in the destination",
        isTransient: error.isTransient)
    case .unreachable, .timedOut, .broken:
      self.init(.unreachable, subject, reason, isTransient: error.isTransient)
    }
    mayHaveTakenEffect = error.mayHaveArrived
  }
}
