import Files
import Glibc
import Testing

/// A folder of a test's own, removed with everything in it when the test lets go of it.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path = "/tmp/rdt-\(randomBytes(5).map { String($0, radix: 16) }.joined())"
    try Paths.makeFolders(path)
  }

  deinit { ScratchFolder.remove(path) }

  /// Writes a file below the folder and returns its path.
  @discardableResult
  func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
    try write(name, Array(text.utf8), mode: mode)
  }

  @discardableResult
  func write(_ name: String, _ content: [UInt8], mode: UInt32 = 0o600) throws -> String {
    let file = "\(path)/\(name)"
    try Paths.makeFolders(Paths.parent(file))
    try FileContent.write(content, to: file)
    // Past the umask.
    #expect(chmod(file, mode) == 0)
    return file
  }

  private static func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      closedir(folder)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
