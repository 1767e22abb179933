internal import Archive
internal import Chunking
internal import Digests
internal import Files
internal import Index
internal import Repository

/// Reads files and cuts their content into chunks. Belongs to the thread that reads the sources.
final class SourceChunking {
  private let chunker: Chunker
  private let store: ChunkStore
  private let secrets: SecretGuard
  private let hash = SHA256()
  private let buffer: UnsafeMutableRawBufferPointer
  /// Called with the bytes read after each chunk; what it throws ends the run.
  private let progress: (Int) throws -> Void

  init(chunker: Chunker, store: ChunkStore, secrets: SecretGuard, progress: @escaping (Int) throws -> Void) {
    self.chunker = chunker
    self.store = store
    self.secrets = secrets
    self.progress = progress
    // Four of the longest chunks: what is left over is moved to the front only now and then.
    buffer = .allocate(byteCount: chunker.sizes.maximum * 4, alignment: 4096)
  }

  deinit { buffer.deallocate() }

  /// What was read of a file.
  struct Content {
    var chunks: [ChunkID] = []
    var size: UInt64 = 0
    var digest: SHA256Digest
  }

  /// Reads a file to its end, as long as that is now.
  /// - Parameter path: as in `Entry.path`.
  /// - Throws: `FileError` where it cannot be read; anything else ends the run.
  func read(_ file: SourceFile, _ path: [UInt8]) throws -> Content {
    secrets.begin(path)
    do {
      let content = try read(file)
      try secrets.finish()
      return content
    } catch let error as FileError {
      // What was read of it is in chunks already.
      try secrets.finish()
      throw error
    }
  }

  private func read(_ file: SourceFile) throws -> Content {
    var content = Content(digest: SHA256.digest([]))
    // The bytes that are read and not cut yet.
    var window = 0..<0
    var isAtEnd = false
    while true {
      if window.count < chunker.sizes.maximum, !isAtEnd {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[window])
        buffer.copyMemory(from: rest)
        window = 0..<window.count
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[window.upperBound...])
        let count = try file.read(at: content.size + UInt64(window.count), into: room)
        try secrets.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
        isAtEnd = count < room.count
        window = 0..<window.count + count
      }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[window])
      guard let length = chunker.cut(bytes, atEnd: isAtEnd) else { break }
      let chunk = UnsafeRawBufferPointer(rebasing: bytes[..<length])
      let (id, digest) = try store.put(chunk)
      // A file of one chunk has the chunk's digest: hashed once.
      if content.chunks.isEmpty, isAtEnd, length == window.count {
        content.digest = digest
      } else {
        hash.update(chunk)
      }
      content.chunks.append(id)
      content.size += UInt64(length)
      window = window.lowerBound + length..<window.upperBound
      try progress(length)
    }
    if content.chunks.count > 1 { content.digest = hash.finish() }
    return content
  }
}
