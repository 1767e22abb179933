import Files
import JSON
import Repository
import Testing

/// Lines of catalogs as version 1 wrote them: nothing of them is lost or taken for something else by today's reader.
@Suite struct OldLinesTests {
  private static let fixtures = Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/Fixtures/catalogs/version-1"

  private func lines(_ name: String) throws -> [[UInt8]] {
    try FileContent.read("\(Self.fixtures)/\(name)").split(separator: 10).map { Array($0) }
  }

  @Test(arguments: ["keeper/catalog.jsonl", "node/catalog.jsonl"])
  func everyMemberIsReadAndWrittenAgain(_ name: String) throws {
    for (number, line) in try lines(name).enumerated() {
      let record = try CatalogRecord(line: line, subject: name, number: number + 1)
      if case .unknown(let type) = record.event { Issue.record("\(type) is unknown") }
      let reader = JSONReader()
      let written = try line.withUnsafeBytes { try reader.read($0).members }
      let read = try record.members
      for member in written { #expect(read.contains(member), "\(name), line \(number + 1): \(member)") }
    }
  }

  @Test func aNodesChainHoldsAndHasItsTypes() throws {
    var chain = CatalogChain()
    let records = try chain.read(FileContent.read("\(Self.fixtures)/node/catalog.jsonl"), subject: "node").map(\.record)
    #expect(records.map(\.event.type) == ["started", "snapshot", "unchanged", "failure"])
    let last = try #require(records.last)
    guard case .failure(let failure) = last.event else {
      Issue.record("\(last)")
      return
    }
    #expect(failure.reason == "it broke" && failure.destinations.map(\.name) == ["offsite", "disk"])
    #expect(failure.destinations.last?.error == "no space left")
  }
}
