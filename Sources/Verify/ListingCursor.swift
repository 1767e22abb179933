internal import Archive
internal import Channels
internal import Repository

/// A manifest's entries one by one, unpacked on a thread of its own a little ahead of the reader.
final class ListingCursor {
  /// An entry and, in mode `incremental`, the chunks of its content.
  typealias Listed = (entry: Entry, chunks: [ChunkReference])

  private let channel = Channel<[Listed]>(limit: 4)
  private let thread: DedicatedThread
  private var batch: ArraySlice<Listed> = []
  /// The index of the entry that `next()` gives, from 0.
  private(set) var index = 0

  private static let batchSize = 512

  init(_ manifest: Manifest) {
    let channel = channel
    thread = DedicatedThread {
      do {
        var batch: [Listed] = []
        try manifest.forEachEntry { entry, chunks in
          batch.append((entry, chunks))
          if batch.count == Self.batchSize {
            try channel.send(batch)
            batch.removeAll(keepingCapacity: true)
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

  /// The same with the chunks of its content.
  func nextListed() throws -> Listed? {
    while batch.isEmpty {
      guard let more = try channel.receive() else { return nil }
      batch = more[...]
    }
    index += 1
    return batch.removeFirst()
  }

  /// Ends the thread; to be called in any case.
  func stop() {
    channel.fail(VerifyError(.cancelled, "stopped"))
    thread.join()
  }
}
