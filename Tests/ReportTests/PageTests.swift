import Files
import Policy
import Report
import Repository
import Testing
import Verify

/// What the page says, and that it is a page by itself.
@Suite struct PageTests {
  @Test func theAnswerComesFirst() throws {
    let safe = try StrictPage(try SamplePages.safe().html)
    #expect(safe.all("h1").map(\.text) == ["Safe"])
    #expect(safe.all("head")[0].all("title").map(\.text) == ["Redoubt: safe"])
    #expect(safe.text.contains("Nothing: no damage, nothing missing, nothing overdue."))

    let page = try SamplePages.trouble()
    let needs = page.overview.concerns.filter { $0.severity > .notice }
    let trouble = try StrictPage(page.html)
    #expect(trouble.all("h1").map(\.text) == ["Not safe: \(needs.count) things need you"])
    #expect(trouble.all("head")[0].all("title").map(\.text) == ["Redoubt: not safe: \(needs.count) things need you"])
    #expect(trouble.all("h2").first?.text == "What needs you")
  }

  @Test func theConcernsAreTheOverviews() throws {
    let page = try SamplePages.trouble()
    // One thing of each kind that records alone can tell of.
    let kinds = Set(page.overview.concerns.map(\.kind))
    #expect(kinds.isSuperset(of: [.damage, .overdue, .unproven, .drill, .recipient]))
    let items = try StrictPage(page.html).all("li").filter { ["bad", "warn"].contains($0["class"]) }
    #expect(items.count == page.overview.concerns.count)
    // Those that are alike stand in a fold of the first.
    for (item, concern) in zip(items, page.overview.concerns.grouped.flatMap { [$0.first] + $0.alike }) {
      let text = item.all("p").first?.text ?? ""
      #expect(text.hasPrefix("\(concern.kind.rawValue) "))
      #expect(text.contains(concern.place) && text.contains(concern.text))
      #expect(concern.hint.map { item.text.contains($0) } ?? true)
      #expect(item["class"] == (concern.severity == .damage ? "bad" : "warn"))
    }
  }

  @Test func aNoticeIsNoNeed() throws {
    var page = try SamplePages.safe()
    page.overview.concerns.append(Concern(.unproven, .notice, host: "peer-1", "could not be checked"))
    let strict = try StrictPage(page.html)
    #expect(strict.all("h1").map(\.text) == ["Safe"])
    #expect(strict.all(class: "note").contains { $0.name == "li" && $0.text.contains("could not be checked") })
  }

  @Test func whatIsTheSameOfManySetsIsOneThing() throws {
    var page = try SamplePages.safe()
    page.overview.concerns = (1...200).map {
      Concern(.unproven, .overdue, host: "peer-\($0)", set: "data", destination: "offsite", "last proven on day \($0)")
    }
    let strict = try StrictPage(page.html)
    #expect(strict.all("h1").map(\.text) == ["Not safe: 200 things need you"])
    let fold = try #require(strict.all("details").first { $0.all("summary").first?.text == "and 199 alike" })
    #expect(fold.all("li").count == 199 && fold.text.contains("peer-200/data at offsite"))
    #expect(!fold.text.contains("peer-1/data at offsite"))
  }

  @Test func aCopyThatWaitsForItsFirstProofIsToldOf() throws {
    var quarter = SampleQuarter()
    quarter.days = 3
    quarter.live(
      host: "peer-1", set: "data", dataClass: SampleQuarter.dataClass("node-configurations"),
      .init(drills: [], proofs: []))
    quarter.watch()
    let page = try quarter.page()
    #expect(page.overview.isSafe && page.answer == "safe so far")
    #expect(try StrictPage(page.html).text.contains("none of them has been proven yet"))
  }

  @Test func nothingIsKnownYet() throws {
    let page = try SamplePages.empty()
    #expect(page.answer.hasPrefix("not safe"))
    let strict = try StrictPage(page.html)
    #expect(strict.text.contains("0 records"))
    #expect(strict.all("h1").count == 1 && strict.all(class: "set").isEmpty)
  }

  @Test(arguments: ["safe", "trouble", "empty", "fleet"]) func nothingIsFetchedAndNothingRuns(_ name: String) throws {
    let html = try SamplePages.named(name).html
    let page = try StrictPage(html)
    let text = String(decoding: html, as: UTF8.self)
    for word in ["http:", "https:", "url(", "@import", "javascript:", "src="] {
      #expect(!text.contains(word), "\(word)")
    }
    let known: Set<String> = [
      "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "footer", "div", "p", "span", "h1",
      "h2", "h3", "h4", "a", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col", "thead",
      "tbody",
      "tr", "th", "td", "time", "code", "strong", "i", "details", "summary", "figure", "figcaption", "svg", "path",
      "polyline", "circle", "rect", "text", "desc",
    ]
    #expect(Set(page.all().map(\.name)).subtracting(known) == [])
    for element in page.all() {
      #expect(element.attributes.keys.allSatisfy { !$0.hasPrefix("on") && $0 != "style" && $0 != "src" })
    }
    // Links go to parts of the page that are there, each once.
    let targets = page.all().compactMap { $0["id"] }
    #expect(Set(targets).count == targets.count)
    for link in page.all().compactMap({ $0["href"] }) {
      #expect(link.hasPrefix("#") && targets.contains(String(link.dropFirst())), "\(link)")
    }
    #expect(page.all("meta").contains { $0["content"]?.hasPrefix("default-src 'none'") == true })
    #expect(ReportPage.isReport(html) && !ReportPage.isReport(Array("[keys]\n".utf8)))
  }

  @Test func aScopeIsSaid() throws {
    var page = try SamplePages.safe()
    page.scope = ["host peer-1", "set <b>"]
    #expect(
      try StrictPage(page.html).text.contains(
        "Not everything is on this page: it is restricted to host peer-1, set <b>."))
  }
}
