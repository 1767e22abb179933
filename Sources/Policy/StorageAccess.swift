public import Storage

/// Opens the destinations of a configuration. Opening alone sends nothing: what is wrong with a place shows at its first
/// use.
public struct StorageAccess: Sendable {
  /// Where credentials, `HOME` and proxies are looked for.
  public var environment: [String: String]
  public var cancellation: Cancellation
  /// Takes lines for a maintainer; they never hold a secret.
  public var log: (@Sendable (String) -> Void)?

  public init(
    environment: [String: String] = ProcessEnvironment.current(), cancellation: Cancellation = Cancellation(),
    log: (@Sendable (String) -> Void)? = nil
  ) {
    self.environment = environment
    self.cancellation = cancellation
    self.log = log
  }

  /// What a node may do.
  /// - Throws: `.refused` where the destination's settings cannot be used.
  public func writer(_ destination: DestinationConfiguration) throws(StorageError) -> any ObjectWriter {
    if destination.isMedium { return RemovableStore(destination.path) }
    return try store(destination)
  }

  /// What a keeper may do.
  public func reader(_ destination: DestinationConfiguration) throws(StorageError) -> any ObjectReader {
    try store(destination)
  }

  /// What a keeper that prunes may do beside.
  public func remover(_ destination: DestinationConfiguration) throws(StorageError) -> any ObjectRemover {
    try store(destination)
  }

  /// Credentials files of this destination that other users can read or write, one sentence each.
  func credentialsWarnings(_ destination: DestinationConfiguration) -> [String] {
    destination.s3.map { provider($0).warnings } ?? []
  }

  private func store(_ destination: DestinationConfiguration) throws(StorageError) -> any ObjectStore {
    switch destination.kind {
    case .directory: return DirectoryStore(destination.path)
    case .git:
      throw StorageError(.refused, destination.name, "git repositories are no destination yet")
    case .s3:
      guard let settings = destination.s3 else {
        throw StorageError(.refused, destination.name, "has no S3 settings")
      }
      let base = try S3Store(settings, credentials: provider(settings), cancellation: cancellation, log: log)
      var policy = RetryPolicy()
      policy.attempts = settings.attempts
      policy.cancellation = cancellation
      policy.log = log
      return RetryingStore(base, policy)
    }
  }

  private func provider(_ settings: S3Settings) -> CredentialsProvider {
    CredentialsProvider(
      environment: environment, profile: settings.profile, credentialsFile: settings.credentialsFile, log: log)
  }
}
