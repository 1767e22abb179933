internal import Digests

/// What one volume is to give, and what has become of it. For the thread that reads the volume.
///
/// In memory where it is no more than a volume can hold; where many files share chunks, read piece by piece.
struct VolumeNeeds {
  /// What has become of a need.
  enum State: UInt8 {
    case waiting
    case delivered
    case refused
    case mismatched
  }

  private let needs: SortedNeeds
  private let range: Range<Int>
  private let blockLength: Int
  /// The first digest of each block.
  private var fences: [SHA256Digest] = []
  private var block: (number: Int, needs: ArraySlice<ChunkNeed>) = (-1, [])
  private var states = PackedStates()

  private static let blockLimit = 512

  /// - Parameters:
  ///   - range: the volume's part of `needs`.
  ///   - inMemory: how many needs may be in memory at once.
  init(_ needs: SortedNeeds, _ range: Range<Int>, inMemory: Int) throws {
    self.needs = needs
    self.range = range
    blockLength = range.count <= inMemory ? max(range.count, 1) : min(Self.blockLimit, max(inMemory, 1))
    for first in stride(from: range.lowerBound, to: range.upperBound, by: blockLength) {
      if let need = try needs[first..<first + 1].first { fences.append(need.digest) }
    }
  }

  var count: Int { range.count }

  /// One of them, from 0.
  subscript(_ number: Int) -> ChunkNeed {
    mutating get throws {
      let loaded = try load(number / blockLength)
      return loaded[loaded.startIndex + number % blockLength]
    }
  }

  private mutating func load(_ number: Int) throws -> ArraySlice<ChunkNeed> {
    if block.number != number {
      let start = range.lowerBound + number * blockLength
      block = (number, try needs[start..<min(start + blockLength, range.upperBound)])
    }
    return block.needs
  }

  /// The needs of one chunk; empty where it is not needed.
  mutating func find(_ digest: SHA256Digest) throws -> Range<Int> {
    let first = try partition { $0 < digest }
    guard first < count, try self[first].digest == digest else { return first..<first }
    return first..<(try partition { $0 <= digest })
  }

  /// The first need whose digest is not before.
  private mutating func partition(_ isBefore: (SHA256Digest) -> Bool) throws -> Int {
    let number = Self.partition(fences.count) { isBefore(fences[$0]) } - 1
    guard number >= 0 else { return 0 }
    let loaded = try load(number)
    return number * blockLength + Self.partition(loaded.count) { isBefore(loaded[loaded.startIndex + $0].digest) }
  }

  private static func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func state(_ number: Int) -> State { State(rawValue: states[number]) ?? .waiting }

  mutating func set(_ number: Int, _ state: State) { states[number] = state.rawValue }

  /// Notes the files that did not get what they need.
  mutating func conclude(_ faults: ContentFaults) throws {
    for number in 0..<count {
      let fault: ContentFaults.Fault
      switch state(number) {
      case .delivered: continue
      case .waiting: fault = .missing
      case .refused: fault = .refused
      case .mismatched: fault = .mismatched
      }
      faults.add(fault, try self[number].entry)
    }
  }
}
