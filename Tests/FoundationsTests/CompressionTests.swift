import Compression
import Testing

@Suite struct CompressionTests {
  private let text = (0..<200_000).map { UInt8(truncatingIfNeeded: ($0 / 7) &* ($0 % 13)) }

  @Test func framesInARowUnpackToTheirContents() throws {
    let compressor = try Compressor(level: 3)
    let row = try compressor.compress(text) + compressor.compress([]) + compressor.compress([1, 2, 3])
    #expect(try Decompressor().decompress(row, maximumLength: 1 << 20) == text + [1, 2, 3])
    #expect(try Decompressor.frames(in: row, maximumCount: 3, maximumLength: 1 << 20).count == 3)
  }

  @Test func everyTruncationIsRefused() throws {
    let frame = try Compressor(level: 3).compress(text)
    let decompressor = try Decompressor()
    for length in stride(from: 1, to: frame.count, by: max(1, frame.count / 97)) {
      #expect(throws: ZstdError.self) { try decompressor.decompress(Array(frame[..<length]), maximumLength: 1 << 20) }
    }
  }

  @Test func aFlippedBitNeverPassesAsContent() throws {
    let frame = try Compressor(level: 3).compress(text)
    let decompressor = try Decompressor()
    for position in stride(from: 0, to: frame.count, by: max(1, frame.count / 97)) {
      var damaged = frame
      damaged[position] ^= 0x10
      let content = try? decompressor.decompress(damaged, maximumLength: 1 << 20)
      #expect(content == nil || content == text, "byte \(position)")
    }
  }

  @Test func contentLongerThanAllowedIsRefusedUnread() throws {
    let bomb = try Compressor(level: 19).compress([UInt8](repeating: 0, count: 50 << 20))
    #expect(bomb.count < 10_000)
    #expect { try Decompressor().decompress(bomb, maximumLength: 1 << 20) } throws: {
      ($0 as? ZstdError)?.code == .tooLong
    }
  }

  @Test func trailingGarbageIsRefused() throws {
    let frame = try Compressor(level: 1).compress([1, 2, 3])
    #expect(throws: ZstdError.self) { try Decompressor().decompress(frame + [0], maximumLength: 100) }
  }
}
