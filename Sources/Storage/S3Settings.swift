/// The keys of a destination with kind = "s3".
public struct S3Settings: Sendable, Equatable {
  public enum Addressing: String, Sendable, CaseIterable { case path, virtualHost = "virtual-host" }
  /// How an object lock holds: nobody can lift `COMPLIANCE`; a right of its own can lift `GOVERNANCE`.
  public enum LockMode: String, Sendable, CaseIterable { case compliance, governance }
  /// `https://host`, with a port or path where needed; empty for Amazon's own of `region`.
  public var endpoint: String
  public var region: String
  public var bucket: String
  /// Without leading or trailing slash; empty for none.
  public var prefix: String = ""
  public var addressing: Addressing = .path
  /// `AES256`, `aws:kms`, or nil for no header.
  public var sse: String?
  public var sseKMSKeyID: String?
  public var storageClass: String?
  /// For objects that are stored with a date until which they are needed; nil where that date sets no lock.
  public var lockMode: LockMode?
  /// Whether volumes and manifests are sent with `If-None-Match: *` (default true).
  public var conditionalWrites = true
  /// A PEM file with certificate authorities, instead of the system's.
  public var caFile: String?
  /// A profile of the shared credentials and config files.
  public var profile: String?
  /// A shared credentials file in place of `~/.aws/credentials`.
  public var credentialsFile: String?
  /// Seconds.
  public var connectTimeout = 15
  /// Seconds without progress after which a transfer counts as stalled.
  public var stallTimeout = 60
  /// Tries of one request in all.
  public var attempts = 5
  public init(endpoint: String, region: String, bucket: String) {
    self.endpoint = endpoint
    self.region = region
    self.bucket = bucket
  }
}
