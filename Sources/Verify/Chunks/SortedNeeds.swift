internal import Digests
internal import Files

/// A chunk that is needed, and where its bytes belong.
struct ChunkNeed {
  var digest: SHA256Digest
  /// In the file.
  var offset: UInt64
  /// The file's place in the table of entries, where there is one.
  var record: UInt64
  /// The file's place in the listing.
  var entry: UInt32
  var length: UInt32
  /// Index into the manifest's volumes.
  var volume: UInt32

  /// In the order of volumes, and by digest within one.
  static func < (one: Self, other: Self) -> Bool {
    one.volume != other.volume ? one.volume < other.volume : one.digest < other.digest
  }
}

/// Sorts needs: in memory up to some hundred thousand, else in runs on disk that are merged.
final class NeedSorter {
  private var run: [ChunkNeed] = []
  private var runs: [Range<UInt64>] = []
  private let spool = Spool(memoryLimit: 0)

  private let runLength: Int
  /// Needs of each run in memory while they are merged.
  private static let readAhead = 512
  static let stride = UInt64(MemoryLayout<ChunkNeed>.stride)

  /// - Parameter inMemory: needs in memory at a time.
  init(inMemory: Int) { runLength = max(inMemory, 1) }

  func add(_ need: ChunkNeed) throws {
    run.append(need)
    if run.count == runLength { try write() }
  }

  private func write() throws {
    run.sort(by: <)
    let start = spool.count
    try run.withUnsafeBytes { try spool.append($0) }
    runs.append(start..<spool.count)
    run.removeAll(keepingCapacity: true)
  }

  /// All of them in order; to be called once.
  /// - Parameter body: called for each in order.
  func finish(_ body: (ChunkNeed) -> Void) throws -> SortedNeeds {
    if runs.isEmpty {
      run.sort(by: <)
      run.forEach(body)
      return SortedNeeds(memory: run, spool: nil, count: run.count)
    }
    if !run.isEmpty { try write() }
    run = []
    let sorted = Spool(memoryLimit: 0)
    var heads = try runs.map { try Head(spool, $0) }
    for index in Swift.stride(from: heads.count / 2 - 1, through: 0, by: -1) { heads.sink(index) }
    var batch: [ChunkNeed] = []
    while let need = heads.first?.need {
      body(need)
      batch.append(need)
      if batch.count == Self.readAhead {
        try batch.withUnsafeBytes { try sorted.append($0) }
        batch.removeAll(keepingCapacity: true)
      }
      if try heads[0].advance() == false {
        heads.swapAt(0, heads.count - 1)
        heads.removeLast()
      }
      heads.sink(0)
    }
    try batch.withUnsafeBytes { try sorted.append($0) }
    return SortedNeeds(memory: [], spool: sorted, count: Int(sorted.count / Self.stride))
  }

  /// The rest of a run.
  struct Head {
    private let spool: Spool
    private var rest: Range<UInt64>
    private var ahead: ArraySlice<ChunkNeed> = []

    /// - Parameter run: not empty.
    init(_ spool: Spool, _ run: Range<UInt64>) throws {
      self.spool = spool
      rest = run
      try fill()
    }

    var need: ChunkNeed? { ahead.first }

    private mutating func fill() throws {
      let count = min(UInt64(NeedSorter.readAhead), UInt64(rest.count) / NeedSorter.stride)
      ahead = try spool.needs(at: rest.lowerBound, count: Int(count))[...]
      rest = rest.lowerBound + count * NeedSorter.stride..<rest.upperBound
    }

    /// - Returns: false at the run's end.
    mutating func advance() throws -> Bool {
      ahead.removeFirst()
      if ahead.isEmpty, !rest.isEmpty { try fill() }
      return !ahead.isEmpty
    }
  }
}

extension [NeedSorter.Head] {
  /// Restores the order of a heap whose element at `index` became larger.
  fileprivate mutating func sink(_ index: Int) {
    var parent = index
    while true {
      var least = parent
      for child in 2 * parent + 1...2 * parent + 2 where child < count {
        if let one = self[child].need, let other = self[least].need, one < other { least = child }
      }
      guard least != parent else { return }
      swapAt(parent, least)
      parent = least
    }
  }
}

extension Spool {
  /// Needs that stand there as they were in memory.
  fileprivate func needs(at offset: UInt64, count: Int) throws(FileError) -> [ChunkNeed] {
    var failure: FileError?
    let needs = [ChunkNeed](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        let length = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        filled = length / MemoryLayout<ChunkNeed>.stride
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return needs
  }
}

/// Needs in order, in memory or on disk. Any thread may read it.
struct SortedNeeds: Sendable {
  fileprivate let memory: [ChunkNeed]
  fileprivate let spool: Spool?
  let count: Int

  /// None.
  init() { self.init(memory: [], spool: nil, count: 0) }

  fileprivate init(memory: [ChunkNeed], spool: Spool?, count: Int) {
    (self.memory, self.spool, self.count) = (memory, spool, count)
  }

  subscript(_ range: Range<Int>) -> ArraySlice<ChunkNeed> {
    get throws {
      guard let spool else { return memory[range] }
      return try spool.needs(at: UInt64(range.lowerBound) * NeedSorter.stride, count: range.count)[...]
    }
  }
}
