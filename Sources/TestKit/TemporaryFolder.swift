public import Files
internal import Digests
internal import Glibc

/// A folder of a test's own, removed with all that is in it when this object goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  /// - Parameter name: begins the folder's name, which stays short: sockets in it have paths of at most 107 bytes.
  public init(_ name: String = "redoubt") throws(FileError) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = "\(parent)/\(name)-\(Hex.encode(randomBytes(6)))"
    try Paths.makeFolders(path)
  }

  deinit {
    // Left-overs in a temporary folder fail no test.
    _ = try? Command.run("rm", ["-rf", path])
  }

  /// The path of something in it.
  public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
