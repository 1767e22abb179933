internal import Files

/// Draws how many bytes are stored at each destination, day by day, with the same as a table of weeks.
struct StoredDrawing {
  let series: [StoredSeries]
  let first: Day

  private static let (width, height, top, bottom) = (320.0, 96.0, 16.0, 16.0)

  func draw(_ markup: inout Markup) {
    markup.element("figure") { markup in
      markup.element("figcaption", text: "Stored bytes")
      guard let days = series.map(\.bytes.count).max(), days > 0 else {
        markup.element("p", [("class", "small")], text: "Nothing is known to be stored.")
        return
      }
      drawChart(days, &markup)
      markup.element("ul", [("class", "small")]) { markup in
        for (index, each) in series.enumerated() { markup.element("li", text: words(index, each)) }
      }
      drawTable(days, &markup)
    }
  }

  private func words(_ index: Int, _ series: StoredSeries) -> String {
    let strokes = ["", "dashed: ", "dotted: "]
    let stroke = self.series.count > 1 ? (index == 0 ? "solid: " : strokes[min(index, 2)]) : ""
    let names = series.destinations.joined(separator: ", ") + (series.destinations.count > 1 ? " each" : "")
    let expires = series.expires ? "; what storage has freed by itself since is not taken off" : ""
    return "\(stroke)\(names) \(Words.bytes(series.bytes.last ?? 0))\(expires)"
  }

  private func drawChart(_ days: Int, _ markup: inout Markup) {
    let highest = Double(max(series.flatMap(\.bytes).max() ?? 0, 1))
    let base = Self.height - Self.bottom
    func x(_ day: Int) -> String { Coordinate.text(Double(day) / Double(days) * Self.width) }
    // Whole units: smaller steps cannot be seen.
    func y(_ bytes: UInt64) -> String {
      Coordinate.text((base - Double(bytes) / highest * (base - Self.top)).rounded())
    }
    markup.element("svg", [("class", "chart"), ("viewBox", "0 0 320 96"), ("role", "img")]) { markup in
      markup.element(
        "title", text: "Stored bytes from \(first.iso) to \(first.advanced(by: days - 1).iso)")
      markup.element(
        "desc", text: series.enumerated().map { words($0.offset, $0.element) }.joined(separator: "; "))
      for (index, each) in series.enumerated() {
        var drawn = y(each.bytes.first ?? 0)
        var steps = index == 0 ? "M0 \(Coordinate.text(base))V\(drawn)" : "M0 \(drawn)"
        for day in each.bytes.indices.dropFirst() where y(each.bytes[day]) != drawn {
          drawn = y(each.bytes[day])
          steps += "H\(x(day))V\(drawn)"
        }
        steps += "H\(x(days))"
        if index == 0 { steps += "V\(Coordinate.text(base))" }
        markup.void("path", [("class", index == 0 ? "curve area" : "curve dash\(min(index, 2))"), ("d", steps)])
      }
      markup.void("path", [("class", "axis"), ("d", "M0 \(Coordinate.text(base))H320")])
      markup.element("text", [("x", "0"), ("y", "92")], text: first.iso)
      markup.element(
        "text", [("x", "320"), ("y", "92"), ("text-anchor", "end")], text: first.advanced(by: days - 1).iso)
      markup.element(
        "text", [("class", "value"), ("x", "0"), ("y", "10")], text: "up to \(Words.bytes(UInt64(highest)))")
    }
  }

  private func drawTable(_ days: Int, _ markup: inout Markup) {
    markup.element("details", [("class", "more same")]) { markup in
      markup.element("summary", text: "Stored bytes as a table")
      markup.element("table") { markup in
        markup.element("thead") { markup in
          markup.element("tr") { markup in
            markup.element("th", [("scope", "col")], text: "End of")
            for each in series {
              markup.element(
                "th", [("class", "num"), ("scope", "col")], text: each.destinations.joined(separator: ", "))
            }
          }
        }
        markup.element("tbody") { markup in
          for day in rows(days) {
            markup.element("tr") { markup in
              markup.element("th", [("scope", "row")], text: first.advanced(by: day).iso)
              for each in series {
                let bytes = each.bytes.indices.contains(day) ? each.bytes[day] : 0
                markup.element("td", [("class", "num")], text: Words.bytes(bytes))
              }
            }
          }
        }
      }
    }
  }

  /// The Sundays after which something was different, and today.
  private func rows(_ days: Int) -> [Int] {
    var rows: [Int] = []
    for day in Array(stride(from: 6, to: days, by: 7)) + [days - 1] where rows.last != day {
      let isNew = rows.last.map { last in
        series.contains { $0.bytes.indices.contains(day) && $0.bytes[day] != $0.bytes[last] }
      }
      if isNew ?? true || day == days - 1 { rows.append(day) }
    }
    return rows
  }
}
