internal import Files
internal import Repository
internal import Verify

/// The table of what was proven of a set, by level and destination, and when the next proof is due.
struct ProofDrawing {
  let places: [PlaceOverview]
  let now: Timestamp

  func draw(_ markup: inout Markup) {
    if places.isEmpty { return }
    markup.element("div", places.count > 3 ? scrolling : []) { markup in
      markup.element("table", [("class", "proofs")]) { markup in
        markup.element("caption", text: "Last proofs, by level")
        markup.element("thead") { markup in
          row("Level", "col", &markup) { place, markup in
            markup.element("th", [("scope", "col"), ("class", "any")], text: place.destination)
          }
        }
        markup.element("tbody") { markup in
          for level in VerificationLevel.allCases {
            row(level.rawValue, "row", &markup) { place, markup in
              markup.element("td") { draw(place.proofs[level], &$0) }
            }
          }
          if places.contains(where: { !$0.damaged.isEmpty }) {
            row("damaged", "row", &markup) { place, markup in
              let text = place.damaged.isEmpty ? "none" : Words.count(place.damaged.count, "snapshot")
              markup.element("td") { markup in
                markup.element("span", place.damaged.isEmpty ? [] : [("class", "tag bad")], text: text)
              }
            }
          }
          if places.contains(where: { !$0.acknowledged.isEmpty }) {
            row("acknowledged", "row", &markup) { place, markup in
              let count = place.acknowledged.count
              markup.element("td", text: count == 0 ? "none" : Words.count(count, "snapshot"))
            }
          }
          row("next proof", "row", &markup) { place, markup in markup.element("td") { drawDue(place, &$0) } }
        }
      }
    }
  }

  /// More columns than a phone is wide scroll by themselves, also with the keyboard.
  private let scrolling: [Markup.Attribute] = [
    ("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", "Last proofs, by level"),
  ]

  private func row(
    _ name: String, _ scope: String, _ markup: inout Markup, _ cell: (PlaceOverview, inout Markup) -> Void
  ) {
    markup.element("tr") { markup in
      markup.element("th", [("scope", scope)], text: name)
      for place in places { cell(place, &markup) }
    }
  }

  private func draw(_ proof: SnapshotProof?, _ markup: inout Markup) {
    if let proof { markup.day(proof.time) } else { markup.element("span", [("class", "muted")], text: "never") }
  }

  private func drawDue(_ place: PlaceOverview, _ markup: inout Markup) {
    if place.standing == .none {
      markup.element("span", [("class", "muted")], text: place.isWatched ? "none is asked" : "not read by this keeper")
      return
    }
    let style = place.standing == .proven ? "good" : place.standing == .overdue ? "bad" : "warn"
    markup.element("span", [("class", "tag \(style)")], text: place.standing.words)
    if let due = place.proofDue {
      markup.text(due < now ? " since " : " by ")
      markup.day(due)
    }
    if let unchecked = place.lastUnchecked {
      markup.element("p", [("class", "small")]) { markup in
        markup.text("Not checked ")
        markup.day(unchecked.time)
        markup.text(": \(Words.cut(unchecked.reason, to: 120))")
      }
    }
  }
}

extension ProofStanding {
  fileprivate var words: String {
    switch self {
    case .proven: "in time"
    case .notYet: "first one due"
    case .due: "due"
    case .overdue: "overdue"
    case .none: "none"
    }
  }
}
