internal import Chunking
internal import Index
internal import Repository

/// Cuts a manifest's long listing into small chunks and stores them like any other content, so that a night in which
/// little changed sends little of it.
final class ListingChunks {
  private let chunker: Chunker
  private let store: ChunkStore
  private var buffers: [String: [UInt8]] = [:]
  private(set) var chunks: [(member: String, id: ChunkID)] = []

  init(key: [UInt8], store: ChunkStore) throws {
    chunker = Chunker(sizes: .listing, key: key)
    self.store = store
  }

  func append(_ member: String, _ bytes: [UInt8]) throws {
    buffers[member, default: []] += bytes
    try cut(member, atEnd: false)
  }

  func finish() throws {
    for member in buffers.keys.sorted() { try cut(member, atEnd: true) }
  }

  private func cut(_ member: String, atEnd: Bool) throws {
    guard let buffer = buffers[member] else { return }
    var start = 0
    while atEnd ? start < buffer.count : buffer.count - start >= chunker.sizes.maximum {
      start += try buffer.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        let length = chunker.cut(rest, atEnd: atEnd) ?? rest.count
        chunks.append((member, try store.put(UnsafeRawBufferPointer(rebasing: rest[..<length])).id))
        return length
      }
    }
    buffers[member] = Array(buffer[start...])
  }
}
