internal import Files
internal import HTTP

/// Credentials from the container's endpoint and from the instance metadata service, version 2 ("Container credential
/// provider" and "IMDS credential provider" of the AWS SDKs reference guide).
struct MetadataCredentials: Sendable {
  let environment: [String: String]
  private let client: HTTPClient

  init(environment: [String: String], log: HTTPLog?) {
    self.environment = environment
    var options = HTTPClient.Options()
    // A machine that is not in a cloud has nothing at these addresses: do not wait long for it.
    options.connectTimeout = 1
    options.stallTimeout = 5
    options.usesProxy = false
    options.log = log
    client = HTTPClient(options)
  }

  /// - Returns: nil where the environment names no endpoint.
  func fromContainer() throws(StorageError) -> Credentials? {
    let url: String
    if let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !relative.isEmpty {
      url = "http://169.254.170.2" + relative
    } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !full.isEmpty {
      url = full
    } else {
      return nil
    }
    guard Self.isTrusted(url) else {
      throw StorageError(
        .credentials, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "must be https, loopback or a container's own address")
    }
    var headers: [HTTPHeader] = []
    if let token = try containerToken() { headers.append(HTTPHeader("Authorization", token)) }
    let answer = try send(HTTPRequest("GET", url, headers: headers), "the container's credentials")
    guard answer.status == 200 else {
      throw StorageError(
        .credentials, "the container's credentials", "the endpoint answered \(answer.status)",
        isTransient: answer.status >= 500)
    }
    return try CredentialsDocument.credentials(answer.body, source: "the container's credentials")
  }

  /// - Returns: nil where there is no service, or it has no role for this machine.
  func fromInstance() throws(StorageError) -> Credentials? {
    if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
    let given = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? ""
    let base = given.isEmpty ? "http://169.254.169.254" : given.hasSuffix("/") ? String(given.dropLast()) : given
    let lifetime = HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", "21600")
    let token: HTTPResponse
    do throws(HTTPError) {
      token = try client.send(HTTPRequest("PUT", "\(base)/latest/api/token", headers: [lifetime]))
    } catch {
      return nil  // Nothing answers at that address: this machine has no metadata service.
    }
    guard token.status == 200 else { return nil }
    let header = HTTPHeader("x-aws-ec2-metadata-token", String(decoding: token.body, as: UTF8.self))
    let folder = "\(base)/latest/meta-data/iam/security-credentials/"
    let roles = try send(HTTPRequest("GET", folder, headers: [header]), Self.instance)
    if roles.status == 404 { return nil }
    let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
    guard roles.status == 200, !role.isEmpty else {
      throw StorageError(.credentials, Self.instance, "the metadata service names no role (\(roles.status))")
    }
    let answer = try send(HTTPRequest("GET", folder + role, headers: [header]), Self.instance)
    guard answer.status == 200 else {
      throw StorageError(
        .credentials, Self.instance, "the metadata service answered \(answer.status) for role \(role)",
        isTransient: answer.status >= 500)
    }
    return try CredentialsDocument.credentials(answer.body, source: Self.instance)
  }

  private static let instance = "the instance's credentials"

  private func send(_ request: HTTPRequest, _ subject: String) throws(StorageError) -> HTTPResponse {
    do throws(HTTPError) {
      return try client.send(request)
    } catch {
      throw StorageError(.credentials, subject, error.description, isTransient: error.isTransient)
    }
  }

  private func containerToken() throws(StorageError) -> String? {
    if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], !path.isEmpty {
      do throws(FileError) {
        let text = String(decoding: try FileContent.read(path, maximumLength: 1 << 16), as: UTF8.self)
        return text.last?.isNewline == true ? String(text.dropLast()) : text
      } catch {
        throw StorageError(.credentials, path, "cannot \(error.operation) the token file: \(error.errno)")
      }
    }
    return environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Plain http only where nothing leaves the machine: loopback, and the addresses of ECS and EKS.
  private static func isTrusted(_ url: String) -> Bool {
    if url.hasPrefix("https://") { return true }
    guard url.hasPrefix("http://") else { return false }
    let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" }
    if authority.contains("@") { return false }
    if authority.hasPrefix("[::1]") || authority.hasPrefix("[fd00:ec2::23]") { return true }
    let host = authority.prefix { $0 != ":" }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    let isLoopback = octets.count == 4 && !octets.contains(nil) && octets[0] == 127
    return isLoopback || host == "localhost" || host == "169.254.170.2" || host == "169.254.170.23"
  }
}
