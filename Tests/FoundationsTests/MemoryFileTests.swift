import Files
import Glibc
import Testing

/// Memory that is used again for contents of other sizes.
@Suite struct MemoryFileTests {
  private func pattern(_ count: Int, _ seed: UInt8) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) &+ seed }
  }

  @Test func contentSurvivesEachGrowth() throws {
    let file = try MemoryFile()
    var expected: [UInt8] = []
    for (number, count) in [0, 1, 4095, 4097, 1 << 20, 3, 5 << 20].enumerated() {
      let piece = pattern(count, UInt8(number))
      try piece.withUnsafeBytes { try file.append($0) }
      expected += piece
      #expect(file.count == expected.count && file.array == expected)
    }
  }

  @Test func nothingIsLeftOfAnEarlierUse() throws {
    let pool = MemoryFilePool()
    for count in [3 << 20, 10, 0, 5 << 20, 4096, 1] {
      let file = try MemoryFile(from: pool)
      #expect(file.count == 0 && file.array == [])
      let content = pattern(count, 7)
      try content.withUnsafeBytes { try file.append($0) }
      #expect(file.array == content)
    }
  }

  @Test func memoryIsSharedByOneAfterTheOtherAndByNoTwoAtATime() throws {
    let pool = MemoryFilePool()
    let first = try MemoryFile(from: pool)
    var second: MemoryFile? = try MemoryFile(from: pool)
    let descriptor = try #require(second?.descriptor)
    #expect(first.descriptor != descriptor)
    // Kept by who still reads it, however long ago its maker let go.
    try pattern(100, 1).withUnsafeBytes { try second?.append($0) }
    var bytes: Bytes? = second.map { Bytes($0) }
    second = nil
    #expect(try MemoryFile(from: pool).descriptor != descriptor)
    #expect(bytes?.array == pattern(100, 1))
    bytes = nil
    #expect(try MemoryFile(from: pool).descriptor == descriptor)
  }

  private struct Refused: Error {}

  @Test func fillingReplacesAndFailingLeavesNothing() throws {
    let file = try MemoryFile([1, 2, 3, 4])
    try file.reserve(8)
    file.fill { room in
      #expect(room.count >= 8)
      room[0] = 9
      return 1
    }
    #expect(file.array == [9])
    #expect(throws: Refused.self) { try file.fill { _ in throw Refused() } }
    #expect(file.count == 0)
  }

  /// Through descriptors that share their position, as a child's do: what it writes takes the place of what was there, be
  /// that shorter or longer, and what it reads ends where the content ends.
  @Test func programsReadAndWriteIt() throws {
    let pool = MemoryFilePool()
    for count in [2 << 20, 100, 0, 3 << 20, 4096, 70_000] {
      let (input, output) = (try MemoryFile(from: pool), try MemoryFile(from: pool))
      let content = pattern(count, 3)
      try content.withUnsafeBytes { try input.append($0) }
      try input.prepareForReading()
      try output.prepareForWriting()
      let (reader, writer) = (dup(input.descriptor), dup(output.descriptor))
      defer { for end in [reader, writer] { close(end) } }
      var piece = [UInt8](repeating: 0, count: 50_000)
      while case let length = read(reader, &piece, piece.count), length > 0 {
        #expect(write(writer, piece, length) == length)
      }
      try output.takeWritten()
      #expect(output.array == content && input.array == content)
    }
  }

  @Test func bytesCompareByContent() throws {
    let array = pattern(10_000, 5)
    let (same, empty) = (Bytes(try MemoryFile(array)), Bytes(try MemoryFile()))
    #expect(Bytes(array) == same && same == Bytes(array) && same.array == array)
    #expect(Bytes([]) == empty && empty != Bytes([0]) && empty.array == [])
    var other = array
    other[9_999] ^= 1
    #expect(Bytes(try MemoryFile(other)) != same)
  }
}
