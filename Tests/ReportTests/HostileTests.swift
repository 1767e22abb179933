import Files
import Policy
import Report
import Repository
import Testing
import Verify

/// What comes from nodes, storage and restored trees is shown as what it is.
@Suite struct HostileTests {
  static let hostile = "</title><script>alert('1')</script>\"'&amp;<b>\u{202E}\u{0}\u{1B}[31m\u{FEFF}\u{FFFF}"
  /// How it reads on the page.
  static let shown =
    "</title><script>alert('1')</script>\"'&amp;<b>\\u{202e}\\u{0}\\u{1b}[31m\\u{feff}\\u{ffff}"

  private func page() throws -> ReportPage {
    var page = try SamplePages.trouble()
    let hostile = Self.hostile
    page.scope = [hostile]
    for index in page.overview.concerns.indices {
      page.overview.concerns[index].text += hostile
      page.overview.concerns[index].hint = hostile
    }
    for index in page.overview.recipients.indices { page.overview.recipients[index].label = hostile }
    for index in page.overview.nodes.indices { page.overview.nodes[index].host = hostile }
    for index in page.overview.attestations.indices { page.overview.attestations[index].last?.note = hostile }
    for each in page.classes.indices {
      for index in page.classes[each].sets.indices {
        page.classes[each].sets[index].overview.set = hostile
        page.classes[each].sets[index].overview.dataClass.name = hostile
        for place in page.classes[each].sets[index].overview.places.indices {
          page.classes[each].sets[index].overview.places[place].destination = hostile
        }
        for drill in page.classes[each].sets[index].drills.indices {
          page.classes[each].sets[index].drills[drill].drill.checks = [
            Drill.Check(name: hostile, passed: false, ending: hostile, seconds: 1, output: hostile)
          ]
          page.classes[each].sets[index].drills[drill].drill.by = hostile
        }
        for series in page.classes[each].sets[index].stored.indices {
          page.classes[each].sets[index].stored[series].destinations = [hostile]
        }
      }
    }
    return page
  }

  @Test func everythingIsText() throws {
    let strict = try StrictPage(try page().html)
    #expect(strict.all("script").isEmpty && strict.all("b").isEmpty && strict.all("title").first?.text.count ?? 0 < 100)
    #expect(strict.text.contains(Self.shown))
    #expect(!strict.text.contains("\u{202E}") && !strict.text.contains("\u{1B}"))
    // Of the concerns, the sets' names, the places, the checks, the keys, the nodes.
    #expect(strict.all("ol").flatMap { $0.all("li") }.allSatisfy { !$0.text.contains("\u{0}") })
    #expect(strict.all("h4").allSatisfy { $0.text.contains(Self.shown) })
    #expect(strict.all(class: "proofs").allSatisfy { $0.text.contains(Self.shown) })
    #expect(strict.all("figure").contains { $0.text.contains("failed: \(Self.shown)") })
  }

  @Test func longWordsAreCut() throws {
    let before = try SamplePages.trouble().html.count
    var page = try SamplePages.trouble()
    let long = String(repeating: "x", count: 200_000)
    page.overview.concerns[0].text = long
    for each in page.classes.indices {
      for index in page.classes[each].sets.indices {
        for drill in page.classes[each].sets[index].drills.indices {
          page.classes[each].sets[index].drills[drill].drill.checks = (0..<3).map { _ in
            Drill.Check(name: long, passed: false, ending: long, seconds: 1, output: long)
          }
          page.classes[each].sets[index].drills[drill].drill.note = long
        }
      }
    }
    let html = page.html
    #expect(html.count < before + 60_000, "\(html.count) bytes after \(before)")
    #expect(try StrictPage(html).text.contains("(cut; the catalog has all of it)"))
  }
}
