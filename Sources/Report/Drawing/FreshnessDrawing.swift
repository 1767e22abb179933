internal import Files
internal import Policy

/// Draws, for each destination of a set, how old its copy is against what the class allows.
struct FreshnessDrawing {
  let freshness: SetFreshness
  let now: Timestamp

  func draw(_ markup: inout Markup) {
    markup.element("table", [("class", "bars")]) { markup in
      markup.element("caption", text: "Age of each copy, against what its class allows")
      markup.element("thead", [("class", "hidden")]) { markup in
        markup.element("tr") { markup in
          markup.element("th", [("scope", "col")], text: "Destination")
          markup.element("th", [("scope", "col")], text: "State")
        }
      }
      markup.element("tbody") { markup in
        for place in freshness.destinations { markup.element("tr") { draw(place, &$0) } }
      }
    }
  }

  private func draw(_ place: DestinationFreshness, _ markup: inout Markup) {
    markup.element("th", [("scope", "row"), ("class", "any")], text: place.name)
    markup.element("td") { markup in
      let state = place.timeliness
      markup.element("span", [("class", "tag \(state.style)")], text: state.words)
      if let last = place.lastSuccess {
        let age = max(0, now.seconds(since: last))
        markup.text(" \(Words.span(age)) old")
        if let interval = freshness.dataClass.frequency.interval {
          markup.text(", allowed \(Words.span(interval)) and \(Words.span(freshness.dataClass.grace)) of grace")
          drawBar(place, age: age, interval: interval, &markup)
        }
      }
      if let error = place.lastError {
        markup.element("p", [("class", "small")], text: "Last run: \(Words.cut(error))")
      }
    }
  }

  private func drawBar(_ place: DestinationFreshness, age: Int64, interval: Int64, _ markup: inout Markup) {
    let allowed = interval + freshness.dataClass.grace
    // A quarter more than what is allowed is always shown; of what is older, as much as there is.
    let end = Double(max(allowed + allowed / 4, age))
    func x(_ seconds: Int64) -> Double { Double(seconds) / end * 300 }
    func rectangle(_ style: String, _ from: Double, _ to: Double, y: String, height: String, _ markup: inout Markup) {
      markup.void(
        "rect",
        [
          ("class", style), ("x", Coordinate.text(from)), ("y", y), ("width", Coordinate.text(to - from)),
          ("height", height),
        ])
    }
    markup.element(
      "svg", [("class", "bar"), ("viewBox", "0 0 300 14"), ("preserveAspectRatio", "none"), ("role", "img")]
    ) { markup in
      markup.element("title", text: "\(place.name): \(Words.span(age)) of \(Words.span(allowed))")
      rectangle("allowed", 0, x(interval), y: "0", height: "14", &markup)
      rectangle("grace", x(interval), x(allowed), y: "0", height: "14", &markup)
      rectangle("past", x(allowed), 300, y: "0", height: "14", &markup)
      rectangle("age", 0, max(1, x(age)), y: "5", height: "4", &markup)
      rectangle("frame", 0, 300, y: "0", height: "14", &markup)
    }
  }
}

extension Timeliness {
  var words: String {
    switch self {
    case .inTime: "in time"
    case .due: "due"
    case .late: "late"
    case .overdue: "overdue"
    case .never: "never backed up"
    }
  }

  /// Class of the style sheet.
  var style: String {
    switch self {
    case .inTime: "good"
    case .due, .late: "warn"
    case .overdue, .never: "bad"
    }
  }
}

/// Numbers in drawings: one decimal, never an exponent.
enum Coordinate {
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let tenths = Int((min(max(value, -1e6), 1e6) * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let rest = tenths.magnitude % 10
    return "\(sign)\(tenths.magnitude / 10)\(rest == 0 ? "" : ".\(rest)")"
  }
}
