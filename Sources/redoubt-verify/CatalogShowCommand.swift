import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Repository
import Verify

struct CatalogShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what this keeper recorded, or a node, as the keeper last saw it.",
    discussion: ExitStatus.discussion(
      "Reads the catalog alone: neither storage nor a key is needed. Records that were moved to archives are shown with "
        + "--archives."))

  @Option(help: ArgumentHelp("Only from this day or moment on: 2026-11-21 or 2026-11-21T02:00:00Z.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Only before this day's end, or up to this moment.", valueName: "time"))
  var until: String?

  @Option(help: ArgumentHelp("Only records of this type; may be repeated.", valueName: "type"))
  var type: [String] = []

  @Option(help: ArgumentHelp("Only what is about this node; may be repeated.", valueName: "name"))
  var host: [String] = []

  @Option(help: ArgumentHelp("Only what is about this set; may be repeated.", valueName: "name"))
  var set: [String] = []

  @Option(help: ArgumentHelp("Show this node's own catalog.", valueName: "host"))
  var node: String?

  @Option(help: ArgumentHelp("Only so many, the newest.", valueName: "count"))
  var last: Int?

  @Flag(help: "Also what was moved to archives.")
  var archives = false

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    for (name, text) in [("--since", since), ("--until", until)] where text.map({ moment($0) == nil }) ?? false {
      throw ValidationError("\(name) is no day and no moment in UTC: 2026-11-21 or 2026-11-21T02:00:00Z")
    }
    if let last, last < 1 { throw ValidationError("--last must be at least 1") }
    if node != nil, !host.isEmpty || archives {
      throw ValidationError("--node goes with neither --host nor --archives")
    }
  }

  func run() throws {
    try options.run { output in
      let keeper = try Keeper.open(file, output, Progress(output))
      let catalogs = try node.map { try keeper.catalog(ofNode: $0) } ?? keeper.catalogs(isWhole: archives)
      var chosen: [(name: String, record: CatalogRecord)] = []
      for catalog in catalogs {
        for record in catalog.records where isChosen(record) { chosen.append((catalog.name, record)) }
      }
      // Several catalogs: by time, each in its own order.
      if catalogs.count > 1, node == nil {
        chosen = chosen.enumerated().sorted {
          ($0.element.record.time, $0.offset) < ($1.element.record.time, $1.offset)
        }
        .map(\.element)
      }
      if let last { chosen = Array(chosen.suffix(last)) }
      for (name, record) in chosen { try show(record, name, output) }
      return CommandResult(summary: [.init("records", JSONValue(chosen.count))])
    }
  }

  private func isChosen(_ record: CatalogRecord) -> Bool {
    if let since, let start = moment(since), record.time < start { return false }
    if let until, let end = moment(until) {
      let isDay = until.utf8.count == 10
      if record.time.seconds >= end.seconds + (isDay ? 86400 : 1) { return false }
    }
    if !type.isEmpty, !type.contains(record.event.type) { return false }
    guard !host.isEmpty || !set.isEmpty else { return true }
    let summary = RecordSummary(record.event)
    if !host.isEmpty, !(summary.host.map(host.contains) ?? false) { return false }
    return set.isEmpty || (summary.set.map(set.contains) ?? false)
  }

  private func moment(_ text: String) -> Timestamp? {
    Timestamp(text.utf8.count == 10 ? "\(text)T00:00:00Z" : text)
  }

  private func show(_ record: CatalogRecord, _ name: String, _ output: Output) throws {
    if output.isJSON {
      output.event("record", [.init("catalog", .string(name)), .init("record", .object(try record.members))])
      return
    }
    let number = name.isEmpty ? "\(record.sequence)" : "\(name) \(record.sequence)"
    output.row("\(record.time.rfc3339)  \(number)  \(record.event.type)  \(RecordSummary(record.event).text)")
  }
}
