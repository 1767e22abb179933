import Files
import Policy
import Report
import Repository
import Verify

/// Whole pages of sample data.
enum SamplePages {
  static func safe() throws -> ReportPage {
    var quarter = SampleQuarter()
    for name in ["node-configurations", "client-database"] {
      quarter.live(host: "peer-1", set: "data-of-\(name)", dataClass: SampleQuarter.dataClass(name))
    }
    quarter.watch()
    return try settled(quarter)
  }

  /// One thing of every kind goes wrong.
  static func trouble() throws -> ReportPage {
    var quarter = SampleQuarter()
    typealias Story = SampleQuarter.Story
    let stories: [(String, String, Story)] = [
      (
        "peer-keys", "node-configurations",
        Story(off: [60, 61, 62], drills: [(98, 4.2, true), (70, 4.4, true), (41, 5.9, true), (9, 4.1, true)])
      ),
      (
        "clients", "client-database",
        Story(off: [0, 1, 2, 40], failing: [3, 41], drills: [(80, 412, true), (22, 655, false)])
      ),
      (
        "orders", "client-database",
        Story(
          offsiteAway: [44, 45, 46], damaged: 4,
          findings: [
            Finding(.wrongDigest, "orders/volume-000001.tar.zst.gpg", "is not what was stored"),
            Finding(.contentMismatch, "./srv/<script>alert(1)</script>/\u{202e}txt.exe", "\u{1b}[31mred\u{0}"),
          ])
      ),
      ("sites", "client-database", Story(drills: [], proofs: [(62, .readable)])),
      ("peer-2-keys", "node-configurations", Story(drills: [(99, 3, true)])),
    ]
    for (set, name, story) in stories {
      quarter.live(host: "peer-1", set: set, dataClass: SampleQuarter.dataClass(name), story)
    }
    quarter.watch()
    return try quarter.page()
  }

  static func fleet(sets count: Int) throws -> ReportPage {
    var quarter = SampleQuarter()
    for number in 0..<count {
      let story = SampleQuarter.Story(
        off: number % 90 == 7 ? [20, 21] : [], failing: number % 70 == 9 ? [9] : [],
        damaged: number % 400 == 3 ? 4 : nil)
      let name = number % 2 == 0 ? "node-configurations" : "client-database"
      quarter.live(
        host: "node-\(number / 10)", set: "set-\(number % 10)", dataClass: SampleQuarter.dataClass(name), story)
    }
    quarter.watch()
    return try settled(quarter)
  }

  static func empty() throws -> ReportPage { try SampleQuarter().page() }

  /// Without the concerns about keys: there is no key ring.
  private static func settled(_ quarter: SampleQuarter) throws -> ReportPage {
    var page = try quarter.page()
    page.overview.concerns.removeAll { $0.kind == .recipient }
    return page
  }
}

extension SamplePages {
  static func named(_ name: String) throws -> ReportPage {
    switch name {
    case "safe": try safe()
    case "trouble": try trouble()
    case "fleet": try fleet(sets: 30)
    default: try empty()
    }
  }
}
