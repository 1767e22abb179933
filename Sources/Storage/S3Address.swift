/// Where a bucket's objects are, in path or virtual-host addressing.
struct S3Address: Sendable {
  let scheme: String
  /// As it goes into the Host header.
  let host: String
  let bucket: String
  /// Before an object's key: the endpoint's own path and, in path addressing, the bucket.
  private let base: String
  /// Put before each key, with its slash; empty for none.
  let prefix: String

  init(_ settings: S3Settings) throws(StorageError) {
    var endpoint = settings.endpoint
    if endpoint.isEmpty {
      let domain = settings.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
      endpoint = "https://s3.\(settings.region).\(domain)"
    }
    guard let separator = endpoint.firstRange(of: "://") else { throw Self.refused(endpoint) }
    scheme = endpoint[..<separator.lowerBound].lowercased()
    let rest = endpoint[separator.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    let isPlain = !authority.contains { "@?# ".contains($0) } && !rest.contains { $0 == "?" || $0 == "#" }
    guard scheme == "http" || scheme == "https", !authority.isEmpty, isPlain else { throw Self.refused(endpoint) }
    let usual = scheme == "https" ? ":443" : ":80"
    let server = authority.hasSuffix(usual) ? authority.dropLast(usual.count) : authority
    var path = String(rest.dropFirst(authority.count))
    while path.hasSuffix("/") { path.removeLast() }
    bucket = settings.bucket
    guard !bucket.isEmpty, !bucket.contains(where: { "/?# ".contains($0) }) else {
      throw StorageError(.refused, "s3://\(bucket)", "this is not a bucket's name")
    }
    switch settings.addressing {
    case .path:
      host = String(server)
      base = "\(path)/\(bucket)"
    case .virtualHost:
      host = "\(bucket).\(server)"
      base = path
    }
    prefix = settings.prefix.isEmpty ? "" : settings.prefix + "/"
  }

  /// The unencoded path of an object.
  func path(of key: String) -> String { "\(base)/\(prefix)\(key)" }

  /// The unencoded path of the bucket itself.
  var bucketPath: String { base.isEmpty ? "/" : base }

  /// For messages.
  func name(of key: String) -> String { "s3://\(bucket)/\(prefix)\(key)" }

  private static func refused(_ endpoint: String) -> StorageError {
    StorageError(
      .refused, endpoint, "the endpoint is not an http or https address", hint: "write it as https://host or host:port")
  }
}
