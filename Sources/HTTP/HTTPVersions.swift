internal import CCurl

/// The versions of what this module stands on.
public enum HTTPVersions {
  /// libcurl's and that of its TLS library (curl_version_info(3)): `7.88.1 with OpenSSL/3.0.17`.
  public static var curl: String {
    guard let info = redoubt_curl_version(), let version = info.pointee.version else { return "unknown" }
    guard let library = info.pointee.ssl_version else { return String(cString: version) }
    return "\(String(cString: version)) with \(String(cString: library))"
  }
}
