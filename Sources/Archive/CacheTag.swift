internal import Glibc

/// The Cache Directory Tagging Specification (https://bford.info/cachedir/).
public enum CacheTag {
  static let name = "CACHEDIR.TAG"
  /// The first 43 bytes of a tag.
  private static let signature = "Signature: 8a477f597d28d172789f06886806bc55"

  /// Whether a directory holds a regular file of that name that begins with the signature.
  public static func isIn(_ directory: Int32) -> Bool {
    let file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    guard FileStatus(descriptor: file)?.kind == .file else { return false }
    return withUnsafeTemporaryAllocation(byteCount: signature.utf8.count, alignment: 1) { buffer in
      pread(file, buffer.baseAddress, buffer.count, 0) == buffer.count && buffer.elementsEqual(signature.utf8)
    }
  }
}
