internal import Files
internal import OpenPGP

/// Makes a keeper ready: state folder, key ring with the nodes' public signing keys, a signing key of its own, starter
/// configuration. Nothing that exists is changed, so it can be run again at any time; but a starter configuration that
/// nobody has touched yet is filled in.
public struct KeeperSetup: Sendable {
  /// Where the configuration is, or will be.
  public var configuration: String
  public var state: String
  /// The machine's name, for the user id of the keeper's signing key.
  public var host: String
  /// Files with nodes' public signing keys, as `redoubt init` writes them.
  public var nodeKeys: [String]

  public init(configuration: String, state: String, host: String, nodeKeys: [String] = []) {
    self.configuration = configuration
    self.state = state
    self.host = host
    self.nodeKeys = nodeKeys
  }

  /// The commented configuration of a keeper that knows no node yet, as packages install it.
  public static let starterConfiguration = StarterConfiguration.keeper(
    state: "/var/lib/redoubt-verify", gnupgHome: "/var/lib/redoubt-verify/gnupg", signer: "", nodes: [])

  public func run() throws(SetupError) -> SetupReport {
    let isUntouched = SetupReport.isUntouched(configuration, Self.starterConfiguration)
    let present = Paths.exists(configuration) && !isUntouched ? KeeperConfiguration.inspect(configuration) : nil
    if let present, present.configuration.map({ $0.state.isEmpty || $0.keys.gnupgHome.isEmpty }) ?? true {
      throw SetupError(
        configuration,
        "is there already and cannot be used: \(present.problems.map(\.message).joined(separator: "; "))",
        hint: "mend it, or choose another file with --config")
    }
    if let problem = ConfigurationRules.pathProblem(state) {
      throw SetupError("", problem, hint: "choose the folder with --state")
    }
    let state = present?.configuration?.state ?? ConfigurationRules.normalized(state)
    try SetupReport.become(ownerOf: state)
    var report = SetupReport()
    report.gnupgHome = present?.configuration?.keys.gnupgHome ?? "\(state)/gnupg"
    try report.makeFolder(state, mode: 0o700, "state folder")
    try withOpenPGP { () throws(OpenPGPError) in
      let isNew = !Paths.exists(report.gnupgHome)
      try GPGHome.prepare(report.gnupgHome)
      report.note(isNew, "key ring", report.gnupgHome)
    }
    let ring = try openRing(report.gnupgHome)
    var nodes: [(host: String, signer: String)] = []
    for file in nodeKeys {
      for fingerprint in try importKeys(file, into: ring, "node's public key", &report) {
        nodes.append((try host(of: fingerprint, ring), fingerprint))
      }
    }
    let signer = present?.configuration?.keys.signer ?? ""
    let key = SigningKeySetup(
      named: signer, otherwise: "redoubt-verify@\(host.isEmpty ? "keeper" : host)", in: configuration)
    try key.run(ring, publicKey: "\(state)/keeper-signer.asc", &report)
    if present == nil {
      let text = StarterConfiguration.keeper(
        state: state, gnupgHome: report.gnupgHome, signer: report.signer, nodes: nodes)
      try report.write(configuration: text, to: configuration, replacing: Self.starterConfiguration)
    } else {
      report.note(false, "configuration", configuration)
    }
    report.nodeBlock = nodes.map { StarterConfiguration.block(host: $0.host, signer: $0.signer) }.joined(
      separator: "\n")
    report.remaining = try remaining(nodes, ring, report.gnupgHome, isNew: present == nil)
    if present != nil, signer.isEmpty {
      report.remaining.append(
        .init("to have the keeper's catalog signed, add to [keys] in \(configuration): signer = \"\(report.signer)\""))
    }
    return report
  }

  /// The node's name, which `redoubt init` puts into the key's mail address: `redoubt@peer-1`.
  private func host(of fingerprint: String, _ ring: KeyRing) throws(SetupError) -> String {
    let keys = try withOpenPGP { () throws(OpenPGPError) in try ring.keys(matching: fingerprint) }
    let userIDs = keys.first?.userIDs ?? []
    for userID in userIDs {
      let parts = (userID.mail.isEmpty ? userID.text : userID.mail).split(separator: "@")
      if parts.count == 2, parts[0] == "redoubt", ConfigurationRules.nameProblem(String(parts[1])) == nil {
        return String(parts[1])
      }
    }
    return "node"
  }

  private func remaining(
    _ nodes: [(host: String, signer: String)], _ ring: KeyRing, _ home: String, isNew: Bool
  ) throws(SetupError) -> [SetupReport.Remaining] {
    var steps: [SetupReport.Remaining] = []
    let secret = try withOpenPGP { () throws(OpenPGPError) in try ring.keys(secretOnly: true) }
    if !secret.contains(where: { key in key.subkeys.contains(where: \.canEncrypt) }) {
      let gpg = "gpg --homedir \(home)"
      steps += [
        .init(
          "give the key ring the private key that backups are encrypted to: make one, import one, or use a card",
          [
            "\(gpg) --quick-generate-key backup@example.com future-default default never",
            "\(gpg) --import private.asc", "\(gpg) --card-status",
          ]),
        .init(
          "give its public key to each node",
          [
            "\(gpg) --armor --export backup@example.com > backup.asc",
            "redoubt init --recipient-key backup.asc     # on the node",
          ]),
      ]
    }
    if isNew {
      steps.append(
        .init("fill in the destinations\(nodes.isEmpty ? " and nodes" : " of each node") in \(configuration)"))
    } else if !nodes.isEmpty {
      steps.append(.init("add the block below to \(configuration), unless it is there"))
    }
    return steps
  }
}

/// Turns a key ring's error into ours.
func withOpenPGP<Result>(_ body: () throws(OpenPGPError) -> Result) throws(SetupError) -> Result {
  do { return try body() } catch { throw SetupError(error.subject, error.reason, hint: error.hint) }
}

func openRing(_ home: String) throws(SetupError) -> KeyRing {
  try withOpenPGP { () throws(OpenPGPError) in try KeyRing(home: home) }
}

/// Adds the keys of a file to a key ring.
/// - Returns: their fingerprints.
func importKeys(
  _ file: String, into ring: KeyRing, _ what: String, _ report: inout SetupReport
) throws(SetupError) -> [String] {
  let content: [UInt8]
  // Larger than any key with photos and thousands of signatures.
  do { content = try FileContent.read(file, maximumLength: 16 << 20) } catch {
    throw SetupError("", error.description)
  }
  let known = try withOpenPGP { () throws(OpenPGPError) in Set(try ring.keys().map(\.fingerprint)) }
  let imported: [Fingerprint]
  do { imported = try ring.importKeys(content) } catch {
    throw SetupError(file, error.reason, hint: error.hint)
  }
  for fingerprint in imported { report.note(!known.contains(fingerprint), what, "\(fingerprint)") }
  return imported.map(\.description)
}
