internal import Archive
internal import Channels
internal import Compression
internal import Digests
internal import Files
internal import Repository

/// Fetches the listing of a manifest that stores it as chunks.
///
/// The chunks wait compressed until they are put together, on disk where they are many. A node stores the listing
/// after all content, in volumes of its own: what is fetched here is not fetched again for the files.
final class ListingFetch: Sendable {
  private struct Key: Hashable {
    var volume: Int
    var digest: SHA256Digest
  }

  private let manifest: Manifest
  private let source: ContentReading.Source
  private let lengths: [Key: Int]
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var places: [Key: Range<UInt64>] = [:]
  /// The chunks as frames; filled under `monitor`, read when all have come.
  private let frames = Spool()

  init(_ manifest: Manifest, from source: ContentReading.Source) {
    self.manifest = manifest
    self.source = source
    var lengths: [Key: Int] = [:]
    for chunk in manifest.listing.values.joined() {
      let key = Key(volume: chunk.volume, digest: chunk.digest)
      lengths[key] = chunk.length
    }
    self.lengths = lengths
  }

  /// The volumes that hold the listing.
  var volumes: [VolumeRecord] {
    let numbers = Set(lengths.keys.map(\.volume))
    return manifest.volumes.filter { numbers.contains($0.id) }
  }

  enum Outcome {
    case complete(Manifest)
    case damaged(Finding)
  }

  /// - Throws: `VerifyError` where a volume could not be checked, `ManifestError` where what was put together is no listing.
  func complete() throws -> Outcome {
    if manifest.listing.isEmpty { return .complete(manifest) }
    let layout = Layout(host: manifest.description.host)
    let fetching = OrderedVolumes(volumes, workers: source.workers) { [self] in
      let fetcher = try VolumeFetcher(readers: source.readers, layout: layout, decryptor: source.decryptor)
      let compressor = try Compressor(level: 1)
      return { volume in
        let outcome = try fetcher.fetch(volume, level: .readable)
        guard case .sound(let tar) = outcome else { return outcome }
        return try self.take(volume, tar, compressor).map { .damaged($0) } ?? .sound([])
      }
    }
    defer { fetching.stop() }
    while let (_, outcome) = try fetching.next() {
      if case .damaged(let finding) = outcome { return .damaged(finding) }
    }
    let decompressor = try Decompressor()
    let completed = try manifest.completed { [self] chunk in
      guard let place = place(Key(volume: chunk.volume, digest: chunk.digest)) else {
        throw ManifestError("listing.tsv", "volume \(chunk.volume) does not hold the chunk \(chunk.digest)")
      }
      let frame = try frames.read(at: place.lowerBound, length: place.count)
      let bytes = try decompressor.decompress(frame, maximumLength: chunk.length)
      guard bytes.count == chunk.length else {
        throw ManifestError("listing.tsv", "the chunk \(chunk.digest) holds \(bytes.count) bytes")
      }
      return bytes
    }
    return .complete(completed)
  }

  /// Keeps a volume's chunks of the listing.
  /// - Returns: what is wrong with them.
  private func take(_ volume: VolumeRecord, _ tar: [UInt8], _ compressor: Compressor) throws -> Finding? {
    var piece: [UInt8]? = tar
    let archive = TarReader {
      defer { piece = nil }
      return piece
    }
    do {
      while let member = try archive.next() {
        guard member.kind == .file, let digest = ChunkReference.digest(ofMember: member.path),
          let length = lengths[Key(volume: volume.id, digest: digest)]
        else { continue }
        let bytes = Array(try archive.readData()?.bytes ?? [])
        guard bytes.count == length, SHA256.digest(bytes) == digest else {
          return Finding(
            .wrongDigest, volume.name, "a chunk of the listing does not have its recorded SHA-256 and length")
        }
        let frame = try compressor.compress(bytes)
        try monitor.locked {
          let start = frames.count
          try frames.append(frame)
          places[Key(volume: volume.id, digest: digest)] = start..<frames.count
        }
      }
    } catch let error as ArchiveError {
      return Finding(.malformed, volume.name, "\(error)")
    }
    return nil
  }

  private func place(_ key: Key) -> Range<UInt64>? { monitor.locked { places[key] } }
}
