internal import Files
internal import Storage

extension DestinationReader {
  /// Reads the keys of kind = "git".
  /// - Returns: whether what it is can be told.
  func readGit(_ destination: inout DestinationConfiguration) -> Bool {
    reader.require(.remote, hint: "remote = \"git@github.com:example/backups.git\"")
    if let layout = reader.choice(.layout, DestinationConfiguration.GitLayout.self) { destination.layout = layout }
    let isPrivate = reader.boolean(.isPrivate) ?? false
    if destination.layout == .plain, !isPrivate {
      reader.report(
        .layout, "puts files as they are into the repository, which must be private",
        hint: "make sure that nobody else can read it, then say so: private = true")
    }
    if let attempts = reader.integer(.attempts, in: 1...100) { destination.attempts = attempts }
    let path = path(.path)
    guard let remote = remote() else { return false }
    var settings = GitSettings(remote: remote, folder: path ?? "")
    if let branch = branch() { settings.branch = branch }
    if let prefix = prefix() {
      settings.prefix = prefix
      if prefix.split(separator: "/").contains(where: { $0.lowercased() == ".git" }) {
        reader.report(.prefix, "'\(prefix)' has '.git' in it, which git keeps for itself")
      }
    }
    if settings.hasPassword {
      reader.report(
        .remote, "has a password in it, which other users of this machine can see while git runs", severity: .warning,
        hint: "take it out and set up a git credential helper, or use ssh")
    }
    settings.compresses = destination.layout == .plain
    destination.git = settings
    destination.path = settings.folder
    return !reader.has(.path) || path != nil
  }

  private func remote() -> String? {
    guard let remote = reader.string(.remote) else { return nil }
    let shown = GitSettings(remote: remote, folder: "").address
    func refuse(_ problem: String) -> String? {
      reader.report(
        .remote, "'\(shown)' \(problem)",
        hint: "an https or ssh address, user@host:path, or the absolute path of a repository on this machine")
      return nil
    }
    guard !remote.hasPrefix("-"), remote.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 }) else {
      return refuse("is no address of a repository")
    }
    if let colon = remote.firstRange(of: "://") {
      let scheme = remote[..<colon.lowerBound]
      if ["https", "ssh", "git+ssh", "file"].contains(scheme) { return remote }
      if scheme == "http", isLoopback(remote[colon.upperBound...]) { return remote }
      return refuse("is not reached in a way that is encrypted")
    }
    if remote.hasPrefix("/") { return remote }
    // The short form for ssh: a colon before the first slash; `ext::` and its like start programs.
    guard let colon = remote.firstIndex(of: ":"), !remote[..<colon].contains("/"), !remote.contains("::") else {
      return refuse("is no address of a repository")
    }
    return remote
  }

  private func isLoopback(_ rest: Substring) -> Bool {
    let authority = rest.prefix { $0 != "/" }
    guard case .success(let endpoint) = Endpoint.parse("http://\(authority)") else { return false }
    return endpoint.isLoopback
  }

  /// git-check-ref-format(1), a little narrower.
  private func branch() -> String? {
    guard let branch = reader.string(.branch) else { return nil }
    let parts = branch.split(separator: "/", omittingEmptySubsequences: false)
    let isValid =
      parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") && !$0.hasSuffix(".") }
      && !branch.contains("..") && !branch.hasPrefix("-")
      && branch.utf8.allSatisfy { byte in
        byte >= 97 && byte <= 122 || byte >= 65 && byte <= 90 || byte >= 48 && byte <= 57 || "/._-+".utf8.contains(byte)
      }
    if isValid { return branch }
    reader.report(
      .branch, "'\(branch)' is no valid name of a branch", hint: "the short name: main, not refs/heads/main")
    return nil
  }
}

extension ConfigurationReader {
  /// What is committed unencrypted must have been searched for secrets.
  func reportPlainMirrors(
    _ set: SetConfiguration, _ reader: TableReader<SetKey>, _ known: [String: DestinationConfiguration?]
  ) {
    for case let destination? in known.values
    where destination.layout == .plain && set.destinations.contains(destination.name) {
      if !set.command.isEmpty || !set.sqlite.isEmpty {
        reader.report(
          .destinations, "'\(destination.name)' takes files as they are, and this set has a command or a database",
          hint: "give those a set of their own with other destinations")
      }
      if set.secrets == .refuse { continue }
      reader.report(
        .destinations, "'\(destination.name)' takes the set's files unencrypted, so none of them may hold a secret",
        hint: "set secrets = \"refuse\", or choose a destination with layout = \"objects\"")
    }
  }
}

extension [DestinationConfiguration] {
  /// Gives git destinations that do not say where their clone is a folder below the state's.
  mutating func placeClones(below state: String) {
    for index in indices where self[index].kind == .git && self[index].path.isEmpty {
      let folder = "\(state)/git/\(self[index].name)"
      self[index].path = folder
      self[index].git?.folder = folder
    }
  }
}

extension NodeCheck {
  /// Bytes: git hosts refuse files of 100 MB, and a volume's stored size is about its plain one.
  private static let largestVolume = 50 << 20

  func gitProblems(_ node: NodeConfiguration) -> [ConfigurationProblem] {
    var problems: [ConfigurationProblem] = []
    for destination in node.destinations where destination.kind == .git {
      let label = "destination.\(destination.name)"
      do throws(StorageError) { try access.requireGit(destination) } catch {
        problems.append(ConfigurationProblem(.error, error.reason, key: label, hint: error.hint))
      }
      if Paths.exists(destination.path), let reason = FileAccess.writeProblem(ofFolder: destination.path) {
        problems.append(ConfigurationProblem(.error, reason, key: "\(label).path"))
      }
      for set in node.sets
      where set.destinations.contains(destination.name) && destination.layout == .objects
        && set.volumeSize > Self.largestVolume
      {
        problems.append(
          ConfigurationProblem(
            .warning, "git hosts refuse files of 100 MB, and destination \(destination.name) is a git repository",
            key: "set.\(set.name).volume-size", hint: "set volume-size = \"16 MiB\""))
      }
    }
    return problems
  }

  func rehearse(_ destination: DestinationConfiguration, _ report: inout CheckReport) {
    do throws(StorageError) { try access.rehearse(destination) } catch {
      report.problems.append(
        ConfigurationProblem(
          .error, "a push would fail: \(error)", key: "destination.\(destination.name)", hint: error.hint))
    }
  }
}
