internal import Processes

/// The versions of what this module stands on.
public enum OpenPGPVersions {
  /// gpgme's (gpgme_check_version).
  public static var gpgme: String { GPGMEContext.version ?? "unknown" }

  /// That of the gpg which is run; nil where there is none. Runs it: a few milliseconds, where gpgme's own answer would
  /// run six programs.
  public static func gpg() -> String? {
    guard let path = try? GPGProcess.program(),
      // The version is all that this is for: whatever goes wrong, it is not known.
      let outcome = try? Program([path, "--version"], timeout: 5).run(isCancelled: { false }), outcome.succeeded
    else { return nil }
    // "gpg (GnuPG) 2.2.40"
    return String(decoding: outcome.output, as: UTF8.self).prefix { $0 != "\n" }.split(separator: " ").last
      .map(String.init)
  }
}
