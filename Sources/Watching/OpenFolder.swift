internal import Glibc

/// A directory that is looked into.
final class OpenFolder {
  let descriptor: Int32
  let device: UInt64
  private let stream: OpaquePointer

  /// - Returns: nil where it is no directory (a link to one is none) or cannot be read; `errno` tells.
  init?(_ path: [UInt8]) {
    let file = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) } ?? -1
      }
    }
    guard file >= 0 else { return nil }
    var status = stat()
    guard fstat(file, &status) == 0, let stream = fdopendir(file) else {
      let number = errno
      close(file)
      errno = number
      return nil
    }
    descriptor = file
    device = UInt64(status.st_dev)
    self.stream = stream
  }

  deinit { closedir(stream) }

  /// The names of the directories in it. What cannot be read of it is missing here.
  func folders() -> [[UInt8]] {
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let type = entry.pointee.d_type
      guard type == UInt8(DT_DIR) || type == UInt8(DT_UNKNOWN) else { continue }
      withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        guard let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        let name = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { return }
        if type == UInt8(DT_UNKNOWN), !isFolder(text) { return }
        names.append(name)
      }
    }
    return names
  }

  private func isFolder(_ name: UnsafePointer<CChar>) -> Bool {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
