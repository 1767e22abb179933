import Files
import Glibc
import Storage
import TestKit

/// A destination whose objects a test loses and changes behind everybody's back, and puts back.
protocol DamagedPlace: AnyObject {
  /// What a node stores to.
  var node: any ObjectStore { get }
  /// What a keeper reads from, as if it had never looked before.
  func reader() -> any ObjectStore
  func content(_ key: String) throws -> [UInt8]
  /// The keys that begin so, in order.
  func keys(_ prefix: String) throws -> [String]
  /// Puts other bytes in the place of objects, or takes them away (nil), all at once.
  func plant(_ objects: [String: [UInt8]?]) throws
}

extension ObjectReader {
  fileprivate func keys(_ prefix: String) throws -> [String] {
    try list(prefix: Paths.parent(prefix) + "/").map(\.key).filter { $0.hasPrefix(prefix) }.sorted()
  }
}

/// The kinds of destinations.
enum PlaceKind: String, CaseIterable, Sendable {
  case directory, s3, git, removable
}

/// A folder, on a disk or on a medium.
final class FolderPlace: DamagedPlace {
  private let folder: String

  init(_ folder: String) { self.folder = folder }

  var node: any ObjectStore { DirectoryStore(folder) }
  func reader() -> any ObjectStore { DirectoryStore(folder) }
  func content(_ key: String) throws -> [UInt8] { try FileContent.read("\(folder)/\(key)") }
  func keys(_ prefix: String) throws -> [String] { try DirectoryStore(folder).keys(prefix) }

  func plant(_ objects: [String: [UInt8]?]) throws {
    for (key, content) in objects {
      unlink("\(folder)/\(key)")
      guard let content else { continue }
      try Paths.makeFolders(Paths.parent("\(folder)/\(key)"))
      try FileContent.write(content, to: "\(folder)/\(key)", mode: 0o644)
    }
  }
}

/// A bucket of a real server; changed by the bucket's owner.
final class BucketPlace: DamagedPlace {
  private let server: S3Server
  private let bucket: String
  let node: any ObjectStore

  init() throws {
    server = try S3Server.shared(.moto)
    bucket = try server.makeBucket()
    node = try S3Store(server.settings(bucket: bucket), credentials: CredentialsProvider(server.credentials))
  }

  func reader() -> any ObjectStore { node }
  func content(_ key: String) throws -> [UInt8] { try node.get(key, maximumLength: 64 << 20) }
  func keys(_ prefix: String) throws -> [String] { try node.keys(prefix) }

  func plant(_ objects: [String: [UInt8]?]) throws {
    for (key, content) in objects {
      try server.request(content == nil ? "DELETE" : "PUT", "/\(bucket)/\(key)", body: content ?? [])
    }
  }
}

/// A git repository; changed by a commit in the remote, which is how a repository loses and changes files without
/// becoming unreadable itself.
final class RepositoryPlace: DamagedPlace {
  private let remote: GitRemote
  private let folder: String
  let node: any ObjectStore
  private var commits = 0

  /// - Parameter folder: for the node's and the keeper's clones.
  init(_ folder: String) throws {
    remote = try GitRemote()
    self.folder = folder
    node = remote.store(clone: "\(folder)/git-node")
  }

  func reader() -> any ObjectStore { remote.store(clone: "\(folder)/git-keeper") }
  func content(_ key: String) throws -> [UInt8] { try remote.git(["show", "main:\(key)"]).output }
  func keys(_ prefix: String) throws -> [String] { try remote.files().filter { $0.hasPrefix(prefix) }.sorted() }

  func plant(_ objects: [String: [UInt8]?]) throws {
    commits += 1
    let index = "\(folder)/index-\(commits)"
    defer { unlink(index) }
    func git(_ arguments: [String], _ input: [UInt8] = []) throws -> String {
      let environment: [String: String?] = [
        "GIT_INDEX_FILE": index, "GIT_AUTHOR_NAME": "someone", "GIT_AUTHOR_EMAIL": "someone@example.com",
        "GIT_COMMITTER_NAME": "someone", "GIT_COMMITTER_EMAIL": "someone@example.com",
      ]
      return try Command.succeed(
        "git", ["--git-dir", remote.folder] + arguments, input: input, environment: environment
      )
      .lines.first ?? ""
    }
    _ = try git(["read-tree", "main"])
    for (key, content) in objects {
      if let content {
        let blob = try git(["hash-object", "-w", "--stdin"], content)
        _ = try git(["update-index", "--add", "--cacheinfo", "100644,\(blob),\(key)"])
      } else {
        _ = try git(["update-index", "--index-info"], Array("0 \(String(repeating: "0", count: 40))\t\(key)\n".utf8))
      }
    }
    let tree = try git(["write-tree"])
    let commit = try git(["commit-tree", "-p", "main", "-m", "what storage does", tree])
    _ = try git(["update-ref", "refs/heads/main", commit])
  }
}
