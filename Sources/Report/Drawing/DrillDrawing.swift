internal import Files
internal import Repository
internal import Verify

/// Draws how long restores took, drill by drill, with the same as a table.
struct DrillDrawing {
  /// Oldest first.
  let drills: [DrillReport]
  let overview: SetOverview
  let now: Timestamp

  /// The last ones alone are drawn.
  private static let limit = 16
  private static let (width, height, top, bottom) = (320.0, 110.0, 18.0, 18.0)

  private var shown: [DrillReport] { Array(drills.suffix(Self.limit)) }

  func draw(_ markup: inout Markup) {
    markup.element("figure") { markup in
      markup.element("figcaption", text: "Restore drills: time until the tree was there")
      if drills.isEmpty {
        markup.element("p", [("class", "small")], text: "None so far.")
      } else if drills.count > 1 {
        drawChart(&markup)
      }
      drawDue(&markup)
      if !drills.isEmpty { drawTable(&markup) }
    }
  }

  private func drawDue(_ markup: inout Markup) {
    guard let due = overview.drillDue else { return }
    markup.element("p", [("class", "small")]) { markup in
      if let overdue = overview.drillOverdueFrom, now > overdue {
        markup.element("span", [("class", "tag bad")], text: "overdue")
        markup.text(" since ")
        markup.day(overdue)
      } else {
        markup.text(due < now ? "The next one is due since " : "The next one is due ")
        markup.day(due)
      }
    }
  }

  private func drawChart(_ markup: inout Markup) {
    let shown = shown
    let highest = max(shown.map(\.drill.seconds.restore).filter(\.isFinite).max() ?? 0, 0.001)
    let (first, last) = (shown[0].time.seconds, shown[shown.count - 1].time.seconds)
    let points = shown.map { each in
      let position = last > first ? Double(each.time.seconds - first) / Double(last - first) : 0.5
      let seconds = each.drill.seconds.restore
      let share = seconds.isFinite ? min(max(seconds / highest, 0), 1) : 0
      return (
        x: 24 + position * (Self.width - 48),
        y: Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
      )
    }
    markup.element(
      "svg", [("class", "chart"), ("viewBox", "0 0 320 110"), ("role", "img")]
    ) { markup in
      markup.element("title", text: "Restore times of the last \(Words.count(shown.count, "drill"))")
      markup.element("desc", text: "\(trend). The table below has each.")
      let base = Coordinate.text(Self.height - Self.bottom)
      markup.void("path", [("class", "axis"), ("d", "M0 \(base)H320")])
      if points.count > 1 {
        let line = points.map { "\(Coordinate.text($0.x)),\(Coordinate.text($0.y))" }.joined(separator: " ")
        markup.void("polyline", [("class", "curve"), ("points", line)])
      }
      for (index, point) in points.enumerated() {
        let isSound = shown[index].drill.result == .sound
        markup.void(
          "circle",
          [
            ("class", isSound ? "dot" : "lost"), ("cx", Coordinate.text(point.x)), ("cy", Coordinate.text(point.y)),
            ("r", "4"),
          ])
        guard labelled(index, of: points.count) else { continue }
        label(Words.duration(shown[index].drill.seconds.restore), "value", point.x, point.y - 8, &markup)
        let day = String(shown[index].time.rfc3339.prefix(10))
        label(
          points.count > 5 ? String(day.prefix(7)) : String(day.dropFirst(2)), "", point.x, Self.height - 4, &markup)
      }
    }
  }

  /// So many that they do not stand on each other.
  private func labelled(_ index: Int, of count: Int) -> Bool {
    count <= 5 || index == 0 || index == count - 1 || (count - 1 - index) % ((count + 3) / 4) == 0 && index > count / 8
  }

  private func label(_ text: String, _ style: String, _ x: Double, _ y: Double, _ markup: inout Markup) {
    var attributes: [Markup.Attribute] = [
      ("x", Coordinate.text(x)), ("y", Coordinate.text(y)), ("text-anchor", "middle"),
    ]
    if !style.isEmpty { attributes.append(("class", style)) }
    markup.element("text", attributes, text: text)
  }

  private var trend: String {
    let sound = drills.filter { $0.drill.result == .sound }.map(\.drill.seconds.restore)
    guard let last = sound.last else { return "None of them was sound" }
    guard sound.count > 1 else { return "The one sound drill took \(Words.duration(last))" }
    let earlier = sound.dropLast().sorted()
    let median = earlier[earlier.count / 2]
    return "The last sound one took \(Words.duration(last)); half of those before took up to \(Words.duration(median))"
  }

  private func drawTable(_ markup: inout Markup) {
    markup.element("p", [("class", "small")], text: "\(trend).")
    markup.element("details", [("class", "more")]) { markup in
      markup.element("summary", text: "The drills as a table")
      markup.element("div", [("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", "Drills")]) {
        markup in
        markup.element("table") { markup in
          markup.element("thead") { markup in
            markup.element("tr") { markup in
              for name in ["Day", "Result", "Restore", "Age of the data", "From", "Checks"] {
                markup.element("th", [("scope", "col")], text: name)
              }
            }
          }
          markup.element("tbody") { markup in
            for drill in shown.reversed() { markup.element("tr") { row(drill, &$0) } }
          }
        }
      }
    }
  }

  private func row(_ report: DrillReport, _ markup: inout Markup) {
    let drill = report.drill
    markup.element("th", [("scope", "row")]) { $0.day(report.time) }
    markup.element("td") { markup in
      markup.element("span", [("class", "tag \(drill.result.style)")], text: drill.result.rawValue)
      if let reason = drill.reason { markup.text(" \(Words.cut(reason, to: 120))") }
    }
    markup.element("td", text: Words.duration(drill.seconds.restore))
    markup.element("td", text: Words.span(drill.age))
    markup.element("td", text: drill.destination + (drill.standardTools ? ", with standard tools alone" : ""))
    markup.element("td") { markup in
      let failed = drill.checks.filter { !$0.passed }
      if drill.checks.isEmpty {
        markup.text("none")
      } else if failed.isEmpty {
        markup.text("\(Words.count(drill.checks.count, "check")) passed")
      }
      for check in failed {
        markup.element("p") { markup in
          markup.text("\(Words.cut(check.name, to: 80)) failed: \(Words.cut(check.ending, to: 120)) ")
          markup.element("code", text: Words.cut(check.output, to: 200))
        }
      }
      if let by = drill.by { markup.element("p", [("class", "muted")], text: "by \(Words.cut(by, to: 80))") }
      if let note = drill.note { markup.element("p", [("class", "muted")], text: Words.cut(note, to: 200)) }
    }
  }
}

extension VerificationResult {
  /// Class of the style sheet.
  var style: String {
    switch self {
    case .sound: "good"
    case .damaged: "bad"
    case .unchecked: "warn"
    }
  }
}
