public import Files

/// What requests are signed with.
public struct Credentials: Sendable, Equatable {
  public var accessKeyID: String
  public var secretAccessKey: Secret
  /// Of temporary credentials alone.
  public var sessionToken: Secret?
  /// When they stop being accepted; nil for never.
  public var expiration: Timestamp?
  /// Where they came from, for messages: `the environment`, `profile default in /root/.aws/credentials`.
  public var source: String

  public init(
    accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: Timestamp? = nil,
    source: String = "the caller"
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
    self.source = source
  }
}
