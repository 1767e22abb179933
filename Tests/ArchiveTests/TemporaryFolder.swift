import Files
import Glibc
import Testing

/// A folder for one test, removed with all that is in it at the end, however deep.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/redoubt-archive-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { _ = try? shell("chmod -R u+rwx \"$1\" 2>/dev/null; rm -rf \"$1\"", path) }

  /// The path of a name in the folder.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ content: String = "") throws {
    try Paths.makeFolders(Paths.parent(self(name)))
    try FileContent.write(Array(content.utf8), to: self(name), mode: 0o644)
  }

  func makeFolder(_ name: String) throws { try Paths.makeFolders(self(name)) }

  /// The folder as an `Entry.path`.
  var entryPath: [UInt8] { Array(path.utf8.dropFirst()) }
}

struct CommandFailed: Error, CustomStringConvertible {
  let script: String
  let status: Int32
  let output: String
  var description: String { "`\(script)` ended with \(status): \(output)" }
}

/// Runs a script with `/bin/sh`; the arguments are `$1`, `$2` and so on.
/// - Returns: what it wrote to both outputs.
/// - Throws: `CommandFailed` where it ended with another status than 0.
@discardableResult
func shell(_ script: String, _ arguments: String...) throws -> String {
  var template = Array("/tmp/redoubt-output-XXXXXX".utf8CString)
  let output = mkstemp(&template)
  defer {
    close(output)
    unlink(&template)
  }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, output, 1)
  posix_spawn_file_actions_adddup2(&actions, output, 2)
  let words = ["sh", "-c", "exec </dev/null; \(script)", "sh"] + arguments
  var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  var process: pid_t = 0
  let code = posix_spawn(&process, "/bin/sh", &actions, nil, &pointers, environ)
  guard code == 0 else { throw CommandFailed(script: script, status: code, output: "cannot start") }
  var status: Int32 = 0
  while waitpid(process, &status, 0) < 0, errno == EINTR {}
  let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  let text = String(decoding: try FileContent.read(path), as: UTF8.self)
  guard status == 0 else { throw CommandFailed(script: script, status: status >> 8, output: text) }
  return text
}
