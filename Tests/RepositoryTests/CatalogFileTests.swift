import Digests
import Files
import Glibc
import Repository
import TestKit
import Testing

/// A catalog's file: what holds, what breaks and where, what a crash leaves behind.
@Suite final class CatalogFileTests {
  private let folder: String
  private var path: String { "\(folder)/catalog.jsonl" }
  private static let now = Timestamp(seconds: 1_790_000_000)

  init() throws {
    var template = Array("/tmp/redoubt-catalog-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
  }

  // Best effort: what stays in /tmp fails no test.
  deinit { _ = removeTree(folder) }

  /// Lines of a catalog that holds, each without its newline.
  private static func lines(_ count: Int) throws -> [[UInt8]] {
    var chain = CatalogChain()
    return try (1...count).map { number in
      let event = RecordSamples.all[number % RecordSamples.all.count]
      return try chain.append(event, at: Timestamp(seconds: now.seconds + Int64(number))).line
    }
  }

  private func write(_ lines: [[UInt8]], rest: String = "") throws {
    var content: [UInt8] = []
    for line in lines { content += line + [10] }
    try FileContent.write(content + Array(rest.utf8), to: path)
  }

  private func failure() throws -> CatalogError {
    try #require(throws: CatalogError.self) { try CatalogFile.records(self.path) }
  }

  /// Several megabytes are read by several threads: what comes of it is the same.
  @Test func aLargeCatalogIsReadWholeAndInOrder() throws {
    var lines = try Self.lines(15000)
    try write(lines)
    #expect(try FileContent.read(path).count > 4 << 20)
    let records = try CatalogFile.records(path)
    #expect(records.map(\.sequence) == Array(1...15000))
    var chain = CatalogChain()
    #expect(try chain.read(FileContent.read(path), subject: "").map(\.record) == records)
    let file = try CatalogFile(path, now: Self.now)
    try file.append(RecordSamples.all[0], at: Self.now)
    #expect(try CatalogFile.records(path).last?.previous == SHA256.digest(lines[14999]))

    // Wherever it breaks, the line is named.
    for number in [1, 2, 999, 7500, 14998, 14999] {
      let whole = lines
      lines[number - 1][lines[number - 1].count / 2] ^= 1
      try write(lines)
      let error = try failure()
      // Where it is still a record, the next line does not continue it.
      #expect([number, number + 1].contains(error.line) && error.code == .broken)
      lines = whole
      lines.remove(at: number - 1)
      try write(lines)
      #expect(try failure() == CatalogError(.broken, path, line: number, "record \(number + 1) where \(number) is due"))
      lines = whole
      lines[number - 1] = Array("{\"v\":1}".utf8)
      try write(lines)
      #expect(try failure() == CatalogError(.broken, path, line: number, "not a catalog record: type is missing"))
      lines = whole
    }
    lines.swapAt(5000, 5001)
    try write(lines)
    #expect(try failure().line == 5001)
  }

  @Test func linesOfEverySizeAreReadWhereverABufferEnds() throws {
    var chain = CatalogChain()
    var content: [UInt8] = []
    for number in 0..<60 {
      let note = String(repeating: "x", count: number * number * 300 % 400_000)
      let event = CatalogEvent.attestation(Attestation(class: "c", host: nil, by: "b", note: note))
      content += try chain.append(event, at: Self.now).line + [10]
    }
    try FileContent.write(content, to: path)
    #expect(try CatalogFile.records(path).count == 60)
  }

  @Test func anEmptyLineIsNoRecord() throws {
    let lines = try Self.lines(3)
    try write([lines[0], [], lines[1]])
    #expect(try failure().line == 2)
    try write([[]])
    #expect(try failure().line == 1)
    try write([])
    #expect(try CatalogFile.records(path).isEmpty)
  }

  @Test(arguments: [1, 40, 400]) func aTornLineIsSetAsideOnOpeningAlone(_ length: Int) throws {
    let lines = try Self.lines(4)
    let torn = String(decoding: lines[3].prefix(length), as: UTF8.self)
    try write(Array(lines.prefix(3)), rest: torn)
    #expect(try CatalogFile.records(path).count == 3)
    #expect(try FileContent.read(path).suffix(torn.utf8.count).elementsEqual(torn.utf8), "reading changes nothing")
    let file = try CatalogFile(path, now: Self.now)
    let aside = try #require(file.tornLineFile)
    #expect(String(decoding: try FileContent.read(aside), as: UTF8.self) == torn)
    try file.append(RecordSamples.all[0], at: Self.now)
    #expect(try CatalogFile.records(path).map(\.sequence) == [1, 2, 3, 4])
    #expect(try CatalogFile(path, now: Self.now).tornLineFile == nil)
  }

  @Test func aFileWithoutAWholeLineIsAllTorn() throws {
    try write([], rest: "{\"v\":1,")
    let file = try CatalogFile(path, now: Self.now)
    #expect(file.records.isEmpty && file.tornLineFile != nil)
    #expect(try FileContent.read(path).isEmpty)
  }
}
