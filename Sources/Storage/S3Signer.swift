internal import Digests
public import Files

/// Signs S3 requests with AWS Signature Version 4 ("Authenticating Requests: Using the Authorization Header" and "Using
/// Query Parameters" of the Amazon S3 API reference).
public struct S3Signer: Sendable {
  public var credentials: Credentials
  public var region: String

  /// One header or query parameter.
  public typealias Field = (name: String, value: String)

  /// What is signed. All text is as it is meant: encoding is the signer's work.
  public struct Request: Sendable {
    public var method: String
    /// As it goes into the Host header: with the port where that is not the scheme's usual one.
    public var host: String
    /// From the first slash on, not encoded. Nothing is normalized: `/a//../b` stays what it is.
    public var path: String
    public var query: [Field]
    /// Headers to be signed beside Host, X-Amz-Date, X-Amz-Content-Sha256 and X-Amz-Security-Token.
    public var headers: [Field]

    public init(_ method: String, host: String, path: String, query: [Field] = [], headers: [Field] = []) {
      self.method = method
      self.host = host
      self.path = path
      self.query = query
      self.headers = headers
    }
  }

  /// SHA-256 of no bytes: `x-amz-content-sha256` of a request without a body.
  public static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  public init(_ credentials: Credentials, region: String) {
    self.credentials = credentials
    self.region = region
  }

  /// The headers that `request` must be sent with: its own and those that the signature adds, without Host.
  /// - Parameter payload: the body's SHA-256 as 64 lowercase hexadecimal digits, or `UNSIGNED-PAYLOAD`.
  public func headers(for request: Request, payload: String, at time: Timestamp) -> [Field] {
    var headers = request.headers
    headers.append(("x-amz-date", time.basic))
    headers.append(("x-amz-content-sha256", payload))
    if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token.exposed)) }
    let signed = Canonical(headers + [("host", request.host)])
    let signature = signature(of: request, query: request.query, signed, payload, time)
    let scope = "Credential=\(credentials.accessKeyID)/\(scope(time))"
    headers.append(
      ("Authorization", "AWS4-HMAC-SHA256 \(scope), SignedHeaders=\(signed.names), Signature=\(signature)"))
    return headers
  }

  /// A URL that lets whoever holds it do `request` until it expires, with no other credential.
  /// - Parameters:
  ///   - scheme: `https`, or `http` for a server on the same machine.
  ///   - lifetime: seconds, from 1 to 604,800 (seven days).
  public func presignedURL(for request: Request, scheme: String, lifetime: Int, at time: Timestamp) -> String {
    let signed = Canonical(request.headers + [("host", request.host)])
    var query = request.query
    query.append(("X-Amz-Algorithm", "AWS4-HMAC-SHA256"))
    query.append(("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(time))"))
    query.append(("X-Amz-Date", time.basic))
    query.append(("X-Amz-Expires", String(lifetime)))
    query.append(("X-Amz-SignedHeaders", signed.names))
    if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token.exposed)) }
    let signature = signature(of: request, query: query, signed, "UNSIGNED-PAYLOAD", time)
    let path = URIEncoding.encode(request.path, keepingSlashes: true)
    return "\(scheme)://\(request.host)\(path)?\(Self.encoded(query))&X-Amz-Signature=\(signature)"
  }

  /// The query as it is sent and signed: encoded and sorted by code point.
  public static func encoded(_ query: [Field]) -> String {
    let pairs = query.map { field in
      (
        URIEncoding.encode(field.name, keepingSlashes: false), URIEncoding.encode(field.value, keepingSlashes: false)
      )
    }
    return pairs.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private func scope(_ time: Timestamp) -> String { "\(time.basic.prefix(8))/\(region)/s3/aws4_request" }

  private func signature(
    of request: Request, query: [Field], _ signed: Canonical, _ payload: String, _ time: Timestamp
  ) -> String {
    let path = URIEncoding.encode(request.path, keepingSlashes: true)
    let canonical = [request.method, path, Self.encoded(query), signed.lines, signed.names, payload]
    let digest = SHA256.digest(Array(canonical.joined(separator: "\n").utf8))
    let message = "AWS4-HMAC-SHA256\n\(time.basic)\n\(scope(time))\n\(digest.hex)"
    var key = Array("AWS4\(credentials.secretAccessKey.exposed)".utf8)
    for part in [String(time.basic.prefix(8)), region, "s3", "aws4_request", message] {
      key = hmacSHA256(key: key, message: Array(part.utf8))
    }
    return Hex.encode(key)
  }

  /// Headers in canonical form: lowercase names in order, values without outer and with single inner spaces.
  private struct Canonical {
    let names: String
    let lines: String

    init(_ headers: [Field]) {
      let sorted = headers.map { ($0.name.lowercased(), Self.collapsed($0.value)) }.sorted { $0.0 < $1.0 }
      names = sorted.map(\.0).joined(separator: ";")
      lines = sorted.map { "\($0.0):\($0.1)\n" }.joined()
    }

    private static func collapsed(_ value: String) -> String {
      value.split(separator: " ").joined(separator: " ")
    }
  }
}
