internal import Archive
internal import Digests
internal import Files
internal import Glibc
internal import Processes
internal import Repository

/// One digest of the names and contents of all files of a tree, that anybody can compute in a restored tree with standard
/// tools:
///
///     find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum -z | sha256sum
///
/// Made from the listing, which a restored tree was just compared with. Sorted by sort(1), so that memory does not grow
/// with the number of files.
struct ContentDigest {
  static let command = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum -z | sha256sum"

  /// Bytes of a line before its path: 64 digits and two spaces.
  private static let pathOffset = 66
  private static let bufferSize = 1 << 16
  /// sort(1)'s memory; beyond that it sorts on disk.
  private static let memory = "64M"

  /// - Parameter folder: an existing one, for a list of all files that goes again.
  /// - Throws: where the list cannot be written or sorted, and where the listing is malformed.
  static func of(_ manifest: Manifest, in folder: String, isCancelled: () -> Bool) throws -> SHA256Digest {
    let path = "\(folder)/redoubt-\(manifest.snapshot)-\(UInt32.random(in: .min ... .max)).list"
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileError("create", path, .current) }
    defer {
      close(file)
      unlink(path)
    }
    var buffer: [UInt8] = []
    buffer.reserveCapacity(bufferSize + 8192)
    try manifest.forEachEntry { entry in
      guard let digest = entry.digest else { return }
      buffer.append(contentsOf: "\(digest.hex)  ./".utf8)
      buffer.append(contentsOf: entry.path)
      buffer.append(0)
      guard buffer.count >= bufferSize else { return }
      try FileContent.writeAll(buffer, to: file, path: path)
      buffer.removeAll(keepingCapacity: true)
    }
    try FileContent.writeAll(buffer, to: file, path: path)
    let program = Program(
      ["sort", "-z", "-s", "-S", memory, "-k", "1.\(pathOffset + 1)", path],
      variables: ["LC_ALL": "C", "TMPDIR": folder])
    let hash = SHA256()
    let outcome = try program.stream(isCancelled: isCancelled) { hash.update($0) }
    let digest = hash.finish()
    if outcome.ending == .cancelled { throw VerifyError(.cancelled, "stopped by a signal") }
    guard outcome.succeeded else {
      throw VerifyError(.target, "cannot sort the list of files: sort \(outcome.description): \(outcome.lastComplaint)")
    }
    return digest
  }
}
