public import Policy

extension Output {
  /// A configuration that can be worked with, after its warnings were shown.
  /// - Throws: `ConfigurationError` with every problem where it cannot.
  public func use<Configuration>(_ report: ConfigurationReport<Configuration>) throws -> Configuration {
    let configuration = try report.get()
    for problem in report.problems { show(ErrorReport.Message(problem, of: report.path)) }
    return configuration
  }

  func show(_ message: ErrorReport.Message) {
    if message.isWarning {
      warning(message.text, hint: message.hint)
    } else {
      error(message.text, hint: message.hint)
    }
  }

  /// Prints a commented configuration as it is.
  public func show(starter text: String) -> CommandResult {
    row(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    event("file", [.init("text", .string(text))])
    return CommandResult()
  }

  /// Lists what a set-up made and found.
  public func show(_ steps: [SetupReport.Step]) {
    for step in steps {
      line("\(step.isNew ? "made" : "is there already, left as it is"): \(step.what) \(step.name)")
      event(
        "step",
        [.init("new", .boolean(step.isNew)), .init("what", .string(step.what)), .init("name", .string(step.name))])
    }
  }

  /// Lists what is left to do.
  public func show(remaining: [SetupReport.Remaining]) {
    if remaining.isEmpty { return }
    line()
    line("Left to do:")
    for (index, step) in remaining.enumerated() {
      line("  \(index + 1). \(step.what)")
      for command in step.commands { line("     \(command)") }
      event(
        "remaining", [.init("what", .string(step.what)), .init("commands", JSONValue(step.commands))])
    }
  }

  /// Lists a check's problems and says how it ended.
  public func show(_ report: CheckReport) -> CommandResult {
    for problem in report.problems { show(problem, of: report.path) }
    for probe in report.probes {
      line("stored at \(probe.destination): \(probe.key) (it stays there: a node cannot delete)")
      event("probe", [.init("destination", .string(probe.destination)), .init("key", .string(probe.key))])
    }
    let errors = report.problems.count { $0.severity == .error }
    let warnings = report.problems.count - errors
    let counts = "\(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
    line(errors + warnings == 0 ? "\(report.path): nothing is wrong" : "\(report.path): \(counts)")
    return CommandResult(
      report.hasErrors ? .configuration : .done,
      summary: [.init("errors", JSONValue(errors)), .init("warnings", JSONValue(warnings))])
  }

  private func show(_ problem: ConfigurationProblem, of path: String) {
    line("\(path): \(problem)")
    if let hint = problem.hint { line("hint: \(hint)") }
    event(
      "problem",
      [
        .init("file", .string(path)),
        .init("severity", .string(problem.severity.rawValue)),
        .init("line", problem.line.map { JSONValue($0) } ?? .null), .init("key", JSONValue(problem.key)),
        .init("message", .string(problem.message)), .init("hint", JSONValue(problem.hint)),
      ])
  }
}
