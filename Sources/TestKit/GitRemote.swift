public import Files
public import Storage

/// A bare git repository in a folder of its own, as a host would keep one.
public final class GitRemote: Sendable {
  private let parent: TemporaryFolder
  public let folder: String

  public init() throws {
    parent = try TemporaryFolder("remote")
    folder = parent("remote.git")
    try Command.succeed("git", ["init", "--quiet", "--bare", "--initial-branch=main", folder])
  }

  public var url: String { "file://\(folder)" }

  /// A store with a clone of its own.
  /// - Parameter variables: what git finds beside the path.
  public func store(
    clone: String, variables: [String: String] = [:], _ change: (inout GitSettings) -> Void = { _ in }
  ) -> GitStore {
    var settings = GitSettings(remote: url, folder: clone)
    change(&settings)
    return GitStore(settings, environment: Self.environment(variables))
  }

  /// Variables that keep the machine's own git configuration out.
  public static func environment(_ more: [String: String] = [:]) -> [String: String] {
    ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"]
      .merging(more) { $1 }
  }

  /// Runs git in the bare repository.
  @discardableResult
  public func git(_ arguments: [String], input: [UInt8] = []) throws(Command.Failure) -> Command.Outcome {
    let author: [String: String?] = [
      "GIT_AUTHOR_NAME": "someone", "GIT_AUTHOR_EMAIL": "someone@example.com", "GIT_COMMITTER_NAME": "someone",
      "GIT_COMMITTER_EMAIL": "someone@example.com",
    ]
    return try Command.succeed("git", ["--git-dir", folder] + arguments, input: input, environment: author)
  }

  /// The subjects of the branch's commits, newest first.
  public func log() throws(Command.Failure) -> [String] { try git(["log", "--format=%s", "main", "--"]).lines }

  /// The files of the branch's tip.
  public func files() throws(Command.Failure) -> [String] {
    try git(["-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "main"]).lines
  }

  /// Adds a file to the branch as somebody else would.
  public func add(_ path: String, _ content: String) throws {
    let clone = parent("other-\(randomBytes(4).map { String($0, radix: 16) }.joined())")
    try Command.succeed("git", ["clone", "--quiet", folder, clone])
    try Paths.makeFolders(Paths.parent("\(clone)/\(path)"))
    try FileContent.write(Array(content.utf8), to: "\(clone)/\(path)")
    let identity = ["-C", clone, "-c", "user.name=someone", "-c", "user.email=someone@example.com"]
    try Command.succeed("git", identity + ["add", "-A"])
    try Command.succeed("git", identity + ["commit", "--quiet", "-m", "by hand"])
    try Command.succeed("git", identity + ["push", "--quiet", "origin", "HEAD:main"])
  }

  /// A hook of this name with this script.
  public func hook(_ name: String, _ script: String) throws(FileError) {
    try Paths.makeFolders("\(folder)/hooks")
    try FileContent.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "\(folder)/hooks/\(name)", mode: 0o755)
  }
}

/// A batching store that flushes after each request, so that it can be treated as any other.
public struct FlushingStore<Base: ObjectStore & BatchingStore>: ObjectWriter, ObjectReader, ObjectRemover {
  public let base: Base

  public init(_ base: Base) { self.base = base }

  public func put(_ upload: Upload) throws(StorageError) {
    try base.put(upload)
    try base.flush("store \(upload.key)")
  }

  public func remove(_ key: String) throws(StorageError) {
    try base.remove(key)
    try base.flush("remove \(key)")
  }

  public func get(_ key: String, maximumLength: Int) throws(StorageError) -> [UInt8] {
    try base.get(key, maximumLength: maximumLength)
  }
  public func size(of key: String) throws(StorageError) -> UInt64? { try base.size(of: key) }
  public func list(prefix: String) throws(StorageError) -> [ObjectSummary] { try base.list(prefix: prefix) }
  public func listFolders(prefix: String) throws(StorageError) -> [String] { try base.listFolders(prefix: prefix) }
}
