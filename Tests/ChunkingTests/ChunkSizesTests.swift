internal import Chunking
internal import Testing

struct ChunkSizesTests {
  @Test func standardSizesAreValid() throws {
    let standard = ChunkSizes.standard
    #expect(try ChunkSizes(minimum: 65_536, average: 262_144, maximum: 1_048_576) == standard)
  }

  @Test(arguments: [
    (63, 256, 1024, ChunkSizeError.Code.outOfRange), (64, 128, 1024, .outOfRange), (64, 256, 1023, .outOfRange),
    (4_194_305, 4_194_304, 16_777_216, .outOfRange), (64, 8_388_608, 16_777_216, .outOfRange),
    (64, 256, 16_777_217, .outOfRange), (-1, 256, 1024, .outOfRange), (64, 257, 1024, .notAPowerOfTwo),
    (256, 256, 1024, .order), (512, 256, 1024, .order), (64, 1024, 1024, .order), (64, 4096, 2048, .order),
  ])
  func impossibleSizesAreRefused(_ minimum: Int, _ average: Int, _ maximum: Int, _ code: ChunkSizeError.Code) {
    let error = #expect(throws: ChunkSizeError.self) {
      try ChunkSizes(minimum: minimum, average: average, maximum: maximum)
    }
    #expect(error?.code == code)
    #expect(error?.hint.isEmpty == false)
  }

  @Test func theHintNamesTheNearestPower() {
    let error = #expect(throws: ChunkSizeError.self) {
      try ChunkSizes(minimum: 64, average: 1_000_000, maximum: 4_194_304)
    }
    #expect(error?.hint == "take 1048576")
  }
}
