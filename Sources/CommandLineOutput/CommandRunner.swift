public import ArgumentParser

/// The options that every command has.
public struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object a line to standard output; the last one is the summary.")
  public var json = false

  @Flag(help: "Write details for a bug report to standard error; secrets are never in them.")
  public var debug = false

  public init() {}
}

/// How a command ended.
public struct CommandResult: Sendable, Equatable {
  public var status: ExitStatus
  /// Members of the summary object.
  public var summary: [JSONValue.Member]

  public init(_ status: ExitStatus = .done, summary: [JSONValue.Member] = []) {
    self.status = status
    self.summary = summary
  }
}

extension OutputOptions {
  /// Runs a command's body: prepares signals and output, reports its error, writes the summary, and turns the result into
  /// the process's exit code.
  public func run(_ body: (Output) throws -> CommandResult) throws(ExitCode) {
    Signals.install()
    let output = Output(isJSON: json, isDebug: debug)
    var result: CommandResult
    do {
      result = try body(output)
    } catch {
      output.debug(String(reflecting: error))
      let report = ErrorReport(error)
      for message in report.messages { output.show(message) }
      result = CommandResult(report.status)
    }
    output.event("summary", [.init("exit", .integer(Int64(result.status.rawValue)))] + result.summary)
    if let failure = output.finish() {
      output.error(failure)
      if result.status == .done { result.status = .failed }
    }
    if result.status != .done { throw ExitCode(result.status.rawValue) }
  }
}
