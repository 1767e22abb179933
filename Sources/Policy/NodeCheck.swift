public import Files
internal import OpenPGP
internal import Storage

/// What a check found.
public struct CheckReport: Sendable, Equatable {
  /// The configuration file.
  public var path: String
  public var problems: [ConfigurationProblem]
  /// Objects that `--online` stored: destination and key. They stay there: who can only add cannot delete.
  public var probes: [Probe] = []

  public struct Probe: Sendable, Equatable {
    public var destination: String
    public var key: String
  }

  public var hasErrors: Bool { problems.contains { $0.severity == .error } }
}

/// Everything that can be known beforehand to keep a node's backup from working, all of it at once.
public struct NodeCheck: Sendable {
  public var path: String
  /// Whether a small object is stored at each destination.
  public var isOnline: Bool
  public var access: StorageAccess
  public var now: Timestamp

  public init(_ path: String, isOnline: Bool = false, access: StorageAccess = StorageAccess(), now: Timestamp = .now())
  {
    self.path = path
    self.isOnline = isOnline
    self.access = access
    self.now = now
  }

  public func run() -> CheckReport {
    let inspected = NodeConfiguration.inspect(path)
    var report = CheckReport(path: path, problems: inspected.problems)
    guard let node = inspected.configuration else { return report }
    if !node.state.isEmpty { report.problems += FileAccess.problems(ofPrivateFolder: node.state, key: "state") }
    report.problems += keyProblems(node.keys)
    for destination in node.destinations { report.problems += problems(destination) }
    for set in node.sets {
      for path in set.paths {
        guard let reason = FileAccess.readProblem(path) else { continue }
        report.problems.append(ConfigurationProblem(.error, reason, key: "set.\(set.name).paths"))
      }
    }
    report.problems += node.alerts.problems()
    report.problems += neverProblems(node)
    if isOnline {
      for destination in node.destinations where !destination.isMedium || absence(destination, "") == nil {
        probe(destination, node.host, &report)
      }
    }
    return report
  }

  /// Walks each set's names where the configuration names what no set may hold.
  private func neverProblems(_ node: NodeConfiguration) -> [ConfigurationProblem] {
    // A pattern that is wrong has been told already.
    guard let rules = try? NeverRules(node.never), !rules.isEmpty else { return [] }
    return node.sets.compactMap { set in
      do { try rules.check(set) } catch {
        guard let violation = error as? NeverRules.Violation else {
          return ConfigurationProblem(.error, "\(error)", key: "set.\(set.name)")
        }
        return ConfigurationProblem(.error, "\(violation)", key: "set.\(set.name).paths", hint: violation.hint)
      }
      return nil
    }
  }

  private func keyProblems(_ keys: KeysConfiguration) -> [ConfigurationProblem] {
    guard !keys.gnupgHome.isEmpty else { return [] }
    let key = "keys.gnupg-home"
    let folder = FileAccess.problems(ofPrivateFolder: keys.gnupgHome, key: key)
    if folder.contains(where: { $0.severity == .error }) { return folder }
    var problems = folder
    do throws(OpenPGPError) {
      let ring = try KeyRing(home: keys.gnupgHome)
      for recipient in keys.recipients {
        problems += try ring.audit(recipient: recipient, now: now).map { problem($0, "keys.recipients") }
      }
      if !keys.signer.isEmpty {
        problems += try ring.audit(signer: keys.signer, now: now).map { problem($0, "keys.signer") }
      }
    } catch {
      problems.append(ConfigurationProblem(.error, "\(error)", key: key, hint: error.hint))
    }
    return problems
  }

  private func problem(_ finding: KeyFinding, _ key: String) -> ConfigurationProblem {
    ConfigurationProblem(
      finding.isWarning ? .warning : .error, "\(finding.spec): \(finding.message)", key: key, hint: finding.hint)
  }

  private func problems(_ destination: DestinationConfiguration) -> [ConfigurationProblem] {
    let label = "destination.\(destination.name)"
    if destination.isMedium, let problem = absence(destination, label) { return [problem] }
    if destination.kind == .directory {
      guard let reason = FileAccess.writeProblem(ofFolder: destination.path) else { return [] }
      return [ConfigurationProblem(.error, reason, key: "\(label).path")]
    }
    var problems: [ConfigurationProblem] = []
    if let file = destination.s3?.caFile, let reason = FileAccess.readProblem(file) {
      problems.append(ConfigurationProblem(.error, reason, key: "\(label).ca-file"))
    }
    if let file = destination.s3?.credentialsFile, let reason = FileAccess.readProblem(file) {
      problems.append(ConfigurationProblem(.error, reason, key: "\(label).credentials-file"))
    }
    if destination.expiry == .lifecycle, destination.s3?.lockMode == nil {
      problems.append(
        ConfigurationProblem(
          .warning, "its objects are not locked: who takes over the node can overwrite what is stored", key: label,
          hint: "where the bucket has object lock, set lock-mode = \"governance\" or \"compliance\""))
    }
    return problems + access.credentialsWarnings(destination).map { ConfigurationProblem(.error, $0, key: label) }
  }

  /// Why a removable medium cannot be written to now; nil where it is there.
  private func absence(_ destination: DestinationConfiguration, _ label: String) -> ConfigurationProblem? {
    do throws(StorageError) {
      guard case .absent(let reason, let hint) = try RemovableStore(destination.path).presence() else { return nil }
      return ConfigurationProblem(
        .warning, "not mounted: \(reason); until it is, backups skip it", key: "\(label).path",
        hint: hint.replacing("NAME", with: destination.name))
    } catch {
      return ConfigurationProblem(.error, "\(error)", key: "\(label).path", hint: error.hint)
    }
  }

  private func probe(_ destination: DestinationConfiguration, _ host: String, _ report: inout CheckReport) {
    guard !host.isEmpty, ConfigurationRules.nameProblem(host) == nil else { return }
    let digits = randomBytes(4).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    let key = "\(host)/probe/\(now.basic)-\(digits).txt"
    let text = "Stored by 'redoubt check --online' at \(now.rfc3339). Anyone who may delete here can delete this.\n"
    do throws(StorageError) {
      try access.writer(destination).put(Upload(key: key, content: Array(text.utf8)))
      report.probes.append(.init(destination: destination.name, key: key))
    } catch {
      report.problems.append(
        ConfigurationProblem(
          .error, "cannot store a probe: \(error)", key: "destination.\(destination.name)", hint: error.hint))
    }
  }
}
