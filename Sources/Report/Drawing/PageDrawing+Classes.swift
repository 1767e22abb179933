internal import Files
internal import Policy
internal import Verify

extension PageDrawing {
  func drawClasses(_ markup: inout Markup) {
    guard !classes.isEmpty else { return }
    markup.element("section", [("aria-labelledby", "classes")]) { markup in
      markup.element("h2", [("id", "classes")], text: "Classes and sets")
      drawSummary(&markup)
      drawLegend(&markup)
      var number = 1
      for each in classes {
        if isDrawn(each) { draw(each, firstSet: number, &markup) }
        number += each.sets.count
      }
    }
  }

  /// A line a class: how many sets it has and how they stand.
  private func drawSummary(_ markup: inout Markup) {
    markup.element("div", [("class", "card")]) { markup in
      markup.element("table", [("class", "bars")]) { markup in
        markup.element("caption", text: "Sets by class")
        markup.element("thead") { markup in
          markup.element("tr") { markup in
            markup.element("th", [("scope", "col")], text: "Class")
            for name in ["Sets", "Need you"] {
              markup.element("th", [("scope", "col"), ("class", "num")], text: name)
            }
            markup.element("th", [("scope", "col")], text: "Oldest copy")
          }
        }
        markup.element("tbody") { markup in
          for (number, each) in classes.enumerated() {
            markup.element("tr") { row(each, number, &$0) }
          }
        }
      }
    }
  }

  private func row(_ each: ClassReport, _ number: Int, _ markup: inout Markup) {
    markup.element("th", [("scope", "row")]) { markup in
      if isDrawn(each) {
        markup.element("a", [("href", "#class-\(number + 1)")], text: each.dataClass.name)
      } else {
        markup.text(each.dataClass.name)
      }
    }
    markup.element(
      "td", [("class", "num")], text: each.dataClass.isOffline ? "offline" : Words.grouped(each.sets.count))
    markup.element("td", [("class", "num")], text: Words.grouped(each.sets.count { isTroubled($0) }))
    markup.element("td") { markup in
      let times = each.sets.filter { $0.overview.retired == nil }.flatMap {
        $0.overview.freshness.destinations.map(\.lastSuccess)
      }
      if times.contains(nil) {
        markup.text("one was never made")
      } else if let oldest = times.compactMap(\.self).min() {
        markup.text(Words.span(made.seconds(since: oldest)))
      }
    }
  }

  private func draw(_ each: ClassReport, firstSet: Int, _ markup: inout Markup) {
    let number = (classes.firstIndex { $0.dataClass.name == each.dataClass.name } ?? 0) + 1
    markup.newline()
    markup.element("section", [("class", "class"), ("aria-labelledby", "class-\(number)")]) { markup in
      markup.element("div", [("class", "head")]) { markup in
        markup.element("h3", [("id", "class-\(number)")], text: each.dataClass.name)
        markup.element("p", [("class", "muted small")], text: each.dataClass.rules)
      }
      if each.dataClass.isOffline { drawAttestations(each.dataClass, &markup) }
      if each.sets.count > 1 { drawClassCalendar(each, firstSet: firstSet, &markup) }
      let ordered = ordered(each, firstSet: firstSet)
      let troubled = isFleet ? ordered.prefix { isTroubled($0.set) } : ordered[...]
      for item in troubled { draw(item.set, number: item.number, &markup) }
      let rest = ordered.dropFirst(troubled.count)
      if !rest.isEmpty {
        markup.element("details", [("class", "more rest")]) { markup in
          markup.element("summary", text: "\(Words.count(rest.count, "set")) that need nobody")
          for item in rest { draw(item.set, number: item.number, &markup) }
        }
      }
    }
  }

  /// Those that need somebody first.
  private func ordered(_ each: ClassReport, firstSet: Int) -> [(set: SetReport, number: Int)] {
    let numbered = each.sets.enumerated().map { (set: $0.element, number: firstSet + $0.offset) }
    return numbered.filter { isTroubled($0.set) } + numbered.filter { !isTroubled($0.set) }
  }

  private func drawAttestations(_ dataClass: DataClass, _ markup: inout Markup) {
    let statuses = overview.attestations.filter { $0.dataClass == dataClass.name }
    markup.element("div", [("class", "card")]) { markup in
      if statuses.isEmpty { markup.element("p", text: "Kept offline, and tested by people.") }
      for status in statuses {
        markup.element("p") { markup in
          let style = status.isOverdue ? "warn" : "good"
          markup.element("span", [("class", "tag \(style)")], text: status.isOverdue ? "overdue" : "tested")
          if let host = status.host { markup.text(" \(host): ") }
          guard let last = status.last, let time = status.time else {
            markup.text(" Kept offline. No person has attested that recovery was tested.")
            return
          }
          markup.text(" Recovery was last tested ")
          markup.day(time)
          markup.text(", \(ago(time)), as \(Words.cut(last.by, to: 80)) attests: \(Words.cut(last.note))")
        }
      }
    }
  }

  /// The class as a whole: the worst of each day, and its sets in a line each.
  private func drawClassCalendar(_ each: ClassReport, firstSet: Int, _ markup: inout Markup) {
    let calendar = SetCalendar(
      worstOf: each.sets.map(\.calendar), first: Day(made).monday.advanced(by: -7 * (page.weeks - 1)),
      weeks: page.weeks)
    markup.element("div", [("class", "card body")]) { markup in
      markup.element("div", [("class", "col")]) { markup in
        markup.element("div") { markup in
          CalendarDrawing(calendar: calendar, today: Day(made), caption: "The worst of each day").draw(&markup)
          CalendarWords(calendar: calendar).draw(&markup)
        }
      }
      markup.element("div", [("class", "col")]) { drawList(ordered(each, firstSet: firstSet), &$0) }
    }
  }

  private func drawList(_ sets: [(set: SetReport, number: Int)], _ markup: inout Markup) {
    let shown = sets.prefix(8)
    markup.element("table", [("class", "bars")]) { markup in
      let rest = shown.count < sets.count ? ", \(shown.count) of them" : ""
      markup.element("caption", text: Words.count(sets.count, "set") + rest)
      markup.element("thead", [("class", "hidden")]) { markup in
        markup.element("tr") { markup in
          for name in ["Set", "State"] { markup.element("th", [("scope", "col")], text: name) }
        }
      }
      markup.element("tbody") { markup in
        for (set, number) in shown {
          markup.element("tr") { markup in
            markup.element("th", [("scope", "row"), ("class", "any wide")]) { markup in
              markup.element("a", [("href", "#\(Self.anchor(number))")], text: set.overview.name)
            }
            markup.element("td") { drawState(set, &$0) }
          }
        }
      }
    }
  }

  private func isDrawn(_ each: ClassReport) -> Bool { !each.sets.isEmpty || each.dataClass.isOffline }

  func isTroubled(_ set: SetReport) -> Bool { concern(of: set) != nil }
}

extension DataClass {
  /// What the frequency table asks of it, in words.
  fileprivate var rules: String {
    if isOffline { return "offline only; recovery tested every \(Words.span(verificationInterval))" }
    var words = "backed up \(frequency.rawValue.replacing("-", with: " "))"
    words += ", every copy proven every \(Words.span(verificationInterval))"
    if let drillInterval { words += ", a restore drilled every \(Words.span(drillInterval))" }
    return words
  }
}
