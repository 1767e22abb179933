import CommandLineOutput
import Files
import Verify

/// `report --statement`.
struct StatementOutput {
  let set: String
  let host: String?
  /// Standard output where nil.
  let file: String?

  func run(_ configuration: ConfigurationOption, _ output: Output) throws -> CommandResult {
    let keeper = try Keeper.open(configuration, output, Progress(output))
    let statement = try keeper.statement(of: set, host: host)
    if let file {
      let path = try absolutePath(file)
      try FileContent.write(statement.signed, to: path, mode: 0o644)
      output.line("wrote the statement of \(statement.host)/\(statement.set) to \(path)")
    } else {
      output.line(String(decoding: statement.signed, as: UTF8.self))
    }
    let wrong = statement.openConcerns
    if wrong > 0 {
      output.warning(
        "\(statement.host)/\(statement.set) has \(wrong) open concern\(wrong == 1 ? "" : "s"), and the statement says so",
        hint: "redoubt-verify status --host \(statement.host) --set \(statement.set)")
    }
    output.event(
      "statement",
      [
        .init("host", .string(statement.host)), .init("set", .string(statement.set)),
        .init("signer", .string(statement.signer)), .init("restores", JSONValue(statement.restores)),
        .init("open-concerns", JSONValue(wrong)), .init("file", JSONValue(file)),
        .init("text", .string(String(decoding: statement.signed, as: UTF8.self))),
      ])
    return CommandResult(
      summary: [
        .init("host", .string(statement.host)), .init("set", .string(statement.set)),
        .init("open-concerns", JSONValue(wrong)),
      ])
  }
}
