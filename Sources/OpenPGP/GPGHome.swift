internal import Files
internal import Glibc

/// gpg's home folder.
public enum GPGHome {
  /// The longest path (bytes) whose sockets fit a socket address: 108 bytes (unix(7)) less `/S.gpg-agent.browser`
  /// and the two bytes that gpg-agent 2.2 keeps free.
  static let longestPath = 106 - "/S.gpg-agent.browser".utf8.count

  /// Makes a home (mode 700) for keys of our own, where there is none; one that exists is never touched.
  /// - Throws: `failed` where it cannot be made or its path is too long.
  public static func prepare(_ path: String) throws(OpenPGPError) {
    if Paths.exists(path) { return try check(path) }
    try checkLength(path)
    do {
      try Paths.makeFolders(path, mode: 0o700)
      // SHA-512 is gpg's choice for ed25519; SHA-256 signs large manifests in three quarters of the time.
      try FileContent.write(Array("personal-digest-preferences SHA256\n".utf8), to: "\(path)/gpg.conf", mode: 0o600)
    } catch {
      throw OpenPGPError(.failed, path, "cannot make the gpg home: \(error)")
    }
  }

  package static func check(_ path: String) throws(OpenPGPError) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw OpenPGPError(
        .failed, path, "the gpg home is not a folder that can be read",
        hint: "make it with mode 700, or name another as gnupg-home")
    }
    try checkLength(path)
  }

  private static func checkLength(_ path: String) throws(OpenPGPError) {
    guard path.utf8.count > longestPath else { return }
    throw OpenPGPError(
      .failed, path, "the path is too long for gpg-agent's socket: \(path.utf8.count) bytes, at most \(longestPath)",
      hint: "choose a shorter gnupg-home, such as /var/lib/redoubt/gnupg")
  }
}
