internal import Files
internal import TestKit
internal import Testing

/// What a person has who knows nothing of Redoubt: a system's own tools and the private key.
struct StandardTools {
  let installation: Installation
  /// A local copy of `<prefix>/peer-1`.
  let hostFolder: String

  private var environment: [String: String?] {
    ["PATH": "/usr/bin:/bin", "GNUPGHOME": installation.keeperHome, "HOME": installation.folder.path]
  }

  private func shell(_ script: String, _ arguments: [String]) throws -> Command.Outcome {
    let none = try Command.run("sh", ["-c", "command -v redoubt redoubt-verify"], environment: environment)
    try #require(none.status != 0, "the path must not lead to Redoubt: \(none.text)")
    return try Command.run("sh", ["-c", script, "sh"] + arguments, environment: environment, timeout: 120)
  }

  /// Restores the latest snapshot with the script that is stored beside it.
  /// - Returns: the restored source tree, and how the script ended.
  func recover(_ set: String = "data", to name: String = "recovered") throws -> (tree: String, outcome: Command.Outcome)
  {
    let target = installation.folder(name)
    let outcome = try shell(
      #"sh "$1/recover-1.sh" -k "$2" "$1" "$3" "$4""#, [hostFolder, installation.keys.signer, set, target])
    return (target + installation.source, outcome)
  }

  /// Restores a set's only snapshot with one line, as RECOVER-1.md has it.
  func pipeline(_ set: String = "data", to name: String = "piped") throws -> (tree: String, outcome: Command.Outcome) {
    let target = installation.folder(name)
    try Paths.makeFolders(target)
    let outcome = try shell(
      #"""
      for v in "$1/$2"/*/volume-*.gpg; do gpg -q -d "$v"; done | zstd -d |
        tar -x -p --numeric-owner --xattrs '--xattrs-include=*' --acls -C "$3" -f -
      """#, [hostFolder, set, target])
    return (target + installation.source, outcome)
  }
}
