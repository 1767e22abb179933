public import ArgumentParser
internal import Glibc
public import JSON
internal import Journal

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
    Terminal.tellGPG()
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "redoubt"
    let output = Output(
      isJSON: json, isDebug: debug, journal: Journal(identifier: program),
      stream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    var result: CommandResult
    do {
      result = try body(output)
    } catch {
      result = output.show(error)
    }
    output.event("summary", [.init("exit", .integer(Int64(result.status.rawValue)))] + result.summary)
    if let failure = output.finish() {
      output.error(failure)
      if result.status == .done { result.status = .failed }
    }
    if result.status != .done { throw ExitCode(result.status.rawValue) }
  }
}
