internal import Storage

/// Reads `[[destination]]`.
struct DestinationReader {
  let reader: TableReader<DestinationKey>

  /// - Returns: nil where what it is cannot be told.
  func read(name: String) -> DestinationConfiguration? {
    reader.require(.kind, hint: "kind = \"s3\" or kind = \"directory\"")
    reader.require(.location, hint: "location = \"cloud\", \"offsite\", \"local\" or \"removable\"")
    let location = reader.choice(.location, DestinationConfiguration.Location.self)
    guard let kind = reader.choice(.kind, DestinationConfiguration.Kind.self) else { return nil }
    reportKeys(ofOtherKindsThan: kind)
    var destination = DestinationConfiguration(name: name, kind: kind, location: location ?? .local)
    switch kind {
    case .s3:
      guard let settings = settings() else { return nil }
      destination.s3 = settings
      if let expiry = reader.choice(.expiry, DestinationConfiguration.Expiry.self) { destination.expiry = expiry }
      destination.s3?.lockMode = lockMode(destination.expiry)
    case .directory:
      reader.require(.path)
      guard let path = path(.path) else { return nil }
      destination.path = path
      readAway(&destination)
    case .git:
      reader.report(
        .kind, "git repositories are no destination yet; they come in a later release",
        hint: "use s3 or directory for now")
      return nil
    }
    return location == nil ? nil : destination
  }

  private func readAway(_ destination: inout DestinationConfiguration) {
    guard reader.has(.away) else { return }
    guard destination.location == .removable else {
      return reader.report(.away, "means something with location = \"removable\" alone", hint: "remove it")
    }
    if let seconds = reader.seconds(.away, in: 86400...(3650 * 86400)) { destination.away = seconds }
  }

  private func reportKeys(ofOtherKindsThan kind: DestinationConfiguration.Kind) {
    for key in DestinationKey.allCases where reader.has(key) && !DestinationKey.common.contains(key) {
      if DestinationKey.directory.contains(key) == (kind == .s3), kind != .git {
        reader.report(key, "has no meaning where kind = \"\(kind.rawValue)\"")
      }
    }
  }

  private func path(_ key: DestinationKey) -> String? {
    guard let path = reader.string(key) else { return nil }
    if let problem = ConfigurationRules.pathProblem(path) {
      reader.report(key, problem)
      return nil
    }
    return ConfigurationRules.normalized(path)
  }

  private func settings() -> S3Settings? {
    reader.require(.endpoint, hint: "endpoint = \"https://s3.eu-central-1.amazonaws.com\"")
    reader.require(.bucket)
    let endpoint = endpoint()
    let bucket = bucket()
    var settings = S3Settings(
      endpoint: endpoint ?? "", region: reader.string(.region) ?? "us-east-1", bucket: bucket ?? "")
    if let prefix = prefix() { settings.prefix = prefix }
    if let addressing = reader.choice(.addressing, S3Settings.Addressing.self) { settings.addressing = addressing }
    settings.sse = encryption()
    settings.sseKMSKeyID = reader.string(.sseKMSKeyID)
    if settings.sseKMSKeyID != nil, settings.sse != "aws:kms" {
      reader.report(.sseKMSKeyID, "needs sse = \"aws:kms\"")
    }
    settings.storageClass = reader.string(.storageClass)
    if let value = reader.boolean(.conditionalWrites) { settings.conditionalWrites = value }
    settings.caFile = path(.caFile)
    settings.profile = reader.string(.profile)
    settings.credentialsFile = path(.credentialsFile)
    if let seconds = reader.integer(.connectTimeout, in: 1...3600) { settings.connectTimeout = seconds }
    if let seconds = reader.integer(.stallTimeout, in: 1...86400) { settings.stallTimeout = seconds }
    if let attempts = reader.integer(.attempts, in: 1...100) { settings.attempts = attempts }
    return endpoint == nil || bucket == nil ? nil : settings
  }

  private func lockMode(_ expiry: DestinationConfiguration.Expiry) -> S3Settings.LockMode? {
    guard let mode = reader.choice(.lockMode, S3Settings.LockMode.self) else { return nil }
    if expiry == .lifecycle { return mode }
    reader.report(
      .lockMode, "needs expiry = \"lifecycle\"", hint: "a lock lasts as long as an object is needed: 'expiry' says so")
    return nil
  }

  private func endpoint() -> String? {
    guard var text = reader.string(.endpoint) else { return nil }
    while text.last == "/" { text.removeLast() }
    switch Endpoint.parse(text) {
    case .failure(let problem):
      reader.report(.endpoint, problem.message, hint: problem.hint)
      return nil
    case .success(let endpoint):
      if endpoint.isEncrypted || endpoint.isLoopback { return text }
      reader.report(
        .endpoint, "'\(text)' is not encrypted, and \(endpoint.host) is another machine",
        hint: "use https://; http:// is for this machine alone (localhost, 127.0.0.1, [::1])")
      return nil
    }
  }

  /// Amazon S3 User Guide, "General purpose bucket naming rules"; capitals and underscores are let through, because
  /// older buckets and other servers have them.
  private func bucket() -> String? {
    guard let bucket = reader.string(.bucket) else { return nil }
    let isValid =
      (3...255).contains(bucket.utf8.count)
      && bucket.utf8.allSatisfy { byte in
        byte >= 97 && byte <= 122 || byte >= 65 && byte <= 90 || byte >= 48 && byte <= 57 || ".-_".utf8.contains(byte)
      }
    if isValid { return bucket }
    reader.report(.bucket, "'\(bucket)' is no valid bucket name", hint: "the bucket alone; folders belong to 'prefix'")
    return nil
  }

  private func prefix() -> String? {
    guard let text = reader.string(.prefix) else { return nil }
    let parts = text.split(separator: "/")
    let isPlain = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\\") }
    guard isPlain, text.utf8.count <= 512, !parts.contains("."), !parts.contains("..") else {
      reader.report(.prefix, "'\(text)' is no valid prefix: visible ASCII without backslash, '.' and '..' folders")
      return nil
    }
    return parts.joined(separator: "/")
  }

  private func encryption() -> String? {
    guard let text = reader.string(.sse) else { return nil }
    if ["AES256", "aws:kms"].contains(text) { return text }
    reader.report(.sse, "'\(text)' is none of AES256, aws:kms")
    return nil
  }
}
