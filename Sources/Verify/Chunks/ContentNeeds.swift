internal import Archive
internal import Digests
internal import Repository

/// Which chunks a reading needs, of which volumes, and for what: 56 bytes for each chunk of each file.
///
/// Filled by one thread and then sorted; afterwards any number of threads may work on it, each on a volume of its own.
final class ContentNeeds: @unchecked Sendable {
  // Changed by the thread that fills it alone, before others get to see it; `states` by the thread that has the volume.
  struct Need {
    var digest: SHA256Digest
    /// Where the chunk's bytes belong in the file.
    var offset: UInt64
    var file: UInt32
    var length: UInt32
    /// Index into `volumes`; `unknownVolume` where the manifest does not list it.
    var volume: UInt32
  }

  /// What has become of a need.
  enum State: UInt8 {
    case waiting
    case delivered
    /// The chunk is there with other bytes or another length.
    case mismatched
    /// The system refused to make or write the file: told already.
    case refused
  }

  private static let unknownVolume = UInt32.max

  private let volumes: [VolumeRecord]
  private let volumeNumbers: [Int: UInt32]
  private(set) var needs: [Need] = []
  private var states: UnsafeMutableBufferPointer<UInt8>
  /// By volume, its part of `needs`.
  private var ranges: [Range<Int>] = []

  /// - Parameter expected: how many files there may be.
  init(_ volumes: [VolumeRecord], expected: Int) {
    self.volumes = volumes
    volumeNumbers = Dictionary(
      volumes.enumerated().map { ($1.id, UInt32($0)) }, uniquingKeysWith: { first, _ in first })
    needs.reserveCapacity(min(max(expected, 0), 1 << 22))
    states = UnsafeMutableBufferPointer(start: nil, count: 0)
  }

  deinit { states.deallocate() }

  /// - Throws: where a number is beyond what any snapshot has.
  func add(_ chunks: [ChunkReference], of file: Int) throws {
    guard let file = UInt32(exactly: file) else { throw ManifestError("contents.tsv", "too many files") }
    var offset: UInt64 = 0
    for chunk in chunks {
      guard let length = UInt32(exactly: chunk.length) else {
        throw ManifestError("contents.tsv", "a chunk of \(chunk.length) bytes")
      }
      needs.append(
        Need(
          digest: chunk.digest, offset: offset, file: file, length: length,
          volume: volumeNumbers[chunk.volume] ?? Self.unknownVolume))
      offset += UInt64(length)
    }
  }

  /// To be called once after the last `add`.
  func sort() {
    needs.sort { $0.volume != $1.volume ? $0.volume < $1.volume : $0.digest < $1.digest }
    states = .allocate(capacity: needs.count)
    states.initialize(repeating: State.waiting.rawValue)
    var start = 0
    for number in volumes.indices {
      var end = start
      while end < needs.count, needs[end].volume == UInt32(number) { end += 1 }
      ranges.append(start..<end)
      start = end
    }
  }

  /// The volumes that hold anything needed, in the manifest's order.
  var neededVolumes: [VolumeRecord] { zip(volumes, ranges).filter { !$1.isEmpty }.map(\.0) }

  /// The part of `needs` that a volume is to give.
  func range(of volume: VolumeRecord) -> Range<Int> { volumeNumbers[volume.id].map { ranges[Int($0)] } ?? 0..<0 }

  /// Where a chunk's needs are in a volume's part; empty where it is not needed.
  func find(_ digest: SHA256Digest, in range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if needs[middle].digest < digest { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < range.upperBound, needs[end].digest == digest { end += 1 }
    return low..<end
  }

  func state(_ need: Int) -> State { State(rawValue: states[need]) ?? .waiting }

  func set(_ need: Int, _ state: State) { states[need] = state.rawValue }

  /// The files whose content is not complete: by number, the worst that happened to a chunk of theirs.
  func failures() -> [UInt32: State] {
    var failures: [UInt32: State] = [:]
    for (number, need) in needs.enumerated() {
      switch state(number) {
      case .delivered: continue
      case .waiting: failures[need.file] = failures[need.file] ?? .waiting
      case .mismatched: failures[need.file] = .mismatched
      case .refused: if failures[need.file] != .mismatched { failures[need.file] = .refused }
      }
    }
    return failures
  }
}
