import Files
import Glibc
import Testing

/// What is put into a spool comes out of it, wherever it is.
@Suite struct SpoolTests {
  private func sample(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

  @Test(arguments: [0, 1, 1000, 5 << 20]) func whatWasAppendedIsReadAnywhere(_ memoryLimit: Int) throws {
    let spool = Spool(memoryLimit: memoryLimit)
    let content = sample(3_000_000)
    var rest = content[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(rest.count % 7919 + 1))
      try spool.append(piece)
      rest = rest.dropFirst(piece.count)
    }
    #expect(spool.count == 3_000_000)
    for (start, length) in [
      (0, 1), (0, 3_000_000), (999, 2), (1_048_575, 2), (2_999_000, 1000), (1_500_000, 1_400_000),
    ] {
      #expect(try spool.read(at: UInt64(start), length: length) == Array(content[start..<start + length]))
    }
    #expect(try spool.read(at: 2_999_999, length: 100) == [content[2_999_999]])
    #expect(try spool.read(at: 3_000_000, length: 1).isEmpty && spool.read(at: .max, length: 9).isEmpty)
  }

  /// Nobody finds it, and nothing stays.
  @Test func theFileHasNoName() throws {
    let spool = Spool(memoryLimit: 0)
    try spool.append(sample(1000))
    let links = try OpenFiles.ofThisProcess()
    #expect(links.contains { $0.hasPrefix("\(Spool.folder)/redoubt-") && $0.hasSuffix(".tmp (deleted)") }, "\(links)")
  }

  private enum OpenFiles {
    static func ofThisProcess() throws -> [String] {
      (0..<4096).compactMap { number in
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
      }
    }
  }
}
