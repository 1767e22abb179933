internal import Files
internal import Repository
internal import Verify

extension PageDrawing {
  /// Figures of everything, and of each class.
  func drawTiles(_ markup: inout Markup) {
    guard !sets.isEmpty else { return }
    markup.element("section", [("aria-labelledby", "figures")]) { markup in
      markup.element("h2", [("id", "figures")], text: "In figures")
      markup.element("dl", [("class", "tiles")]) { markup in
        let copies = sets.filter { $0.overview.retired == nil }.flatMap(\.overview.freshness.destinations)
        let fresh = copies.count { !$0.timeliness.isOverdue }
        tile("Copies that are fresh", "\(Words.grouped(fresh)) of \(Words.grouped(copies.count))", "", &markup)
        let asked = sets.flatMap(\.overview.places).filter { $0.standing != .none }
        let proven = asked.count { $0.standing == .proven && $0.damaged.isEmpty }
        let oldest = asked.compactMap(\.newestProven?.time).min()
        tile(
          "Copies proven as asked", "\(Words.grouped(proven)) of \(Words.grouped(asked.count))",
          oldest.map { "the oldest proof is of \(ago($0))" } ?? "", &markup)
        let drill = sets.compactMap(\.overview.lastDrill).max { $0.time < $1.time }
        tile(
          "Last restore drill", drill.map { ago($0.time) } ?? "none",
          drill.map { $0.result == .sound ? "sound, in \(Words.duration($0.seconds))" : "not sound" } ?? "", &markup)
        tile("Stored, each copy counted", Words.bytes(storedNow), "", &markup)
        if let last = page.lastRun {
          let left = last.run.left
          tile(
            "Still due after the last run", left.objects == 0 ? "nothing" : Words.bytes(left.bytes),
            "it ran \(ago(last.time))", &markup)
        }
        let test = overview.selfTest
        tile(
          "Would damage be noticed?", test.last.map { $0.passed ? "yes" : "no" } ?? "not tested",
          test.time.map { "tested \(ago($0))" } ?? "", &markup)
      }
    }
  }

  private func tile(_ name: String, _ value: String, _ note: String, _ markup: inout Markup) {
    markup.element("div") { markup in
      markup.element("dt", text: name)
      markup.element("dd") { markup in
        markup.text(value)
        if !note.isEmpty { markup.element("span", text: note) }
      }
    }
  }

  private var storedNow: UInt64 {
    sets.flatMap(\.stored).reduce(0) { $0 + ($1.bytes.last ?? 0) * UInt64($1.destinations.count) }
  }
}
