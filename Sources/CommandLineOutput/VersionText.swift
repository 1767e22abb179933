internal import CBuild
internal import Repository

/// What `--version` prints: the program with its version on the first line, then the commit it was built from, then the
/// libraries it runs with, a line each.
public struct VersionText: Sendable {
  public struct Library: Sendable {
    public var name: String
    /// nil where it is not there.
    public var version: String?

    public init(_ name: String, _ version: String?) {
      self.name = name
      self.version = version
    }
  }

  /// - Parameters:
  ///   - arguments: this process's. Where `--version` is not among them, the libraries are not asked, which costs a few
  ///     milliseconds, and the first line is all.
  ///   - libraries: their versions at run time.
  public static func text(
    _ program: String, arguments: [String] = CommandLine.arguments, libraries: () -> [Library]
  ) -> String {
    let first = "\(program) \(redoubtVersion)"
    guard arguments.contains("--version") else { return first }
    let commit = String(cString: redoubt_build_commit())
    let lines = [first, "commit \(commit.isEmpty ? "unknown" : commit)"]
    return (lines + libraries().map { "\($0.name) \($0.version ?? "not found")" }).joined(separator: "\n")
  }
}
