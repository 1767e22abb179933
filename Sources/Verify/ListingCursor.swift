internal import Archive
internal import Channels
internal import Repository

/// A manifest's entries one by one, unpacked on a thread of its own a little ahead of the reader.
final class ListingCursor {
  /// An entry and, in mode `incremental`, the first chunks of its content.
  typealias Listed = (entry: Entry, chunks: [ChunkReference])

  private let channel = Channel<[Manifest.Listed]>(limit: 4)
  private let thread: DedicatedThread
  private var batch: ArraySlice<Manifest.Listed> = []
  /// The index of the entry that `next()` gives, from 0.
  private(set) var index = 0

  /// What a batch holds at most: entries and chunks, and about so many bytes: a name may be long.
  private static let batchSize = 512
  private static let batchBytes = 512 << 10

  init(_ manifest: Manifest) {
    let channel = channel
    thread = DedicatedThread {
      do {
        var batch: [Manifest.Listed] = []
        var bytes = 0
        try manifest.forEachListed { listed in
          batch.append(listed)
          bytes += listed.weight
          if batch.count == Self.batchSize || bytes >= Self.batchBytes {
            try channel.send(batch)
            batch.removeAll(keepingCapacity: true)
            bytes = 0
          }
        }
        try channel.send(batch)
        channel.finish()
      } catch {
        channel.fail(error)
      }
    }
  }

  /// - Returns: nil after the last entry.
  /// - Throws: `ManifestError` where the listing is malformed.
  func next() throws -> Entry? { try nextListed()?.entry }

  /// The same with the first chunks of its content; `nextChunks` gives the rest, or passes over it.
  func nextListed() throws -> Listed? {
    while try nextChunks() != nil {}
    guard case .entry(let entry, let chunks) = batch.popFirst() else { return nil }
    index += 1
    return (entry, chunks)
  }

  /// More chunks of the last entry; nil after its last one.
  func nextChunks() throws -> [ChunkReference]? {
    while batch.isEmpty {
      guard let more = try channel.receive() else { return nil }
      batch = more[...]
    }
    guard case .more(let chunks) = batch.first else { return nil }
    batch.removeFirst()
    return chunks
  }

  /// Ends the thread; to be called in any case.
  func stop() {
    channel.fail(VerifyError(.cancelled, "stopped"))
    thread.join()
  }
}

extension Manifest.Listed {
  /// About how many bytes of memory it takes beyond the least.
  fileprivate var weight: Int {
    switch self {
    case .entry(let entry, let chunks):
      var weight = entry.path.count + chunks.weight
      for attribute in entry.attributes { weight += attribute.name.count + attribute.value.count }
      switch entry.kind {
      case .hardLink(let target), .symbolicLink(let target): weight += target.count
      default: break
      }
      return weight
    case .more(let chunks): return chunks.weight
    }
  }
}

extension [ChunkReference] {
  fileprivate var weight: Int { count * MemoryLayout<Element>.stride }
}
