internal import Files
internal import Storage

/// Reads `[alerts]`.
struct AlertsReader {
  let reader: TableReader<AlertsKey>

  init?(_ table: [String: TOMLNode]?, _ problems: ProblemCollector) {
    guard let table else { return nil }
    reader = TableReader(table, path: ["alerts"], label: "alerts", problems: problems)
  }

  func read() -> AlertsConfiguration {
    var alerts = AlertsConfiguration()
    alerts.metricsFile = path(.metricsFile)
    if let file = alerts.metricsFile, !file.hasSuffix(".prom") {
      reader.report(
        .metricsFile, "'\(file)' does not end in .prom", severity: .warning,
        hint: "node_exporter reads files of that name alone")
    }
    alerts.onSuccess = words(.onSuccess)
    alerts.onFailure = words(.onFailure)
    alerts.onOverdue = words(.onOverdue)
    alerts.pingURL = url(.pingURL, .pingURLFile)
    alerts.webhookURL = url(.webhookURL, .webhookURLFile)
    if let seconds = reader.seconds(.timeout, in: 1...600) { alerts.timeout = seconds }
    if let attempts = reader.integer(.attempts, in: 1...10) { alerts.attempts = attempts }
    return alerts
  }

  private func path(_ key: AlertsKey) -> String? {
    guard let path = reader.string(key) else { return nil }
    if let problem = ConfigurationRules.pathProblem(path) {
      reader.report(key, problem)
      return nil
    }
    return ConfigurationRules.normalized(path)
  }

  private func url(_ key: AlertsKey, _ fileKey: AlertsKey) -> SecretURL? {
    if reader.has(key), reader.has(fileKey) {
      reader.report(fileKey, "is there beside '\(key.rawValue)'", hint: "keep one of the two")
    }
    if let file = path(fileKey) { return .file(file) }
    guard let text = reader.string(key) else { return nil }
    guard let problem = AlertAddress.problem(text) else { return .text(Secret(text)) }
    reader.report(key, problem.message, hint: problem.hint)
    return nil
  }

  /// A program and its arguments: words that may be empty or the same, the first of them neither.
  private func words(_ key: AlertsKey) -> [String] {
    guard let node = reader.table[key.rawValue] else { return [] }
    let hint = "write the program and its arguments in brackets: \(key.rawValue) = [\"/usr/local/bin/tell\", \"--now\"]"
    guard case .array(let nodes) = node else {
      reader.report(key, "must be an array of strings, but is \(node.typeName)", hint: hint)
      return []
    }
    var words: [String] = []
    for (index, node) in nodes.enumerated() {
      guard case .string(let word) = node else {
        reader.report(key, "item \(index + 1) must be a string, but is \(node.typeName)")
        return []
      }
      words.append(word)
    }
    if words.first?.isEmpty ?? true {
      reader.report(key, "names no program", hint: hint)
      return []
    }
    return words
  }
}

extension AlertsConfiguration {
  /// What can be known beforehand to keep alerts from being told. None of it keeps a run from working.
  func problems() -> [ConfigurationProblem] {
    var problems = (pingURL?.problems("alerts.ping-url-file") ?? [])
    problems += (webhookURL?.problems("alerts.webhook-url-file") ?? [])
    if let file = metricsFile, let reason = FileAccess.writeProblem(ofFolder: Paths.parent(file)) {
      problems.append(ConfigurationProblem(.warning, reason, key: "alerts.metrics-file"))
    }
    for (key, words) in [("on-success", onSuccess), ("on-failure", onFailure), ("on-overdue", onOverdue)] {
      guard let program = words.first, program.contains("/"),
        let reason = FileAccess.executionProblem(program)
      else { continue }
      problems.append(ConfigurationProblem(.error, reason, key: "alerts.\(key)"))
    }
    return problems
  }
}
