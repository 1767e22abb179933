internal import Files
internal import Repository
internal import Verify

extension PageDrawing {
  /// How many concerns are listed at once; the rest is folded.
  private static let listedConcerns = 40

  func drawConcerns(_ markup: inout Markup) {
    markup.element("section", [("aria-labelledby", "concerns")]) { markup in
      markup.element("h2", [("id", "concerns")], text: "What needs you")
      let needs = needs
      if needs.isEmpty {
        let text =
          sets.isEmpty
          ? "Nothing is known yet: “redoubt-verify run” looks at the storage and at the nodes’ catalogs."
          : "Nothing: no damage, nothing missing, nothing overdue."
        markup.element("p", text: text)
      }
      list(needs, &markup)
      let notices = overview.concerns.filter { $0.severity == .notice }
      if !notices.isEmpty {
        markup.element("h3", [("class", "head")], text: "To be known")
        list(notices, &markup)
      }
    }
  }

  private func list(_ concerns: [Concern], _ markup: inout Markup) {
    if concerns.isEmpty { return }
    let groups = concerns.grouped
    list(groups.prefix(Self.listedConcerns), &markup)
    let rest = groups.dropFirst(Self.listedConcerns)
    if !rest.isEmpty {
      let count = rest.reduce(0) { $0 + 1 + $1.alike.count }
      fold("\(Words.grouped(count)) more", &markup) { list(rest, &$0) }
    }
  }

  private func list(_ groups: ArraySlice<ConcernGroup>, _ markup: inout Markup) {
    markup.element("ol", [("class", "concerns")]) { markup in
      for group in groups {
        markup.newline()
        markup.element("li", [("class", group.first.severity.style)]) { markup in
          draw(group.first, &markup)
          if !group.alike.isEmpty {
            let alone = group.alike.map { ConcernGroup(first: $0) }
            fold("and \(Words.grouped(group.alike.count)) alike", &markup) { list(alone[...], &$0) }
          }
        }
      }
    }
  }

  private func fold(_ summary: String, _ markup: inout Markup, _ content: (inout Markup) -> Void) {
    markup.element("details", [("class", "more")]) { markup in
      markup.element("summary", text: summary)
      content(&markup)
    }
  }

  private func draw(_ concern: Concern, _ markup: inout Markup) {
    markup.element("p") { markup in
      markup.element("span", [("class", "tag \(concern.severity.style)")], text: concern.kind.rawValue)
      markup.text(" ")
      if !concern.place.isEmpty {
        markup.element("strong") { markup in
          if let anchor = anchor(of: concern) {
            markup.element("a", [("href", "#\(anchor)")], text: Words.cut(concern.place))
          } else {
            markup.text(Words.cut(concern.place))
          }
        }
        markup.text(": ")
      }
      markup.text(Words.cut(concern.text))
      if let since = concern.since {
        markup.element("span", [("class", "muted")]) { markup in
          markup.text(", since ")
          markup.minute(since)
          markup.text(" (\(Words.span(made.seconds(since: since))))")
        }
      }
    }
    if let hint = concern.hint { markup.element("p", [("class", "small muted")], text: "Hint: \(Words.cut(hint))") }
    for damaged in self.damaged(concern) { draw(damaged, &markup) }
  }

  /// The damaged snapshots that a concern is about, the newest first.
  private func damaged(_ concern: Concern) -> [DamagedSnapshot] {
    guard concern.kind == .damage, let destination = concern.destination, let found = set(of: concern) else {
      return []
    }
    let place = found.set.overview.places.first { $0.destination == destination }
    return Array((place?.damaged ?? []).reversed().prefix(5))
  }

  private func draw(_ damaged: DamagedSnapshot, _ markup: inout Markup) {
    let shown = damaged.findings.prefix(20)
    if shown.isEmpty { return }
    markup.element("details", [("class", "more")]) { markup in
      let all = max(damaged.findingCount, damaged.findings.count)
      let part = shown.count < all ? ", the first \(shown.count) of them" : ""
      markup.element(
        "summary",
        text: "What was found in \(Words.cut(damaged.snapshot, to: 40)): \(Words.count(all, "finding"))\(part)")
      markup.element("ul", [("class", "findings")]) { markup in
        for finding in shown {
          markup.element("li") { markup in
            markup.element("strong", text: finding.code.rawValue)
            markup.text(" ")
            markup.element("code", text: Words.cut(finding.path))
            markup.text(" \(Words.cut(finding.detail))")
          }
        }
      }
    }
  }

  private func anchor(of concern: Concern) -> String? { set(of: concern).map { Self.anchor($0.number) } }
}

extension Concern.Severity {
  /// Class of the style sheet.
  var style: String {
    switch self {
    case .damage: "bad"
    case .overdue: "warn"
    case .notice: "note"
    }
  }
}
