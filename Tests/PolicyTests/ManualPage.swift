import Files

/// A manual page's source, as far as tests ask for it.
struct ManualPage {
  private let lines: [Substring]

  init(_ name: String) throws {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    lines = String(decoding: try FileContent.read("\(package)/man/\(name)"), as: UTF8.self).split(separator: "\n")
  }

  /// What is tagged below each heading (`.Sh` and `.Ss`): the rest of its `.It` lines.
  var items: [(heading: String, item: String)] {
    var heading = ""
    return lines.compactMap { line in
      if line.hasPrefix(".Ss ") || line.hasPrefix(".Sh ") { heading = String(line.dropFirst(4)) }
      return line.hasPrefix(".It ") ? (heading, String(line.dropFirst(4))) : nil
    }
  }

  /// Long options below each heading, without dashes.
  var options: [String: Set<String>] {
    var options: [String: Set<String>] = [:]
    for (heading, item) in items where item.hasPrefix("Fl -") {
      options[heading, default: []].insert(String(item.dropFirst(4).prefix { $0 != " " }))
    }
    return options
  }

  /// The headings of subsections.
  var subsections: Set<String> { Set(lines.filter { $0.hasPrefix(".Ss ") }.map { String($0.dropFirst(4)) }) }

  /// The words of the synopsis that follow `.Cm`, and the options (`Fl -name`) after each.
  var synopsis: [String: Set<String>] {
    var result: [String: Set<String>] = [:]
    var command = ""
    for line in lines.drop(while: { $0 != ".Sh SYNOPSIS" }).dropFirst().prefix(while: { !$0.hasPrefix(".Sh") }) {
      let words = line.split(separator: " ").map(String.init)
      if line == ".Nm" { command = "" }
      if words.first == ".Cm" {
        command = words[1...].joined(separator: " ")
        result[command, default: []] = []
      }
      if !command.isEmpty {
        for (word, next) in zip(words, words.dropFirst()) where word == "Fl" || word == ".Fl" {
          result[command, default: []].insert(String(next.drop { $0 == "-" }))
        }
      }
    }
    return result
  }
}
