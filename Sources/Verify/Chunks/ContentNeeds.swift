internal import Archive
internal import Digests
internal import Repository

/// Which chunks a reading needs, of which volumes, and for what: 64 bytes for each chunk of each file, on disk where there
/// are many.
///
/// Filled by one thread and then sorted; afterwards any number of threads may read it.
final class ContentNeeds: @unchecked Sendable {
  // Changed by the thread that fills it alone, before others get to see it.
  private let volumes: [VolumeRecord]
  /// Ids of volumes and their index, by id.
  private let numbers: [(id: Int, number: UInt32)]
  private var sorter: NeedSorter?
  private let inMemory: Int
  private var sorted: SortedNeeds?
  private var count = 0
  /// By volume, where its part of `sorted` begins; last, where that of volumes begins that are not listed.
  private var starts: [Int] = []

  /// Chunks of all files together: some hundred terabytes, or as many small files. They take 16 GiB on disk while they
  /// are sorted, twice.
  private static let limit = 1 << 27

  /// - Parameter inMemory: how many needs are in memory at a time; more are on disk.
  init(_ volumes: [VolumeRecord], inMemory: Int) {
    self.volumes = volumes
    self.inMemory = inMemory
    sorter = NeedSorter(inMemory: inMemory)
    numbers = volumes.enumerated().map { ($1.id, UInt32($0)) }.sorted { $0.0 < $1.0 }
  }

  private func number(_ id: Int) -> UInt32? {
    var (low, high) = (0, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < numbers.count && numbers[low].id == id ? numbers[low].number : nil
  }

  /// - Parameters:
  ///   - offset: where the chunk's bytes belong in the file.
  ///   - entry: the file's place in the listing.
  ///   - record: the file's place in the table of entries, where there is one.
  /// - Throws: where a number is beyond what any snapshot has.
  func add(_ chunk: ChunkReference, at offset: UInt64, entry: UInt32, record: UInt64) throws {
    guard let length = UInt32(exactly: chunk.length) else {
      throw ManifestError("contents.tsv", "a chunk of \(chunk.length) bytes")
    }
    guard count < Self.limit else {
      throw ManifestError("contents.tsv", "more than \(Self.limit) chunks: back up in several sets")
    }
    count += 1
    try sorter?.add(
      ChunkNeed(
        digest: chunk.digest, offset: offset, record: record, entry: entry, length: length,
        volume: number(chunk.volume) ?? UInt32(volumes.count)))
  }

  /// To be called once after the last `add`.
  func sort() throws {
    var position = 0
    sorted = try sorter?.finish { [self] need in
      while starts.count <= need.volume { starts.append(position) }
      position += 1
    }
    while starts.count <= volumes.count { starts.append(position) }
    sorter = nil
  }

  /// The volumes that hold anything needed, in the manifest's order.
  var neededVolumes: [VolumeRecord] {
    volumes.enumerated().filter { number, _ in starts[number] < starts[number + 1] }.map(\.element)
  }

  /// What a volume is to give.
  func needs(of volume: VolumeRecord) throws -> VolumeNeeds {
    guard let number = number(volume.id) else { return try part(0..<0) }
    return try part(starts[Int(number)]..<starts[Int(number) + 1])
  }

  /// What no volume that is listed can give.
  func needsOfUnlistedVolumes() throws -> VolumeNeeds { try part(starts[volumes.count]..<count) }

  private func part(_ range: Range<Int>) throws -> VolumeNeeds {
    // A volume of 64 MiB holds an eighth of half a million chunks at most.
    try VolumeNeeds(sorted ?? SortedNeeds(), range, inMemory: inMemory / 8)
  }
}
