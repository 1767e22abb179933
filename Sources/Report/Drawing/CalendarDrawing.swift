internal import Files
internal import Repository

/// Draws a calendar as tables of weekdays and weeks, a quarter each.
struct CalendarDrawing {
  let calendar: SetCalendar
  let today: Day
  /// What the calendar is of, for its caption.
  let caption: String
  /// Whether also days with a backup and nothing else have a tip.
  var tellsOrdinaryDays = true

  private static let weeksPerTable = 13

  func draw(_ markup: inout Markup) {
    let weeks = calendar.days.count / 7
    markup.element("div", [("class", "quarters")]) { markup in
      for start in stride(from: 0, to: weeks, by: Self.weeksPerTable) {
        draw(weeks: start..<min(start + Self.weeksPerTable, weeks), &markup)
      }
    }
  }

  private func draw(weeks: Range<Int>, _ markup: inout Markup) {
    markup.newline()
    markup.element("table", [("class", "cal")]) { markup in
      let from = calendar.first.advanced(by: weeks.lowerBound * 7)
      let to = calendar.first.advanced(by: weeks.upperBound * 7 - 1)
      markup.element("caption", text: "\(caption), \(from.iso) to \(min(to, today).iso.dropFirst(5))")
      markup.element("colgroup") { markup in
        markup.void("col", [("class", "d")])
        markup.void("col", [("span", "\(weeks.count)")])
      }
      markup.element("thead") { drawHead(weeks, &$0) }
      markup.element("tbody") { markup in
        for weekday in 0..<7 {
          markup.element("tr") { markup in
            markup.element("th", [("scope", "row")], text: String(Day.weekdayName(weekday).prefix(3)))
            for week in weeks { draw(index: week * 7 + weekday, &markup) }
          }
        }
      }
    }
  }

  /// Months, and the day of the month that each week's Monday is.
  private func drawHead(_ weeks: Range<Int>, _ markup: inout Markup) {
    let mondays = weeks.map { calendar.first.advanced(by: $0 * 7) }
    markup.element("tr") { markup in
      markup.element("td") { _ in }
      var start = mondays.startIndex
      while start < mondays.endIndex {
        let month = mondays[start].month
        let end = mondays[start...].firstIndex { $0.month != month } ?? mondays.endIndex
        let name = mondays[start].monthName
        markup.element(
          "th", [("class", "m"), ("scope", "colgroup"), ("colspan", "\(end - start)")], text: name)
        start = end
      }
    }
    markup.element("tr") { markup in
      markup.element("td") { _ in }
      for monday in mondays { markup.element("th", [("scope", "col")], text: "\(monday.dayOfMonth)") }
    }
  }

  private func draw(index: Int, _ markup: inout Markup) {
    let report = calendar.days[index]
    let day = calendar.first.advanced(by: index)
    var classes = [report.backup.style]
    if report.foundDamage {
      classes.append("w")
    } else if let level = report.proven {
      classes.append("v\((VerificationLevel.allCases.firstIndex(of: level) ?? 0) + 1)")
    } else if report.volumes > 0 {
      classes.append("k")
    }
    if let drill = report.drill { classes.append(drill ? "r" : "q") }
    if day == today { classes.append("today") }
    var attributes: [Markup.Attribute] = [("class", classes.joined(separator: " "))]
    let words = report.words
    // A tip where a sign alone does not tell which day it is, or what.
    if report.isNotable || (tellsOrdinaryDays && report.backup == .made) {
      attributes.append(("title", "\(day.iso): \(words)"))
    }
    markup.element("td", attributes) { markup in
      if !words.isEmpty { markup.element("i", text: words) }
    }
  }
}

extension DayReport {
  /// Something else than an ordinary day.
  fileprivate var isNotable: Bool {
    proven != nil || volumes > 0 || foundDamage || drill != nil || backup == .partial || backup >= .missed
  }

  /// What a screen reader says of the day.
  var words: String {
    var words: [String] = []
    if let backup = backup.words { words.append(backup) }
    if foundDamage { words.append("damage found") }
    if let proven {
      words.append("proven \(proven.rawValue)")
    } else if volumes > 0 {
      words.append("\(Words.count(volumes, "volume")) proven")
    }
    if let drill { words.append(drill ? "drill" : "drill failed") }
    return words.joined(separator: ", ")
  }
}

extension DayReport.Backup {
  /// Class of the style sheet.
  var style: String {
    switch self {
    case .outside: "o"
    case .none: "n"
    case .unchanged: "u"
    case .made: "b"
    case .partial: "p"
    case .missed: "x"
    case .failed: "f"
    }
  }

  var words: String? {
    switch self {
    case .outside: nil
    case .none: "no run"
    case .unchanged: "unchanged"
    case .made: "backup"
    case .partial: "backup, not everywhere"
    case .missed: "missed"
    case .failed: "failed"
    }
  }
}
