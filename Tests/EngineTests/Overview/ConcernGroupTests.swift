import Files
import Policy
import Repository
import Testing
import Verify

/// Concerns that say the same are told together.
@Suite struct ConcernGroupTests {
  private func concern(
    _ number: Int, _ kind: Concern.Kind = .unproven, _ severity: Concern.Severity = .overdue, _ more: String = ""
  ) -> Concern {
    Concern(
      kind, severity, host: "peer-\(number)", set: "data", destination: "offsite",
      "last proven at \(Timestamp(seconds: 1_790_000_000 + Int64(number)).rfc3339), of snapshot s\(number)\(more)")
  }

  @Test func manyAlikeAreOneAndAFewAreNot() {
    let few = (1...3).map { concern($0) }
    #expect(few.grouped == few.map { ConcernGroup(first: $0) })
    let many = (1...200).map { concern($0) }
    let groups = many.grouped
    #expect(groups.count == 1 && groups.first?.first == many[0] && groups.first?.alike == Array(many[1...]))
    #expect(groups.first?.places.hasPrefix("peer-2/data at offsite, peer-3/data at offsite, ") == true)
    #expect(groups.first?.places.hasSuffix("peer-9/data at offsite and 191 more") == true)
  }

  @Test func othersKeepTheirPlaces() {
    let concerns =
      [concern(0, .damage, .damage)] + (1...4).map { concern($0) } + [concern(5, .unproven, .notice)]
      + [concern(6, .unproven, .overdue, "; the last try could not check it")] + (7...9).map { concern($0) }
    let groups = concerns.grouped
    #expect(groups.map { 1 + $0.alike.count } == [1, 7, 1, 1])
    #expect(groups.map(\.first) == [concerns[0], concerns[1], concerns[5], concerns[6]])
    #expect(Set(groups.flatMap { [$0.first.host] + $0.alike.map(\.host) }).count == 10, "none is left out")
  }

  @Test func twoHundredSetsThatNobodyProvedAreOneThing() throws {
    var chronicle = Chronicle()
    try chronicle.settle()
    for number in 1...200 { try chronicle.backUp(0, set: "set-\(number)", class: "node-configurations") }
    try chronicle.selfTest(39)
    try chronicle.observe(39.9)
    let unproven = chronicle.overview(40).concerns.filter { $0.kind == .unproven }
    #expect(unproven.count == 200 && unproven.grouped.count == 1)
  }
}
