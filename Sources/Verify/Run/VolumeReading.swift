internal import Archive
internal import Channels
internal import Digests
internal import Repository

/// Which chunks the volumes hold that were read: eight bytes for each, so that the listing of every snapshot that needs a
/// volume can be held to it though it is fetched once. Any thread may add to it.
final class ChunkInventory: Sendable {
  private let monitor = Monitor()
  // Guarded by `monitor`: by the volume's name, sorted.
  private nonisolated(unsafe) var chunks: [String: [UInt64]] = [:]

  static func mark(_ digest: SHA256Digest, length: Int) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(digest)
    hasher.combine(length)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  func set(_ volume: String, _ marks: [UInt64]) {
    let sorted = marks.sorted()
    monitor.locked { chunks[volume] = sorted }
  }

  /// The marks of a volume; nil where it was not read.
  func marks(_ volume: String) -> [UInt64]? { monitor.locked { chunks[volume] } }
}

/// Reads volumes by themselves, each once, on several threads: proves the stored bytes, the decrypted bytes and, in mode
/// `incremental`, that each chunk has the SHA-256 that is its name.
struct VolumeReading {
  let manifest: Manifest
  let source: ContentReading.Source
  let level: VerificationLevel
  let inventory: ChunkInventory

  /// - Parameter take: called for each volume in order, on the caller's thread, with what is wrong with it; returns whether
  ///   to go on.
  /// - Throws: where a volume could not be checked.
  func read(_ volumes: [VolumeRecord], _ take: (VolumeRecord, Finding?) throws(VerifyError) -> Bool) throws {
    let layout = Layout(host: manifest.description.host)
    let holdsChunks = manifest.isIncremental && level >= .readable
    let fetching = OrderedVolumes(volumes, workers: source.workers) { [source, level, inventory] in
      let fetcher = try VolumeFetcher(readers: source.readers, layout: layout, decryptor: source.decryptor)
      let hash = SHA256()
      return { volume in
        let outcome = try fetcher.fetch(volume, level: level)
        guard holdsChunks, case .sound(let tar) = outcome else { return outcome }
        return Self.prove(tar, of: volume, hash, inventory).map { .damaged($0) } ?? .sound([])
      }
    }
    defer { fetching.stop() }
    while let (volume, outcome) = try fetching.next() {
      var finding: Finding?
      if case .damaged(let damage) = outcome { finding = damage }
      guard try take(volume, finding) else { return }
    }
  }

  /// - Returns: what is wrong with a volume's chunks.
  private static func prove(
    _ tar: [UInt8], of volume: VolumeRecord, _ hash: SHA256, _ inventory: ChunkInventory
  ) -> Finding? {
    var marks: [UInt64] = []
    var piece: [UInt8]? = tar
    let archive = TarReader {
      defer { piece = nil }
      return piece
    }
    do {
      while let member = try archive.next() {
        guard member.kind == .file, member.dataExtents == nil, let digest = ChunkReference.digest(ofMember: member.path)
        else { return Finding(.entryUnexpected, volume.name, "holds \(member.path.displayPath), which is no chunk") }
        let bytes = try archive.readData()?.bytes ?? []
        bytes.withUnsafeBytes { hash.update($0) }
        guard hash.finish() == digest, UInt64(bytes.count) == member.size else {
          return Finding(.contentMismatch, volume.name, "the chunk \(digest) does not have the SHA-256 of its name")
        }
        marks.append(ChunkInventory.mark(digest, length: bytes.count))
      }
    } catch {
      return Finding(.malformed, volume.name, "\(error)")
    }
    inventory.set(volume.name, marks)
    return nil
  }
}

/// Holds the listing of an incremental snapshot to the volumes that were read.
struct ListingProof {
  let manifest: Manifest
  let inventory: ChunkInventory

  /// What the listing names and the volumes do not hold. Nothing is said of volumes that were not read.
  /// - Throws: `ManifestError` where the listing contradicts the format.
  func findings() throws -> [Finding] {
    guard manifest.isIncremental else { return [] }
    var marks: [Int: [UInt64]] = [:]
    var known: Set<Int> = []
    for volume in manifest.volumes {
      known.insert(volume.id)
      marks[volume.id] = inventory.marks(volume.name)
    }
    var findings: [Finding] = []
    let listing = ListingCursor(manifest)
    defer { listing.stop() }
    while let (entry, first) = try listing.nextListed() {
      var stretch: [ChunkReference]? = first
      var problem: String?
      while let chunks = stretch, problem == nil {
        for chunk in chunks where problem == nil {
          if !known.contains(chunk.volume) {
            problem = "needs volume \(chunk.volume), which is not listed"
          } else if let held = marks[chunk.volume],
            !held.holds(ChunkInventory.mark(chunk.digest, length: chunk.length))
          {
            problem = "volume \(chunk.volume) does not hold all of its content"
          }
        }
        stretch = try listing.nextChunks()
      }
      guard let problem else { continue }
      // Each says the same of another file; so many tell enough.
      guard findings.count < Self.findingLimit else { break }
      findings.append(Finding(.entryMissing, entry.path.displayPath, problem))
    }
    return findings
  }

  private static let findingLimit = 10_000
}

extension [UInt64] {
  /// Whether a sorted array has an element.
  fileprivate func holds(_ value: UInt64) -> Bool {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == value
  }
}
