import Archive
import Files
import Testing

@Suite struct PaxWriterTests {
  @Test func aPlainFileNeedsNoExtendedHeader() throws {
    var bytes: [UInt8] = []
    let writer = PaxWriter { bytes.append(contentsOf: $0) }
    try writer.begin(
      Entry(path: Array("etc/hostname".utf8), kind: .file, mode: 0o644, size: 3, modified: Timestamp(seconds: 1)))
    #expect(writer.remainingContent == 3)
    try writer.write([1, 2])
    try writer.write([3])
    try writer.end()
    #expect(writer.position == 1024)
    try writer.finish()
    #expect(bytes.count == 2048)
    #expect(bytes[512...514] == [1, 2, 3])
    #expect(bytes[515...].allSatisfy { $0 == 0 })
  }

  @Test func contentThatIsMissingOrTooMuchIsAnError() throws {
    let writer = PaxWriter { _ in }
    try writer.begin(Entry(path: [97], kind: .file, mode: 0o644, size: 3))
    #expect(throws: ArchiveError.self) { try writer.write([1, 2, 3, 4]) }
    #expect(throws: ArchiveError.self) { try writer.end() }
    #expect(throws: ArchiveError.self) { try writer.begin(Entry(path: [98], kind: .file, mode: 0)) }
    #expect(throws: ArchiveError.self) { try writer.finish() }
    try writer.writeZeros(writer.remainingContent)
    try writer.end()
    try writer.finish()
  }

  @Test func dataRangesOutsideTheFileAreRefused() {
    for extents in [[Extent(offset: 0, length: 11)], [Extent(offset: 5, length: 2), Extent(offset: 6, length: 1)]] {
      #expect(throws: ArchiveError.self) {
        try PaxWriter { _ in }.begin(Entry(path: [97], kind: .file, mode: 0, size: 10, dataExtents: extents))
      }
    }
  }

  @Test func whatTheSinkThrowsComesOut() {
    struct Full: Error {}
    let writer = PaxWriter { _ in throw Full() }
    #expect(throws: Full.self) { try writer.begin(Entry(path: [97], kind: .file, mode: 0)) }
  }
}
