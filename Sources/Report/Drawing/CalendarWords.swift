internal import Files
internal import Repository

/// What a calendar shows, in words: days that are alike in a row are one span.
struct CalendarWords {
  let calendar: SetCalendar

  struct Line: Equatable {
    var name: String
    var days: String
  }

  var lines: [Line] {
    let states: [(DayReport.Backup, String)] = [
      (.failed, "Failed"), (.missed, "Missed"), (.partial, "Backed up, but not at every destination"),
      (.made, "Backed up"), (.unchanged, "Looked at, unchanged"), (.none, "No run, none overdue"),
    ]
    var lines = states.map { state, name in line(name) { $0.backup == state } }
    lines.insert(line("Verification found damage") { $0.foundDamage }, at: 0)
    for level in VerificationLevel.allCases.reversed() {
      lines.append(line("Proven \(level.rawValue)") { $0.proven == level })
    }
    lines.append(line("Single volumes proven") { $0.volumes > 0 && $0.proven == nil })
    lines.append(line("Restore drills") { $0.drill == true })
    lines.append(line("Drills that were not sound") { $0.drill == false })
    return lines.filter { !$0.days.isEmpty }
  }

  func draw(_ markup: inout Markup) {
    let lines = lines
    guard !lines.isEmpty else { return }
    markup.element("details", [("class", "more same")]) { markup in
      markup.element("summary", text: "The calendar in words")
      markup.element("dl") { markup in
        for line in lines {
          markup.element("dt", [("class", "muted")], text: line.name)
          markup.element("dd", text: line.days)
        }
      }
    }
  }

  private func line(_ name: String, _ matches: (DayReport) -> Bool) -> Line {
    var spans: [String] = []
    var days = 0
    var index = 0
    while index < calendar.days.count {
      guard matches(calendar.days[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < calendar.days.count, matches(calendar.days[index]) { index += 1 }
      days += index - start
      let first = calendar.first.advanced(by: start).iso
      let last = calendar.first.advanced(by: index - 1)
      spans.append(index - start == 1 ? first : "\(first) to \(last.iso.dropFirst(5))")
    }
    return Line(name: "\(name): \(Words.count(days, "day"))", days: spans.joined(separator: ", "))
  }
}
