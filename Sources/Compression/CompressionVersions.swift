internal import CZstd

/// The versions of what this module stands on.
public enum CompressionVersions {
  /// libzstd's (ZSTD_versionString).
  public static var zstd: String { ZSTD_versionString().map { String(cString: $0) } ?? "unknown" }
}
