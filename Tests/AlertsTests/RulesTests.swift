import Alerts
import Files
import FoundationEssentials
import TestKit
import Testing

/// The files for Prometheus and Grafana that come with the programs.
@Suite struct RulesTests {
  static let folder = Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/Schedules/alerts"

  func text(_ name: String) throws -> String {
    String(decoding: try FileContent.read("\(Self.folder)/\(name)"), as: UTF8.self)
  }

  @Test func prometheusTakesTheRules() throws {
    let outcome = try Promtool.run(["check", "rules", "\(Self.folder)/redoubt.rules.yml"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
  }

  /// What fires when, as the rules' own tests say; and each rule has one where it does.
  @Test func theRulesFireWhenTheyShould() throws {
    let outcome = try Promtool.run(["test", "rules", "\(Self.folder)/redoubt.rules.test.yml"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
    let tests = try text("redoubt.rules.test.yml")
    let rules = try text("redoubt.rules.yml").matches(of: /- alert: (\w+)/).map { String($0.output.1) }
    #expect(rules.count >= 8)
    for rule in rules { #expect(tests.contains("alertname: \(rule)\n        exp_alerts:\n"), "\(rule)") }
  }

  @Test(arguments: ["redoubt.rules.yml", "redoubt.rules.test.yml", "grafana-dashboard.json"])
  func everyMetricThatTheyNameExists(_ file: String) throws {
    let named = Set(try text(file).matches(of: /\bredoubt_\w+/).map { String($0.output) })
    let known = Set(Metric.allCases.map(\.rawValue))
    #expect(named.count >= 6 && named.subtracting(known).isEmpty, "\(named.subtracting(known))")
  }

  @Test func everyMetricIsInTheManual() throws {
    let package = Paths.parent(Paths.parent(Self.folder))
    let manual = String(decoding: try FileContent.read("\(package)/man/redoubt.1"), as: UTF8.self)
    let listed = manual.matches(of: /\n\.It Va (redoubt_\w+)/).map { String($0.output.1) }
    #expect(listed == Metric.allCases.map(\.rawValue))
    for metric in Metric.allCases { #expect(manual.contains("\n\(metric.help)\n"), "\(metric.rawValue)") }
  }

  struct Dashboard: Decodable {
    struct Target: Decodable { var expr: String }
    struct Place: Decodable {
      var x: Int
      var y: Int
      var w: Int
      var h: Int
    }
    struct Panel: Decodable {
      var id: Int
      var type: String
      var title: String
      var gridPos: Place
      var targets: [Target]?
    }
    var title: String
    var uid: String
    var panels: [Panel]
  }

  /// Grafana itself is no Debian package: its expressions are judged by promtool, as rules; its panels must not overlap.
  @Test func theDashboardIsSensible() throws {
    let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text("grafana-dashboard.json").utf8))
    #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
    var rules = "groups:\n  - name: dashboard\n    rules:\n"
    var count = 0
    var cells: Set<[Int]> = []
    for panel in dashboard.panels {
      #expect(panel.type == "row" || panel.targets?.isEmpty == false, "\(panel.title)")
      #expect(panel.gridPos.x + panel.gridPos.w <= 24, "\(panel.title)")
      for x in 0..<panel.gridPos.w {
        for y in 0..<panel.gridPos.h {
          #expect(cells.insert([panel.gridPos.x + x, panel.gridPos.y + y]).inserted, "\(panel.title) overlaps")
        }
      }
      for target in panel.targets ?? [] {
        count += 1
        let expression = target.expr.replacing("$host", with: ".*").replacing("'", with: "''")
        rules += "      - record: dashboard:\(count)\n        expr: '\(expression)'\n"
      }
    }
    #expect(count >= 12)
    let folder = try TemporaryFolder("dashboard")
    try FileContent.write(Array(rules.replacing("dashboard:", with: "dashboard:p").utf8), to: folder("rules.yml"))
    let outcome = try Promtool.run(["check", "rules", folder("rules.yml")])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.errorText)")
  }
}
