@testable import Files
import Glibc
import TestKit
import Testing

/// The call of the kernel and the way without it see the same, and neither leaves the folder.
@Suite struct OpenBeneathTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Paths.makeFolders(folder("top/one/two"))
    try Paths.makeFolders(folder("outside"))
    try FileContent.write(Array("inside".utf8), to: folder("top/one/two/file"))
    try FileContent.write(Array("outside".utf8), to: folder("outside/file"))
    let links = [
      ("one", "top/inside"), ("../outside", "top/out"), (folder("outside"), "top/absolute"),
      ("two/file", "top/one/file"), ("nowhere", "top/dangling"),
    ]
    for (target, name) in links { #expect(symlink(target, folder(name)) == 0) }
  }

  /// What was read from the descriptor, `a folder`, or the errno.
  private func outcome(_ file: Int32) -> String {
    let reason = errno
    guard file >= 0 else { return "\(reason)" }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 100)
    let count = read(file, &buffer, buffer.count)
    if count < 0, errno == EISDIR { return "a folder" }
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
  }

  @Test(
    arguments: [
      ("one/two/file", O_RDONLY, "inside"), ("one/./two//file", O_RDONLY, "inside"),
      ("./one/two/file", O_RDONLY, "inside"),
      (".", O_RDONLY | O_DIRECTORY, "a folder"), ("one", O_RDONLY, "a folder"), ("one/two/", O_RDONLY, "a folder"),
      ("", O_RDONLY, "\(ENOENT)"), ("two", O_RDONLY, "\(ENOENT)"), ("none/file", O_RDONLY, "\(ENOENT)"),
      ("one/two/file/", O_RDONLY, "\(ENOTDIR)"), ("one/two/file/deeper", O_RDONLY, "\(ENOTDIR)"),
      ("one/two/file", O_RDONLY | O_DIRECTORY, "\(ENOTDIR)"),
      ("inside", O_RDONLY, "\(ELOOP)"), ("inside/two/file", O_RDONLY, "\(ELOOP)"), ("one/file", O_RDONLY, "\(ELOOP)"),
      ("inside", O_RDONLY | O_DIRECTORY, "\(ELOOP)"), ("dangling", O_RDONLY, "\(ELOOP)"),
      ("out/file", O_RDONLY, "\(ELOOP)"), ("absolute/file", O_RDONLY, "\(ELOOP)"),
      ("/etc/hostname", O_RDONLY, "\(EXDEV)"), ("..", O_RDONLY, "\(EXDEV)"), ("../outside/file", O_RDONLY, "\(EXDEV)"),
    ] as [(String, Int32, String)])
  func bothWaysSeeTheSame(_ path: String, _ flags: Int32, _ expected: String) throws {
    let top = Glibc.open(folder("top"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try #require(top >= 0)
    defer { close(top) }
    #expect(outcome(OpenBeneath.open(top, path, flags | O_CLOEXEC)) == expected)
    #expect(outcome(OpenBeneath.bySteps(top, path, flags | O_CLOEXEC)) == expected)
  }

  /// A folder that the path enters and leaves again: refused, whether or not the end would be inside.
  @Test func noPathGoesUp() throws {
    let top = Glibc.open(folder("top"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try #require(top >= 0)
    defer { close(top) }
    for path in ["one/../../outside/file", "one/../one/two/file", "one/.."] {
      #expect(outcome(OpenBeneath.bySteps(top, path, O_RDONLY | O_CLOEXEC)) == "\(EXDEV)")
    }
  }
}
