internal import Files
internal import Verify

/// What is around the parts: head, answer, contents, foot.
extension PageDrawing {
  func drawHead(_ markup: inout Markup) {
    markup.void("meta", [("charset", "utf-8")])
    markup.void("meta", [("name", "generator"), ("content", "\(Self.program) \(page.version)")])
    // Whatever should ever get through the escaping: nothing is loaded and nothing runs.
    markup.void(
      "meta",
      [
        ("http-equiv", "Content-Security-Policy"),
        ("content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"),
      ])
    markup.void("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
    markup.void("meta", [("name", "color-scheme"), ("content", "light dark")])
    markup.void("meta", [("name", "robots"), ("content", "noindex")])
    markup.element("title", text: "Redoubt: \(page.answer)")
    markup.style(Stylesheet.text)
  }

  func drawAnswer(_ markup: inout Markup) {
    markup.element("header", [("class", overview.isSafe ? "safe" : "unsafe")]) { markup in
      markup.element("div", [("class", "wrap")]) { markup in
        markup.element("div", [("class", "answer")]) { markup in
          drawShield(&markup)
          markup.element("h1", text: page.answer.prefix(1).uppercased() + page.answer.dropFirst())
        }
        markup.element("p", text: explanation)
        if !page.scope.isEmpty {
          markup.element("p") { markup in
            markup.element("strong", text: "Not everything is on this page: ")
            markup.text("it is restricted to \(page.scope.joined(separator: ", ")).")
          }
        }
        markup.element("p", [("class", "made")]) { markup in
          markup.text("Made ")
          markup.minute(made)
          markup.text(" from \(Words.count(page.records.count, "record")) of this keeper’s catalog")
          if let head = page.records.heads.first {
            markup.text(", the last of which has the digest ")
            markup.element("code", text: String(head.digest.prefix(16)))
          }
          markup.text(". All days and times are in UTC.")
        }
      }
    }
  }

  private var explanation: String {
    if sets.isEmpty { return "The keeper’s records tell of no backup of any set." }
    let active = sets.filter { $0.overview.retired == nil }
    let retired = active.count == sets.count ? "" : ", and \(Words.count(sets.count - active.count, "retired set"))"
    if active.isEmpty, overview.isSafe { return "Every set is retired: nothing more is asked of any." }
    let copies = active.reduce(0) { $0 + $1.overview.freshness.destinations.count }
    let whole = "\(Words.count(active.count, "set")) in \(Words.count(copies, "copy", "copies"))\(retired)"
    if overview.isSafe {
      let waiting = overview.waitingCopies
      let proven: String =
        switch waiting {
        case 0: "each has been proven as often as its class asks"
        case copies: "none of them has been proven yet, which is not overdue"
        default: "\(Words.grouped(waiting)) of them wait for their first proof, which is not overdue"
        }
      return "\(whole): each is as fresh as its class asks, and \(proven)."
    }
    return "\(whole). What needs somebody comes first; everything else is as its class asks."
  }

  private func drawShield(_ markup: inout Markup) {
    markup.element(
      "svg",
      [
        ("viewBox", "0 0 48 48"), ("aria-hidden", "true"), ("fill", "none"), ("stroke", "currentColor"),
        ("stroke-width", "3.5"), ("stroke-linecap", "round"), ("stroke-linejoin", "round"),
      ]
    ) { markup in
      markup.void("path", [("d", "M24 4l17 6v13c0 10-7 17-17 21C14 40 7 33 7 23V10z")])
      markup.void("path", [("d", overview.isSafe ? "M16 24l6 6 11-12" : "M24 14v13M24 34v.1")])
    }
  }

  func drawContents(_ markup: inout Markup) {
    var parts = [("concerns", "What needs you")]
    if !sets.isEmpty { parts.append(("figures", "In figures")) }
    if !classes.isEmpty { parts.append(("classes", "Classes and sets")) }
    if !overview.recipients.isEmpty || !overview.signers.isEmpty { parts.append(("keys", "Keys")) }
    parts += [("self-test", "Would this keeper notice?"), ("records", "The records behind this page")]
    markup.element("nav", [("class", "wrap"), ("aria-label", "On this page")]) { markup in
      markup.element("ul") { markup in
        for (anchor, name) in parts {
          markup.element("li") { $0.element("a", [("href", "#\(anchor)")], text: name) }
        }
      }
    }
  }

  func drawFooter(_ markup: inout Markup) {
    markup.element("footer") { markup in
      markup.element("div", [("class", "wrap")]) { markup in
        markup.element("p") { markup in
          markup.text("\(Self.program) \(page.version), ")
          markup.minute(made)
          markup.text(
            ". This page says what the keeper’s records said then; “redoubt-verify status” says what they say now.")
        }
      }
    }
  }
}
