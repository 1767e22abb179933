internal import Files

/// Metrics in Prometheus's text format 0.0.4.
struct MetricsText {
  typealias Labels = [(name: String, value: String)]

  private var samples: [Metric: [String]] = [:]

  mutating func add(_ metric: Metric, _ labels: Labels, _ value: some BinaryInteger) {
    add(metric, labels, text: "\(value)")
  }

  mutating func add(_ metric: Metric, _ labels: Labels, _ value: Double) { add(metric, labels, text: "\(value)") }

  mutating func add(_ metric: Metric, _ labels: Labels, _ value: Bool) { add(metric, labels, text: value ? "1" : "0") }

  /// Unix time in seconds; 0 for never.
  mutating func add(_ metric: Metric, _ labels: Labels, _ time: Timestamp?) {
    add(metric, labels, text: "\(time?.seconds ?? 0)")
  }

  private mutating func add(_ metric: Metric, _ labels: Labels, text: String) {
    let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    samples[metric, default: []].append("\(metric.rawValue){\(list)} \(text)")
  }

  /// Takes over the samples of other commands' last runs.
  /// - Parameter labels: of this command; the last of them is what others differ in.
  mutating func keep(_ old: String, ofAllBut labels: Labels) {
    let shared = labels.dropLast().map { "\($0.name)=\"\(Self.escaped($0.value))\"," }.joined()
    guard let last = labels.last else { return }
    for line in old.split(separator: "\n") {
      for metric in Metric.ofRuns {
        let start = "\(metric.rawValue){\(shared)\(last.name)=\""
        guard line.hasPrefix(start) else { continue }
        let rest = line.dropFirst(start.count)
        let command = rest.prefix { $0 != "\"" }
        // Only what this program itself may have written.
        guard command != last.value, command.allSatisfy({ $0.isLowercase || $0 == " " || $0 == "-" }),
          let value = Double(rest.dropFirst(command.count + 3)), rest.dropFirst(command.count).hasPrefix("\"} ")
        else { continue }
        samples[metric, default: []].append("\(start)\(command)\"} \(value)")
      }
    }
  }

  /// All metrics that have samples, each with its help and type.
  var text: String {
    var text = ""
    for metric in Metric.allCases {
      guard let lines = samples[metric] else { continue }
      text += "# HELP \(metric.rawValue) \(metric.help)\n"
      text += "# TYPE \(metric.rawValue) \(metric.isCounter ? "counter" : "gauge")\n"
      for line in lines { text += line + "\n" }
    }
    return text
  }

  /// "Exposition formats", "Text format details": backslash, double quote and line feed.
  private static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension RunReport {
  /// Everything that is known after the run, in Prometheus's text format.
  public var metrics: String { metrics(keeping: "") }

  /// - Parameter old: the metrics so far, of which the runs of other commands are kept: each run writes the whole file.
  func metrics(keeping old: String) -> String {
    var text = MetricsText()
    text.keep(old, ofAllBut: [("host", host), ("program", program), ("command", command)])
    let run: MetricsText.Labels = [("host", host), ("program", program), ("command", command)]
    text.add(.buildInfo, [("host", host), ("program", program), ("version", version)], 1)
    text.add(.runTimestamp, run, ended)
    text.add(.runDuration, run, seconds)
    text.add(.runExitCode, run, exitStatus)
    for set in sets { set.add(to: &text, host: host) }
    for proof in proofs { proof.add(to: &text) }
    keeper?.add(to: &text, host: host)
    return text.text
  }
}

extension SetReport {
  fileprivate func add(to text: inout MetricsText, host: String) {
    let labels: MetricsText.Labels = [("host", host), ("set", name), ("class", dataClass)]
    for place in places {
      text.add(.lastSuccess, labels + [("destination", place.name)], place.lastSuccess)
      text.add(.destinationFailures, labels + [("destination", place.name)], place.failures)
    }
    if let due { text.add(.due, labels, due) }
    if let overdueFrom { text.add(.overdueFrom, labels, overdueFrom) }
    // Never backed up: overdue already, also where nothing says since when.
    if overdueFrom == nil, isOverdue { text.add(.overdueFrom, labels, nil as Timestamp?) }
    text.add(.isOverdue, labels, isOverdue)
    text.add(.backupFailed, labels, hasFailed)
    text.add(.backupFailures, labels, failures)
    text.add(.totalSentBytes, labels, totalSentBytes)
    guard let last = lastSnapshot else { return }
    text.add(.backupDuration, labels, last.seconds)
    text.add(.readBytes, labels, last.amounts.readBytes)
    text.add(.storedBytes, labels, last.amounts.storedBytes)
    text.add(.sentBytes, labels, last.amounts.sentBytes)
    text.add(.entries, labels, last.amounts.entries)
    text.add(.findings, labels, last.amounts.findings)
  }
}

extension ProofReport {
  fileprivate func add(to text: inout MetricsText) {
    let labels: MetricsText.Labels = [
      ("host", host), ("set", set), ("destination", destination), ("level", level),
    ]
    text.add(.proven, labels, proven)
    text.add(.provenSnapshot, labels, newestProven)
    text.add(.isSound, labels, isSound)
    text.add(.damagedSnapshots, labels, damaged)
    text.add(.isUnchecked, labels, isUnchecked)
    text.add(.verificationDuration, labels, seconds)
    text.add(.verificationBytes, labels, bytes)
  }
}
