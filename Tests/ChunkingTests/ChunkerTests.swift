internal import Chunking
internal import Digests
internal import Testing

struct ChunkerTests {
  /// The table that the authors' code and fastcdc-rs use: of each byte repeated 64 times, the MD5 digest's first half.
  private static let publishedGear: [UInt64] = (0..<256).map { byte in
    md5([UInt8](repeating: UInt8(byte), count: 64)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static let key = [UInt8](0..<32)

  private static func chunker(_ sizes: (Int, Int, Int), key: [UInt8] = key) throws -> Chunker {
    Chunker(sizes: try ChunkSizes(minimum: sizes.0, average: sizes.1, maximum: sizes.2), key: key)
  }

  private static func published(_ sizes: (Int, Int, Int)) throws -> Chunker {
    let table = try #require(GearTable(publishedGear))
    return Chunker(sizes: try ChunkSizes(minimum: sizes.0, average: sizes.1, maximum: sizes.2), table: table)
  }

  private static func lengths(_ chunker: Chunker, _ data: [UInt8]) -> [Int] {
    data.withUnsafeBytes { bytes in
      var lengths: [Int] = []
      var position = 0
      while let length = chunker.cut(UnsafeRawBufferPointer(rebasing: bytes[position...]), atEnd: true) {
        lengths.append(length)
        position += length
      }
      return lengths
    }
  }

  private static func chunks(_ chunker: Chunker, _ data: [UInt8]) -> [SHA256Digest] {
    var position = 0
    return lengths(chunker, data).map { length in
      defer { position += length }
      return SHA256.digest(Array(data[position..<position + length]))
    }
  }

  /// Random bytes that are the same in every run (SplitMix64).
  private static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      return UInt8(truncatingIfNeeded: z >> 56)
    }
  }

  /// Text lines, runs of zeros, repeated blocks.
  private static func structured(_ count: Int) -> [UInt8] {
    let block = noise(777, seed: 5)
    var data: [UInt8] = []
    var line = 0
    while data.count < count {
      line += 1
      data += Array("line \(line) of a log, value=\(line &* 7919 % 1000)\n".utf8)
      if line % 50 == 0 { data += [UInt8](repeating: 0, count: 3000) }
      if line % 30 == 0 { data += block }
    }
    return Array(data.prefix(count))
  }

  // What others publish.

  @Test func thePublishedTableIsTheSame() {
    // The first and last numbers in fastcdc-rs, src/v2020/mod.rs, GEAR.
    #expect(Self.publishedGear[0] == 0x3b5d_3c7d_207e_37dc)
    #expect(Self.publishedGear[1] == 0x784d_68ba_9112_3086)
    #expect(Self.publishedGear[255] == 0xaabd_2b2a_4515_04e1)
  }

  /// The vector `test_cut_all_zeros` of fastcdc-rs: chunks of 1024 bytes, whose hash is the given number.
  @Test func thePublishedVectorOfZeros() throws {
    let zeros = [UInt8](repeating: 0, count: 10_240)
    let reference = ReferenceChunker(64, 256, 1024, Self.publishedGear, level: 1)
    #expect(reference.cut(zeros[...]) == (1024, 14_169_102_344_523_991_076))
    let chunker = try Self.published((64, 256, 1024))
    #expect(Self.lengths(chunker, zeros) == Array(repeating: 1024, count: 10))
  }

  // Against the pseudocode.

  @Test(arguments: [(64, 256, 1024), (100, 1024, 3001), (512, 2048, 8192), (1023, 4096, 20_000)])
  func cutsAreThoseOfThePaper(_ minimum: Int, _ average: Int, _ maximum: Int) throws {
    let sizes = (minimum, average, maximum)
    let chunker = try Self.published(sizes)
    let reference = ReferenceChunker(minimum, average, maximum, Self.publishedGear)
    let zeros = [UInt8](repeating: 0, count: 70_000)
    for data in [Self.noise(200_001), Self.structured(200_002), zeros, Self.noise(1), Self.noise(minimum), []] {
      #expect(Self.lengths(chunker, data) == reference.lengths(data))
    }
    // Every length around the bounds, where loops begin and end.
    let data = Self.noise(maximum + 3, seed: 9)
    for count in [minimum - 1, minimum, minimum + 1, average - 1, average, average + 1, maximum - 1, maximum] {
      #expect(Self.lengths(chunker, Array(data.prefix(count))) == reference.lengths(Array(data.prefix(count))))
    }
  }

  @Test(arguments: (8...22).map { 1 << $0 })
  func everyAverageHasMasksOfItsOwn(_ average: Int) throws {
    // Chunks begin near the end of the bytes skipped, so that few are hashed.
    let minimum = average / 2
    let chunker = try Self.published((minimum, average, max(1024, average * 2)))
    let reference = ReferenceChunker(minimum, average, max(1024, average * 2), Self.publishedGear)
    #expect(reference.small.nonzeroBitCount - reference.large.nonzeroBitCount == 4)
    var data = [UInt8](repeating: 0, count: minimum)
    data += Self.noise(min(average, 40_000), seed: UInt64(average))
    #expect(Self.lengths(chunker, data) == reference.lengths(data))
  }

  // What chunking is for.

  @Test func lengthsKeepTheirBoundsAndGatherNearTheAverage() throws {
    let chunker = try Self.chunker((1024, 4096, 16_384))
    let data = Self.noise(4 << 20)
    let lengths = Self.lengths(chunker, data)
    #expect(lengths.reduce(0, +) == data.count)
    #expect(lengths.dropLast().allSatisfy { (1024...16_384).contains($0) })
    let mean = data.count / lengths.count
    #expect((3600...5600).contains(mean), "\(mean)")
    let near = lengths.filter { (2048...8192).contains($0) }.count
    #expect(near * 10 > lengths.count * 9, "\(near) of \(lengths.count)")
  }

  @Test func anInsertedByteChangesAFewChunks() throws {
    let chunker = try Self.chunker((1024, 4096, 16_384))
    for data in [Self.noise(1 << 20, seed: 3), Self.structured(1 << 20)] {
      let before = Set(Self.chunks(chunker, data))
      var changed = data
      changed.insert(0x5A, at: data.count / 2)
      let after = Self.chunks(chunker, changed)
      #expect(after.filter { !before.contains($0) }.count <= 4)
      #expect(after.count > 100)
    }
  }

  @Test func cutsDoNotDependOnBuffers() throws {
    let chunker = try Self.chunker((256, 1024, 4096))
    let data = Self.structured(300_000) + Self.noise(100_000)
    let whole = Self.lengths(chunker, data)
    for step in [1000, 4096, 5003] {
      var lengths: [Int] = []
      var (start, end) = (0, 0)
      data.withUnsafeBytes { bytes in
        while start < bytes.count {
          if let length = chunker.cut(.init(rebasing: bytes[start..<end]), atEnd: end == bytes.count) {
            lengths.append(length)
            start += length
          } else {
            #expect(end - start < 4096)
            end = min(end + step, bytes.count)
          }
        }
      }
      #expect(lengths == whole)
    }
  }

  @Test func noBytesAreNoChunk() throws {
    let chunker = try Self.chunker((64, 256, 1024))
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(chunker.cut(empty, atEnd: true) == nil)
    #expect(chunker.cut(empty, atEnd: false) == nil)
    let zeros = [UInt8](repeating: 0, count: 1024)
    zeros.withUnsafeBytes { bytes in
      #expect(chunker.cut(.init(rebasing: bytes[..<64]), atEnd: false) == nil)
      #expect(chunker.cut(.init(rebasing: bytes[..<64]), atEnd: true) == 64)
      #expect(chunker.cut(.init(rebasing: bytes[..<1023]), atEnd: false) == nil)
      #expect(chunker.cut(bytes, atEnd: false) == 1024)
    }
  }

  // The secret table.

  @Test func theKeyDecidesWhereCutsFall() throws {
    let data = Self.noise(1 << 19, seed: 8)
    let sizes = (1024, 4096, 16_384)
    let one = Self.lengths(try Self.chunker(sizes), data)
    #expect(one == Self.lengths(try Self.chunker(sizes), data))
    let other = Self.lengths(try Self.chunker(sizes, key: [UInt8](1...32)), data)
    #expect(one != other)
    #expect(one != Self.lengths(try Self.published(sizes), data))
    #expect(
      Set(Self.chunks(try Self.chunker(sizes), data)).isDisjoint(
        with: Self.chunks(try Self.chunker(sizes, key: [UInt8](1...32)), data).dropLast()))
  }

  /// The derivation must stay as it is: another table cuts everything anew. The number is from
  /// `printf 'redoubt gear table\0' | openssl dgst -sha256 -mac hmac -macopt hexkey:000102…1f`.
  @Test func theTableOfAKeyStays() throws {
    let gear = (0..<64).flatMap { (block: UInt8) -> [UInt64] in
      let digest = hmacSHA256(key: Self.key, message: Array("redoubt gear table".utf8) + [block])
      return stride(from: 0, to: 32, by: 8).map { digest[$0..<$0 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    }
    #expect(GearTable(gear) == GearTable(key: Self.key))
    #expect(gear[0] == 0xd2a4_4c3d_6198_4973)
    #expect(Set(gear).count == 256)
    #expect(GearTable([1, 2, 3]) == nil)
  }
}
