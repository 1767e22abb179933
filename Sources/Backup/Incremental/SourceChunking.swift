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
  /// The chunk that a hole is cut into.
  private lazy var zeroChunk = ZeroChunk(chunker)
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
    var reading = begin()
    var holes = file.dataExtents().map { Holes(around: $0, size: file.opened.size) }
    while !reading.isAtEnd {
      if let end = holes?.end(at: reading.content.size) { try cutHole(&reading, until: end) }
      let room = makeRoom(&reading)
      let count = try file.read(at: reading.end, into: room)
      try secrets.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
      reading.take(count, isAtEnd: count < room.count)
      try cut(&reading)
    }
    return finish(reading)
  }

  /// Takes content as it comes.
  /// - Parameters:
  ///   - path: as in `Entry.path`.
  ///   - produce: calls what it is given with the content's pieces, one after the other.
  func read(
    _ path: [UInt8], _ produce: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws -> Content {
    secrets.begin(path)
    var reading = begin()
    try produce { piece in
      try secrets.take(piece)
      var rest = piece[...]
      while !rest.isEmpty {
        let room = makeRoom(&reading)
        let count = min(room.count, rest.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        rest = rest.dropFirst(count)
        reading.take(count, isAtEnd: false)
        // As with a file: not before the buffer is full.
        if count == room.count { try cut(&reading) }
      }
    }
    try secrets.finish()
    reading.take(0, isAtEnd: true)
    try cut(&reading)
    return finish(reading)
  }

  // MARK: Cutting

  /// How far a file is.
  private struct Reading {
    var content = Content(digest: SHA256.digest([]))
    /// The bytes of the buffer that are read and not cut yet.
    var window = 0..<0
    var isAtEnd = false
    /// The bytes read, cut or not.
    var end: UInt64 { content.size + UInt64(window.count) }

    mutating func take(_ count: Int, isAtEnd: Bool) {
      window = window.lowerBound..<window.upperBound + count
      self.isAtEnd = isAtEnd
    }
  }

  private func begin() -> Reading {
    // What a file that could not be read to its end has left.
    _ = hash.finish()
    return Reading()
  }

  /// Moves what is left to the buffer's front.
  /// - Returns: what is free behind it; never nothing once `cut` has been called on a full buffer.
  private func makeRoom(_ reading: inout Reading) -> UnsafeMutableRawBufferPointer {
    if reading.window.lowerBound > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[reading.window]))
      reading.window = 0..<reading.window.count
    }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[reading.window.upperBound...])
  }

  /// Stores chunks while their length is certain.
  private func cut(_ reading: inout Reading) throws {
    while reading.isAtEnd || reading.window.count >= chunker.sizes.maximum {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[reading.window])
      guard let length = chunker.cut(bytes, atEnd: reading.isAtEnd) else { break }
      let chunk = UnsafeRawBufferPointer(rebasing: bytes[..<length])
      let (id, digest) = try store.put(chunk)
      // A file of one chunk has the chunk's digest: hashed once.
      if reading.content.chunks.isEmpty, reading.isAtEnd, length == bytes.count {
        reading.content.digest = digest
      } else {
        hash.update(chunk)
      }
      reading.content.chunks.append(id)
      reading.content.size += UInt64(length)
      reading.window = reading.window.lowerBound + length..<reading.window.upperBound
      try progress(length)
    }
  }

  /// Stores the chunks of a hole without reading it, while their length is certain: the same that reading it would give.
  /// - Parameter end: where the hole ends; what is next of the file lies in it.
  private func cutHole(_ reading: inout Reading, until end: UInt64) throws {
    while reading.content.size + UInt64(chunker.sizes.maximum) <= end {
      let zeros = zeroChunk.content
      let (id, digest) = try store.put(zeros, digest: zeroChunk.digest)
      if reading.content.chunks.isEmpty { reading.content.digest = digest }
      hash.update(zeros)
      reading.content.chunks.append(id)
      reading.content.size += UInt64(zeros.count)
      let read = min(zeros.count, reading.window.count)
      reading.window = reading.window.lowerBound + read..<reading.window.upperBound
      secrets.skip(UInt64(zeros.count - read))
      try progress(zeros.count)
    }
  }

  private func finish(_ reading: Reading) -> Content {
    var content = reading.content
    if content.chunks.count > 1 { content.digest = hash.finish() }
    return content
  }
}
