internal import CCrypto

/// The versions of what this module stands on.
public enum DigestVersions {
  /// libcrypto's (OpenSSL_version(3)).
  public static var openSSL: String {
    OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) } ?? "unknown"
  }
}
