internal import Files
internal import Policy
internal import Verify

extension PageDrawing {
  func draw(_ set: SetReport, number: Int, _ markup: inout Markup) {
    let overview = set.overview
    markup.newline()
    markup.element("details", [("class", "set")] + (!isFleet || isTroubled(set) ? [("open", "open")] : [])) { markup in
      markup.element("summary") { markup in
        markup.element("h4", [("class", "any")], text: Words.cut(overview.name, to: 160))
        markup.text(" ")
        drawState(set, &markup)
      }
      // A fragment inside: a browser that is sent there opens the fold.
      markup.element("div", [("class", "body"), ("id", Self.anchor(number))]) { markup in
        markup.element("div", [("class", "col")]) { markup in
          markup.element("div") { markup in
            CalendarDrawing(
              calendar: set.calendar, today: Day(made), caption: "Backups and proofs", tellsOrdinaryDays: !isFleet
            ).draw(&markup)
            CalendarWords(calendar: set.calendar).draw(&markup)
          }
          StoredDrawing(series: set.stored, first: set.calendar.first).draw(&markup)
        }
        markup.element("div", [("class", "col")]) { markup in
          if let retired = overview.retired {
            draw(retired, &markup)
          } else {
            FreshnessDrawing(freshness: overview.freshness, now: made).draw(&markup)
            drawFailure(overview.freshness, &markup)
          }
          ProofDrawing(places: overview.places, now: made).draw(&markup)
          DrillDrawing(drills: set.drills, overview: overview, now: made).draw(&markup)
        }
      }
    }
  }

  /// The worst that there is to say of a set, and the last of each.
  func drawState(_ set: SetReport, _ markup: inout Markup) {
    if let concern = concern(of: set) {
      markup.element("span", [("class", "tag \(concern.severity.style)")], text: concern.kind.rawValue)
    } else if set.overview.retired != nil {
      markup.element("span", [("class", "tag note")], text: "retired")
    } else {
      let state = set.overview.freshness.timeliness
      markup.element("span", [("class", "tag \(state.style)")], text: state.words)
    }
    markup.text(" ")
    markup.element("span", [("class", "brief")], text: brief(set.overview))
  }

  private func draw(_ retired: RetirementNote, _ markup: inout Markup) {
    markup.element("p") { markup in
      markup.element("span", [("class", "tag note")], text: "retired")
      markup.text(" ")
      markup.minute(retired.time)
      markup.text(" by \(Words.cut(retired.by, to: 80)): \(Words.cut(retired.note)). Nothing more is asked of it.")
    }
  }

  private func drawFailure(_ freshness: SetFreshness, _ markup: inout Markup) {
    if let failure = freshness.lastFailure, let time = freshness.lastFailureTime {
      markup.element("p", [("class", "small")]) { markup in
        markup.element("span", [("class", "tag bad")], text: "failed")
        markup.text(" ")
        markup.minute(time)
        markup.text(": \(Words.cut(failure.reason))")
      }
    }
    if let future = freshness.futureRecord {
      markup.element("p", [("class", "small")]) { markup in
        markup.text("Its last record is dated ")
        markup.minute(future)
        markup.text(", later than now: a clock was wrong.")
      }
    }
  }

  /// The last of each, for a fold that is closed.
  private func brief(_ set: SetOverview) -> String {
    var words: [String] = []
    if let last = set.freshness.lastSuccess, set.retired == nil {
      words.append("\(Words.span(made.seconds(since: last))) old")
    }
    let proven = set.places.filter { $0.standing != .none }.map(\.newestProven)
    if let oldest = proven.compactMap(\.self).min(by: { $0.time < $1.time }), !proven.contains(nil) {
      words.append("proven \(oldest.level.rawValue) \(ago(oldest.time))")
    } else if !proven.isEmpty {
      words.append("not all copies proven")
    }
    if let drill = set.lastDrill { words.append("drill \(ago(drill.time))") }
    return words.joined(separator: ", ")
  }
}
