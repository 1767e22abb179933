public import Files
public import HTTP
internal import Synchronization

/// Finds credentials where the AWS tools look for them, in their order, keeps them, and gets new ones before they expire:
///
/// 1. the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), unless a profile or a
///    credentials file is named;
/// 2. the profile in the shared credentials file, then in the config file (keys, or `credential_process`);
/// 3. the container's endpoint (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`);
/// 4. the machine's metadata service (IMDSv2).
///
/// Any number of threads may use one provider.
public final class CredentialsProvider: Sendable {
  private let source: @Sendable () throws(StorageError) -> Credentials
  private let clock: @Sendable () -> Timestamp
  private let held = Mutex<Credentials?>(nil)
  /// Files with credentials that users other than the owner can read or write, one sentence each.
  public let warnings: [String]
  /// Seconds before their expiry from which credentials are replaced.
  private static let margin: Int64 = 300

  /// - Parameters:
  ///   - environment: the process's, see `ProcessEnvironment`; tests choose theirs.
  ///   - profile: in place of `AWS_PROFILE`, which stands for `default`.
  ///   - credentialsFile: in place of `AWS_SHARED_CREDENTIALS_FILE`, which stands for `~/.aws/credentials`.
  public init(
    environment: [String: String], profile: String? = nil, credentialsFile: String? = nil,
    clock: @escaping @Sendable () -> Timestamp = { .now() }, log: HTTPLog? = nil
  ) {
    let chain = CredentialsChain(
      environment: environment, profile: profile, credentialsFile: credentialsFile, log: log)
    source = { () throws(StorageError) in try chain.find() }
    warnings = chain.files.warnings
    self.clock = clock
  }

  /// Always the same credentials.
  public init(_ credentials: Credentials) {
    source = { credentials }
    clock = { .now() }
    warnings = []
  }

  /// - Throws: `.credentials` where there are none, with what was looked at.
  public func credentials() throws(StorageError) -> Credentials {
    // The lock is held while new ones are fetched, so that one thread asks and the others wait for its answer.
    let result = held.withLock { held -> Result<Credentials, StorageError> in
      let now = clock().seconds
      if let held, held.expiration.map({ $0.seconds - now > Self.margin }) ?? true { return .success(held) }
      do throws(StorageError) {
        let fresh = try source()
        held = fresh
        return .success(fresh)
      } catch {
        // The old ones still hold for a while: the next call asks again.
        if let held, let expiration = held.expiration, expiration.seconds > now { return .success(held) }
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Forgets `credentials`, which a server called expired, unless others are held by now.
  public func forget(_ credentials: Credentials) {
    held.withLock { if $0 == credentials { $0 = nil } }
  }
}

/// The environment that the process was started with.
public enum ProcessEnvironment {
  /// Variables that are not UTF-8 are repaired; one without `=` is left out.
  public static func current() -> [String: String] {
    // Without /proc there is no environment to be had; a chain without it names what it looked at.
    guard let content = try? FileContent.read("/proc/self/environ") else { return [:] }
    var variables: [String: String] = [:]
    for entry in content.split(separator: 0) {
      let text = String(decoding: entry, as: UTF8.self)
      guard let equals = text.firstIndex(of: "=") else { continue }
      variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return variables
  }
}
