import Glibc
import Files
import Policy
import Report
import Repository
import Testing
import Verify

/// That people can read the page, whatever they read it with.
@Suite struct ReadabilityTests {
  @Test(arguments: ["safe", "trouble", "empty", "fleet"]) func itsStructureIsThere(_ name: String) throws {
    let page = try StrictPage(try SamplePages.named(name).html)
    #expect(page.root["lang"] == "en")
    for landmark in ["header", "main", "footer", "nav"] { #expect(page.all(landmark).count == 1, "\(landmark)") }
    // Headings begin with one h1 and leave out no level.
    let levels = page.all().compactMap { $0.name.wholeMatch(of: /h([1-4])/).flatMap { Int($0.output.1) } }
    #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
    for (one, next) in zip(levels, levels.dropFirst()) { #expect(next <= one + 1) }
    let names = Set(page.all().compactMap { $0["id"] })
    for section in page.all("section") { #expect(section["aria-labelledby"].map(names.contains) == true) }
    for region in page.all() where region["role"] == "region" { #expect(region["aria-label"]?.isEmpty == false) }
  }

  @Test(arguments: ["safe", "trouble"]) func tablesAndDrawingsAreNamed(_ name: String) throws {
    let page = try StrictPage(try SamplePages.named(name).html)
    #expect(!page.all("table").isEmpty && !page.all("svg").isEmpty)
    for table in page.all("table") where table["aria-hidden"] == nil {
      #expect(!table.all("th").isEmpty)
      for head in table.all("th") { #expect(["col", "row", "colgroup"].contains(head["scope"]), "\(head.text)") }
    }
    for calendar in page.all(class: "cal") where calendar["aria-hidden"] == nil {
      #expect(calendar.all("caption").count == 1)
    }
    for drawing in page.all("svg") where drawing["aria-hidden"] == nil {
      #expect(drawing["role"] == "img")
      #expect(drawing.elements.first?.name == "title" && drawing.elements.first?.text.isEmpty == false)
    }
    // A chart has a description, and a table beside it with the same.
    for chart in page.all(class: "chart") {
      #expect(chart.elements.dropFirst().first?.name == "desc")
      let figure = try #require(chart.parent)
      #expect(figure.name == "figure" && figure.all("table").count == 1)
    }
    // Each day that has a sign has words.
    for day in page.all(class: "cal").flatMap({ $0.all("td") }) where day.parent?.parent?.parent?["aria-hidden"] == nil
    {
      let style = (day["class"] ?? "o").prefix(1)
      #expect(style == "o" || !day.text.isEmpty)
    }
  }

  /// Each rule of the style sheet that says what stands on what, and what stands on the page and its cards.
  @Test(arguments: ["light", "dark"]) func contrastsSuffice(_ scheme: String) throws {
    let sheet = try #require(StrictPage(try SamplePages.empty().html).all("style").first?.text)
    let blocks = sheet.matches(of: /:root\{(?<all>[^}]*--page[^}]*)\}/).map { String($0.output.all) }
    #expect(blocks.count == 2)
    let colors = Color.all(in: try #require(scheme == "light" ? blocks.first : blocks.last))
    #expect(colors.count > 20)
    func check(_ front: String, _ back: String, _ least: Double) throws {
      let ratio = Color.contrast(try #require(colors[front]), try #require(colors[back]))
      #expect(ratio >= least, "\(front) on \(back): \(ratio)")
    }
    var pairs = 0
    for rule in sheet.matches(of: /\{(?<body>[^{}]*)\}/) {
      let body = rule.output.body
      guard let front = body.firstMatch(of: /(?:^|;)color:var\(--(?<name>[a-z-]+)\)/)?.output.name else { continue }
      let back = body.firstMatch(of: /background:var\(--(?<name>[a-z-]+)\)/)?.output.name
      for back in back.map({ [String($0)] }) ?? ["page", "card"] {
        try check(String(front), back, 4.5)
        pairs += 1
      }
    }
    #expect(pairs > 15)
    for tint in ["good-tint", "bad-tint"] { try check("text", tint, 4.5) }
    // WCAG 1.4.11: what a drawing is made of.
    for (front, back) in [
      ("proof", "card"), ("fail", "card"), ("miss-sign", "card"), ("curve", "card"), ("curve", "fill"),
      ("made", "card"),
      ("text", "same"), ("text", "warn-tint"), ("text", "bad-tint"), ("muted", "card"), ("link", "page"),
      ("link", "card"),
    ] { try check(front, back, 3) }
  }

  @Test func aFleetIsFolded() throws {
    let page = try SamplePages.fleet(sets: 40)
    let strict = try StrictPage(page.html)
    let sets = strict.all(class: "set")
    #expect(sets.count == 40)
    let troubled = Set(
      page.overview.concerns.filter { $0.severity > .notice }.map { "\($0.host ?? "")/\($0.set ?? "")" })
    #expect(!troubled.isEmpty)
    for set in sets {
      let name = set.all("h4").first?.text ?? ""
      #expect((set["open"] != nil) == troubled.contains(name), "\(name)")
      #expect((set.parent?["class"] == "more rest") == !troubled.contains(name), "\(name)")
    }
  }

  @Test func aThousandSetsHaveRoom() throws {
    let sizes = try [30, 60].map { Double(try SamplePages.fleet(sets: $0).html.count) }
    let perSet = (sizes[1] - sizes[0]) / 30
    // What redoubt-verify(1) says: about 10 KB a set.
    #expect(perSet < 11_000 && perSet > 5_000, "\(perSet) bytes a set")
    #expect(sizes[0] + 970 * perSet < 11e6)
  }
}

/// A color of the style sheet.
private enum Color {
  static func all(in block: String) -> [String: [Double]] {
    var colors: [String: [Double]] = [:]
    for match in block.matches(of: /--(?<name>[a-z-]+):#(?<hex>[0-9a-f]{6})/) {
      guard let value = Int(match.output.hex, radix: 16) else { continue }
      colors[String(match.output.name)] = [16, 8, 0].map { Double(value >> $0 & 255) / 255 }
    }
    return colors
  }

  /// WCAG 2.2: relative luminance of the lighter and the darker, each with 0.05.
  static func contrast(_ one: [Double], _ other: [Double]) -> Double {
    func luminance(_ color: [Double]) -> Double {
      let linear = color.map { $0 <= 0.04045 ? $0 / 12.92 : Self.power(($0 + 0.055) / 1.055) }
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
    let pair = [luminance(one), luminance(other)].sorted()
    return (pair[1] + 0.05) / (pair[0] + 0.05)
  }

  private static func power(_ value: Double) -> Double { pow(value, 2.4) }
}
