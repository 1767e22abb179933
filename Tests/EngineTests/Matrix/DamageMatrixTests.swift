import Files
import Glibc
import Policy
import Repository
import TestKit
import Testing
import Verify

/// Every kind of damage, at every level, at every kind of destination, in both modes: found where it must be, by the right
/// name, at the destination that has it and at no other; and below that level no false word.
@Suite struct DamageMatrixTests {
  /// What damage of a volume or listing costs the files in it, once those are looked at.
  private static func consequences(_ level: VerificationLevel) -> Set<Finding.Code> {
    switch level {
    case .present, .intact: []
    case .readable: [.entryMissing, .contentMismatch]
    // A folder whose own entry is lost has nobody's owner and time.
    case .restored: [.entryMissing, .contentMismatch, .notRestored, .metadataMismatch]
    }
  }

  @Test(arguments: PlaceKind.allCases, SetConfiguration.Mode.allCases)
  func everyDamageIsFoundWhereItMustBe(_ kind: PlaceKind, _ mode: SetConfiguration.Mode) throws {
    let scene = try MatrixScene(kind, mode)
    for damage in Damage.all where damage.modes.contains(mode) {
      try scene.plant(try damage.objects(scene))
      for (level, expected) in zip(VerificationLevel.allCases, damage.levels) {
        try expect(expected, scene.verify(level), "\(damage.name) at \(level)")
      }
      let other = try #require(try scene.verifyOther(.readable))
      #expect(other.result == .sound && other.findingCount == 0, "\(damage.name): \(other)")
      let looks = try scene.checkCatalog()
      let found = scene.codes(of: looks, at: MatrixScene.tested)
      let expected: Set<Finding.Code> = if case .found(let code) = damage.catalog { [code] } else { [] }
      #expect(found == expected, "\(damage.name): catalog check at the damaged destination: \(looks.map(\.findings))")
      #expect(
        scene.codes(of: looks, at: nil).subtracting(found).isEmpty
          && scene.codes(of: looks, at: MatrixScene.other).isEmpty,
        "\(damage.name): catalog check elsewhere: \(looks.map(\.findings))")
      #expect(looks.flatMap(\.unchecked).isEmpty, "\(damage.name)")
      try scene.mend()
    }
    // What was put back is sound again: it was the damage that was found, and nothing that the test itself did.
    #expect(try scene.verify(.restored)?.result == .sound)
    #expect(try scene.codes(of: scene.checkCatalog(), at: nil).isEmpty)
  }

  private func expect(_ expected: Expected, _ verification: Verification?, _ name: String) throws {
    if expected == .absent {
      #expect(verification == nil, "\(name)")
      return
    }
    let found = try #require(verification, "\(name)")
    let shown = "\(name): \(found.result) \(found.findings) \(found.reason ?? "")"
    switch expected {
    case .absent: break
    case .nothing: #expect(found.result == .sound && found.findingCount == 0, "\(shown)")
    case .unchecked:
      #expect(found.result == .unchecked && found.findingCount == 0 && found.reason?.isEmpty == false, "\(shown)")
    case .found(let code):
      #expect(found.result == .damaged && found.findings.first?.code == code, "\(shown)")
      let others = Set(found.findings.map(\.code)).subtracting([code])
      #expect(others.isSubset(of: Self.consequences(found.level)), "\(shown)")
    }
  }

  /// The manual page shows this very table.
  @Test func theManualPageShowsTheTable() throws {
    let package = Paths.parent(Paths.parent(Paths.parent(Paths.parent(#filePath))))
    let page = String(decoding: try FileContent.read("\(package)/man/redoubt-verify.1"), as: UTF8.self)
    let lines = page.split(separator: "\n").drop { $0 != ".Sh WHAT EACH LEVEL FINDS" }.dropFirst()
      .prefix { !$0.hasPrefix(".Sh ") }
    let rows = zip(lines, lines.dropFirst()).filter { $0.0.hasPrefix(".It ") }.map { Self.row($0.0.dropFirst(4), $0.1) }
    #expect(rows == Damage.all.map(\.line))
  }

  /// An item of the page, such as `intact: wrong-digest; catalog check: missing`, as the table has it: higher levels find
  /// what a lower one does.
  private static func row(_ name: Substring, _ found: Substring) -> String {
    let levels = VerificationLevel.allCases.map(\.rawValue)
    var columns = Array(repeating: "\\-", count: levels.count + 1)
    for part in found.split(separator: "; ") {
      let words = part.split(separator: ": ").map(String.init)
      guard words.count == 2 else { return "\(name): \(part)" }
      let first = levels.firstIndex(of: words[0])
      for column in first.map({ $0..<levels.count }) ?? levels.count..<columns.count { columns[column] = words[1] }
    }
    return ([String(name)] + columns).joined(separator: " Ta ")
  }
}
