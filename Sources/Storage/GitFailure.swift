internal import Processes

/// What git's words mean: it has one exit code for everything.
enum GitFailure {
  /// An error about the remote.
  static func remote(_ outcome: ProgramOutcome, _ settings: GitSettings) -> StorageError {
    let text = GitSettings.withoutCredentials(String(decoding: outcome.errors, as: UTF8.self))
    let lowered = text.lowercased()
    let subject = settings.address
    func says(_ phrases: [String]) -> Bool { phrases.contains { lowered.contains($0) } }
    let words = complaint(text, outcome)
    if says(["host key verification failed"]) {
      return StorageError(
        .credentials, subject, words,
        hint: "as the user that runs this, connect to it once with ssh and compare the host's key")
    }
    if says([
      "permission denied (", "authentication failed", "could not read username", "could not read password",
      "terminal prompts disabled", "access denied", "error: 401", "too many authentication failures",
    ]) {
      return StorageError(
        .credentials, subject, words,
        hint: "give the user that runs this an ssh key or a git credential helper for it; nothing is ever asked")
    }
    if says(["write access to repository not granted", "error: 403", "read-only", "insufficient permission"]) {
      return StorageError(.denied, subject, words, hint: "the key or token must be allowed to push")
    }
    if says(["detected dubious ownership"]) {
      return StorageError(
        .denied, subject, words,
        hint: "git wants a repository to belong to its user; see safe.directory in git-config(1)")
    }
    if says(["no space left", "quota", "exceeds the maximum", "larger than"]) {
      return StorageError(.full, subject, words, hint: "the remote has no room for it, or takes no object of that size")
    }
    if says([
      "repository not found", "does not appear to be a git repository", "no such file or directory", "' not found",
      "project you were looking for could not be found",
    ]) {
      return StorageError(
        .noSuchStore, subject, words, hint: "make an empty private repository there, and let this machine's key use it")
    }
    return StorageError(
      says(["error: 5", "internal server error"]) ? .server : .unreachable, subject, words, isTransient: true)
  }

  /// A push that the remote took note of and refused.
  static func rejected(_ reason: String, _ outcome: ProgramOutcome, _ settings: GitSettings) -> StorageError {
    let text = GitSettings.withoutCredentials(String(decoding: outcome.errors, as: UTF8.self))
    let remote = lines(of: text).filter { $0.hasPrefix("remote:") }.map { $0.dropFirst(7) }
    let words = remote.map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: "; ")
    let message = "the remote rejected the push: \(reason)\(words.isEmpty ? "" : ": \(words.prefix(500))")"
    if reason.contains("unpack") {
      let isFull = text.lowercased().contains("no space") || text.lowercased().contains("quota")
      return StorageError(isFull ? .full : .server, settings.address, message, isTransient: !isFull)
    }
    return StorageError(
      .denied, settings.address, message,
      hint: "a hook or a branch rule there refuses it: let this key push to \(settings.branch), or name another branch")
  }

  /// The lines that say most: those that git and ssh begin with a word for it.
  private static func complaint(_ text: String, _ outcome: ProgramOutcome) -> String {
    let all = lines(of: text)
    let telling = all.filter { line in
      ["fatal:", "error:", "ssh:", "remote:", "ERROR:", "git@"].contains { line.hasPrefix($0) }
        || line.contains("ermission denied") || line.contains("verification failed")
    }
    let words = (telling.isEmpty ? Array(all.suffix(2)) : telling).joined(separator: "; ")
    return words.isEmpty ? "git \(outcome.description)" : String(words.prefix(500))
  }

  /// Without control characters, and each once.
  private static func lines(of text: String) -> [String] {
    var seen: Set<String> = []
    return text.split { $0.isNewline || $0 == "\r" }.compactMap { line in
      let printable = String(line.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.map(Character.init))
      return printable.isEmpty || !seen.insert(printable).inserted ? nil : printable
    }
  }
}
