/// Where a debug log's lines go. No line shows a secret.
public typealias HTTPLog = @Sendable (String) -> Void

/// Takes secrets out of what is logged.
enum Redaction {
  /// Headers that carry a credential in either direction, in lowercase.
  static let secretHeaders: Set<String> = [
    "authorization", "proxy-authorization", "x-amz-security-token", "x-aws-ec2-metadata-token", "cookie", "set-cookie",
    "x-amz-server-side-encryption-customer-key",
  ]
  /// Query parameters of presigned URLs that carry one.
  static let secretParameters: Set<String> = ["x-amz-signature", "x-amz-security-token", "x-amz-credential"]

  static func line(_ header: HTTPHeader) -> String {
    let isSecret = secretHeaders.contains(header.name.lowercased())
    return "\(header.name): \(isSecret ? "[redacted]" : header.value)"
  }

  /// A URL without the values of secret query parameters and without a user and password before the host.
  static func url(_ url: String) -> String {
    guard let question = url.firstIndex(of: "?") else { return withoutUser(url) }
    let parameters = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
    let shown = parameters.map { parameter -> String in
      let name = parameter.prefix { $0 != "=" }
      return secretParameters.contains(name.lowercased()) ? "\(name)=[redacted]" : String(parameter)
    }
    return withoutUser(String(url[..<question])) + "?" + shown.joined(separator: "&")
  }

  private static func withoutUser(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return url }
    return url[..<scheme.upperBound] + "[redacted]" + rest[at...]
  }
}
