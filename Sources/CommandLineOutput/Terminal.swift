internal import Glibc

/// The terminal that a program was started at.
enum Terminal {
  /// Tells gpg, and the pinentry that its agent starts, where a passphrase is to be asked for: they look at their own
  /// standard input alone, which is none where a program runs gpg. `GPG_TTY` stays as it is where somebody has set it.
  ///
  /// To be called before there are other threads, because it changes the environment.
  static func tellGPG() {
    guard getenv("GPG_TTY") == nil else { return }
    var name = [CChar](repeating: 0, count: 256)
    for descriptor in STDIN_FILENO...STDERR_FILENO where ttyname_r(descriptor, &name, name.count) == 0 {
      setenv("GPG_TTY", name, 1)
      return
    }
  }
}
