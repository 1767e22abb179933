internal import Files
internal import Repository
internal import Testing

/// What is stored beside the snapshots is what shellcheck and the recovery tests have read.
struct RecoveryTextTests {
  @Test(arguments: [(Recovery.scriptName, Recovery.script), (Recovery.guideName, Recovery.guide)])
  func equalsItsCopy(_ name: String, _ text: String) throws {
    let root = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let copy = try FileContent.read("\(root)/Fixtures/recovery/\(name)")
    #expect(text == String(decoding: copy, as: UTF8.self), "run scripts/embed-recovery.sh")
  }

  @Test func speaksOfTheNamesItIsStoredUnder() {
    #expect(Recovery.script.hasPrefix("#!/bin/sh\n# \(Recovery.scriptName): "))
    #expect(Recovery.script.contains(Recovery.guideName))
    #expect(Recovery.guide.contains("sh \(Recovery.scriptName) "))
  }
}
