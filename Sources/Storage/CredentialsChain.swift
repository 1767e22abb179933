internal import HTTP

/// The places that credentials may come from, asked in order.
struct CredentialsChain: Sendable {
  let environment: [String: String]
  let files: CredentialsFiles
  let log: HTTPLog?
  /// Whether the configuration names a profile or a file: then the environment's keys do not count.
  let isExplicit: Bool

  init(environment: [String: String], profile: String?, credentialsFile: String?, log: HTTPLog?) {
    self.environment = environment
    self.log = log
    isExplicit = profile != nil || credentialsFile != nil
    files = CredentialsFiles(environment: environment, profile: profile, credentialsFile: credentialsFile)
  }

  func find() throws(StorageError) -> Credentials {
    if !isExplicit, let found = try fromEnvironment() { return found }
    if let found = try files.find() { return found }
    if isExplicit { throw files.nothingFound }
    let metadata = MetadataCredentials(environment: environment, log: log)
    if let found = try metadata.fromContainer() { return found }
    if let found = try metadata.fromInstance() { return found }
    throw StorageError(
      .credentials, "credentials",
      "none in the environment, in \(files.credentialsPath), in \(files.configPath), or from a metadata service",
      hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a credentials-file in the destination")
  }

  private func fromEnvironment() throws(StorageError) -> Credentials? {
    guard let id = environment["AWS_ACCESS_KEY_ID"], !id.isEmpty else { return nil }
    guard let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty else {
      throw StorageError(
        .credentials, "credentials", "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
        hint: "set both, or neither")
    }
    let token = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : Secret($0) }
    return Credentials(
      accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token, source: "the environment")
  }
}
