internal import Files
internal import Verify

/// Keys, the keeper's own test, and the catalogs that all of it rests on.
extension PageDrawing {
  func drawKeys(_ markup: inout Markup) {
    if overview.recipients.isEmpty && overview.signers.isEmpty { return }
    markup.element("section", [("aria-labelledby", "keys")]) { markup in
      markup.element("h2", [("id", "keys")], text: "Keys")
      keys(
        "Keys that backups are encrypted to", ["Key", "Sets", "Last decrypted here", "Expires", "State"],
        overview.recipients, &markup
      ) { row($0, &$1) }
      keys("Keys that nodes sign with", ["Key", "Nodes", "Expires", "State"], overview.signers, &markup) {
        row($0, &$1)
      }
      markup.element("p", [("class", "small muted")]) { drawRotation(&$0) }
    }
  }

  private func keys<Key>(
    _ caption: String, _ columns: [String], _ keys: [Key], _ markup: inout Markup,
    _ row: (Key, inout Markup) -> Void
  ) {
    if keys.isEmpty { return }
    markup.element("div", [("class", "card")]) { markup in
      region(caption, &markup) { markup in
        table(caption, columns, &markup) { markup in
          for key in keys { markup.element("tr") { row(key, &$0) } }
        }
      }
    }
  }

  private func drawRotation(_ markup: inout Markup) {
    let rotation = overview.keyRotation
    if let time = rotation.time {
      markup.text("All keys were last reviewed ")
      markup.day(time)
      if let by = rotation.last?.by { markup.text(" by \(Words.cut(by, to: 80))") }
      markup.text(". ")
    }
    if let due = rotation.dueFrom {
      markup.text(rotation.isDue ? "The yearly review of all keys is due since " : "The next yearly review is due ")
      markup.day(due)
      markup.text(".")
    }
  }

  private func row(_ recipient: RecipientOverview, _ markup: inout Markup) {
    key(recipient.label, recipient.fingerprint, &markup)
    markup.element("td", text: Words.grouped(recipient.sets.count))
    markup.element("td") { day(&$0, recipient.lastDecrypted) }
    markup.element("td") { day(&$0, recipient.expires) }
    markup.element("td") { markup in
      let style: String =
        switch recipient.standing {
        case .proven: "good"
        case .revoked, .expired: "bad"
        default: "warn"
        }
      markup.element("span", [("class", "tag \(style)")], text: recipient.standing.rawValue.replacing("-", with: " "))
    }
  }

  private func row(_ signer: SignerOverview, _ markup: inout Markup) {
    key(signer.label, signer.fingerprint, &markup)
    markup.element("td", text: Words.cut(signer.hosts.joined(separator: ", "), to: 200))
    markup.element("td") { day(&$0, signer.expires) }
    markup.element("td") { markup in
      let style = signer.standing == .valid ? "good" : signer.standing == .expiresSoon ? "warn" : "bad"
      markup.element("span", [("class", "tag \(style)")], text: signer.standing.rawValue.replacing("-", with: " "))
    }
  }

  private func key(_ label: String?, _ fingerprint: String, _ markup: inout Markup) {
    markup.element("th", [("scope", "row")]) { markup in
      if let label { markup.element("div", text: Words.cut(label, to: 120)) }
      markup.element("code", text: Words.cut(fingerprint, to: 64))
    }
  }

  private func day(_ markup: inout Markup, _ time: Timestamp?) {
    if let time { markup.day(time) } else { markup.text("never") }
  }

  func drawSelfTest(_ markup: inout Markup) {
    markup.element("section", [("aria-labelledby", "self-test")]) { markup in
      markup.element("h2", [("id", "self-test")], text: "Would this keeper notice?")
      markup.element("div", [("class", "card")]) { markup in
        guard let test = overview.selfTest.last, let time = overview.selfTest.time else {
          markup.element("p", text: "Not tested: “redoubt-verify self-test” plants damage in a copy and looks for it.")
          return
        }
        let cases = test.cases
        let missed = cases.filter { !$0.found }
        markup.element("p") { markup in
          let passed = test.passed
          markup.element("span", [("class", passed ? "tag good" : "tag bad")], text: passed ? "yes" : "no")
          markup.text(" ")
          markup.minute(time)
          markup.text(
            missed.isEmpty
              ? ": all \(Words.count(cases.count, "kind")) of damage that were planted in a copy were found."
              : ": \(missed.count) of \(Words.count(cases.count, "kind")) of planted damage were not found.")
        }
        markup.element("details", [("class", "more")] + (missed.isEmpty ? [] : [("open", "open")])) { markup in
          markup.element("summary", text: "Each kind")
          table("What was planted", ["Planted", "Level", "Found"], &markup) { markup in
            for each in missed + cases.filter(\.found) {
              markup.element("tr") { markup in
                markup.element("th", [("scope", "row")], text: Words.cut(each.name, to: 120))
                markup.element("td", text: Words.cut(each.level, to: 40))
                markup.element("td", text: each.found ? "found" : "not found: \(Words.cut(each.detail, to: 200))")
              }
            }
          }
        }
      }
    }
  }

  func drawRecords(_ markup: inout Markup) {
    markup.element("section", [("aria-labelledby", "records")]) { markup in
      markup.element("h2", [("id", "records")], text: "The records behind this page")
      markup.element("div", [("class", "card")]) { markup in
        markup.element("p") { markup in
          markup.text("This keeper’s catalog: \(Words.count(page.records.count, "record"))")
          if let first = page.records.first, let last = page.records.last {
            markup.text(" from ")
            markup.minute(first)
            markup.text(" to ")
            markup.minute(last)
          }
          markup.text(page.records.count > 0 ? ". Each continues the one before it." : ".")
        }
        for head in page.records.heads {
          markup.element("p", [("class", "small")]) { markup in
            let name = head.shard.map { "of \(Words.cut($0, to: 80)), " } ?? ""
            markup.text("SHA-256 of the last of the \(Words.count(head.records, "record")) \(name)")
            markup.element("code", text: Words.cut(head.digest, to: 64))
          }
        }
      }
      if !overview.nodes.isEmpty { drawNodes(&markup) }
    }
  }

  private func drawNodes(_ markup: inout Markup) {
    let isLong = overview.nodes.count > 24
    markup.element("div", [("class", "card")]) { markup in
      markup.element("details", [("class", "more")] + (isLong ? [] : [("open", "open")])) { markup in
        markup.element("summary", text: "What \(Words.count(overview.nodes.count, "node")) recorded")
        region("Nodes", &markup) { markup in
          table("Nodes’ catalogs", ["Node", "Records", "Last record", "Last looked at", "State"], &markup) { markup in
            for node in overview.nodes { markup.element("tr") { row(node, &$0) } }
          }
        }
      }
    }
  }

  private func row(_ node: NodeOverview, _ markup: inout Markup) {
    markup.element("th", [("scope", "row"), ("class", "any")], text: node.host)
    markup.element("td", text: Words.grouped(node.records))
    for time in [node.lastRecord, node.observed] {
      markup.element("td") { markup in
        if let time { markup.minute(time) } else { markup.text("never") }
      }
    }
    let findings = node.findings.count + node.places.reduce(0) { $0 + $1.findings.count }
    let unchecked = node.places.filter { $0.unchecked != nil }.map(\.destination)
    markup.element("td") { markup in
      if findings > 0 {
        markup.element("span", [("class", "tag bad")], text: Words.count(findings, "finding"))
      } else if node.observed != nil {
        markup.element("span", [("class", "tag good")], text: "holds")
      }
      if !unchecked.isEmpty {
        markup.text(" could not be looked at: \(Words.cut(unchecked.joined(separator: ", "), to: 200))")
      }
    }
  }

  /// A table that may be wider than a phone: it scrolls by itself, also with the keyboard.
  private func region(_ name: String, _ markup: inout Markup, _ content: (inout Markup) -> Void) {
    markup.element(
      "div", [("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", name)], content)
  }

  private func table(
    _ caption: String, _ columns: [String], _ markup: inout Markup, _ rows: (inout Markup) -> Void
  ) {
    markup.element("table") { markup in
      markup.element("caption", text: caption)
      markup.element("thead") { markup in
        markup.element("tr") { markup in
          for name in columns { markup.element("th", [("scope", "col")], text: name) }
        }
      }
      markup.element("tbody") { rows(&$0) }
    }
  }
}
