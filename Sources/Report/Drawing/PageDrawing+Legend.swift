extension PageDrawing {
  /// What the calendars' signs mean.
  func drawLegend(_ markup: inout Markup) {
    let days: [(String, String)] =
      ([.made, .unchanged, .partial, .failed, .missed, .none] as [DayReport.Backup]).map {
        ($0.style, Self.meaning($0))
      }
    let proofs: [(String, String)] = [
      ("o v1", "proven present"), ("o v2", "intact"), ("o v3", "readable"), ("o v4", "restored"),
      ("o k", "single volumes proven"),
      ("o v4 r", "restore drill"), ("o q", "drill not sound"), ("o w", "damage found"),
    ]
    markup.element("details", [("class", "more"), ("open", "open")]) { markup in
      markup.element("summary", text: "How to read the calendars")
      markup.element("ul", [("class", "legend")]) { markup in
        for (style, meaning) in days + proofs {
          markup.element("li") { markup in
            markup.element("table", [("class", "cal"), ("aria-hidden", "true")]) { markup in
              markup.element("tbody") { markup in
                markup.element("tr") { markup in markup.element("td", [("class", style)]) { _ in } }
              }
            }
            markup.text(meaning)
          }
        }
      }
    }
  }

  private static func meaning(_ backup: DayReport.Backup) -> String {
    switch backup {
    case .outside: "not known"
    case .none: "no run, none overdue"
    case .unchanged: "looked, nothing had changed"
    case .made: "backup made"
    case .partial: "made, but not at every destination"
    case .missed: "missed: older than allowed"
    case .failed: "failed"
    }
  }
}
