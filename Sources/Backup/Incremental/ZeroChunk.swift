internal import Archive
internal import Chunking
internal import Digests

/// The chunk that nothing but zeros is cut into, again and again.
final class ZeroChunk {
  let content: UnsafeRawBufferPointer
  let digest: SHA256Digest

  init(_ chunker: Chunker) {
    let longest = UnsafeMutableRawBufferPointer.allocate(byteCount: chunker.sizes.maximum, alignment: 4096)
    longest.initializeMemory(as: UInt8.self, repeating: 0)
    let zeros = UnsafeRawBufferPointer(longest)
    // Of the longest there may be, the length is always certain.
    let length = chunker.cut(zeros, atEnd: false) ?? zeros.count
    content = UnsafeRawBufferPointer(rebasing: zeros[..<length])
    digest = SHA256.digest(content)
  }

  deinit { content.deallocate() }
}

/// Where a file's holes are, asked for from its beginning on.
struct Holes {
  private let extents: [Extent]
  private let size: UInt64
  private var next = 0

  /// - Parameter extents: what holds data, in order.
  init(around extents: [Extent], size: UInt64) {
    self.extents = extents
    self.size = size
  }

  /// - Parameter offset: never less than the last time.
  /// - Returns: where the hole ends that the offset lies in; nil where there is data, and behind the file's end.
  mutating func end(at offset: UInt64) -> UInt64? {
    while next < extents.count, extents[next].offset + extents[next].length <= offset { next += 1 }
    guard next < extents.count else { return offset < size ? size : nil }
    return offset < extents[next].offset ? extents[next].offset : nil
  }
}
