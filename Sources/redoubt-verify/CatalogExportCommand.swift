import ArgumentParser
import CommandLineOutput
import Files
import Policy
import Repository
import Verify

struct CatalogExportCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write all that this keeper recorded, archives included, as CSV or JSON.",
    discussion: ExitStatus.discussion("Neither storage nor a key is needed."))

  @Option(help: ArgumentHelp("csv or json.", valueName: "format"))
  var format: Format

  @Option(help: ArgumentHelp("The file to write. (default: standard output)", valueName: "file"))
  var output: String?

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var options: OutputOptions

  func validate() throws {
    if options.json, output == nil { throw ValidationError("--json needs --output: the export is no event") }
  }

  func run() throws {
    try options.run { out in
      let keeper = try Keeper.open(file, out, Progress(out))
      let catalogs = try keeper.catalogs(isWhole: true)
      let count = catalogs.reduce(0) { $0 + $1.records.count }
      if let output {
        var text: [UInt8] = []
        try write(catalogs) { text += Array($0.utf8) + [10] }
        try FileContent.write(text, to: try absolutePath(output))
        out.line("\(count) records written to \(output)")
      } else {
        try write(catalogs) { out.row($0) }
      }
      return CommandResult(summary: [.init("records", JSONValue(count)), .init("output", JSONValue(output))])
    }
  }

  /// - Parameter line: takes a line without its LF.
  private func write(
    _ catalogs: [(name: String, records: [CatalogRecord])], _ line: (String) -> Void
  ) throws {
    switch format {
    case .csv:
      line(RecordTable.header)
      for catalog in catalogs { for record in catalog.records { line(try RecordTable.row(record, catalog.name)) } }
    case .json:
      line("[")
      var pending: String?
      for catalog in catalogs {
        for record in catalog.records {
          if let pending { line("\(pending),") }
          pending = JSONValue.object([.init("catalog", .string(catalog.name))] + (try record.members)).text
        }
      }
      if let pending { line(pending) }
      line("]")
    }
  }
}

/// Records as a table (RFC 4180): lines end with CR LF, a cell with a comma, a quote or a line's end is quoted.
///
/// Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or CR for a formula, and what stands in a catalog
/// may come from a hostile node or storage (a file's name, an error's text): such a cell gets an apostrophe before it.
enum RecordTable {
  private static let columns = [
    "catalog", "seq", "time", "type", "host", "set", "snapshot", "destination", "level", "result", "objects", "bytes",
    "seconds", "findings", "text", "record",
  ]

  /// Without its LF.
  static var header: String { columns.joined(separator: ",") + "\r" }

  static func row(_ record: CatalogRecord, _ catalog: String) throws -> String {
    let summary = RecordSummary(record.event)
    let numbers: [String] = [
      summary.objects.map { "\($0)" } ?? "", summary.bytes.map { "\($0)" } ?? "",
      summary.seconds.map { "\($0)" } ?? "", summary.findings.map { "\($0)" } ?? "",
    ]
    let before: [String] = [
      catalog, "\(record.sequence)", record.time.rfc3339, record.event.type, summary.host ?? "", summary.set ?? "",
      summary.snapshot ?? "", summary.destination ?? "", summary.level ?? "", summary.result ?? "",
    ]
    let after: [String] = [summary.words, JSONValue.object(try record.members).text]
    return (before + numbers + after).map(cell).joined(separator: ",") + "\r"
  }

  static func cell(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { text = "'" + text }
    guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
