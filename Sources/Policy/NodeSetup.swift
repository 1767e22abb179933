internal import Files
internal import OpenPGP

/// Makes a node ready: state folder, key ring, signing key, starter configuration. Nothing that exists is changed, so it
/// can be run again at any time; but a starter configuration that nobody has touched yet is filled in.
public struct NodeSetup: Sendable {
  /// Where the configuration is, or will be.
  public var configuration: String
  /// This node's name; the configuration's own wins where there is one.
  public var host: String
  public var state: String
  /// Files with public keys of recipients, to be added to the key ring.
  public var recipientKeys: [String]

  public init(configuration: String, host: String, state: String, recipientKeys: [String] = []) {
    self.configuration = configuration
    self.host = host
    self.state = state
    self.recipientKeys = recipientKeys
  }

  public func run() throws(SetupError) -> SetupReport {
    let present = try presentConfiguration()
    let host = present?.host ?? host
    if let problem = ConfigurationRules.nameProblem(host) {
      throw SetupError("", problem, hint: "choose this node's name with --host")
    }
    let state = present?.state ?? ConfigurationRules.normalized(state)
    try SetupReport.become(ownerOf: state)
    var report = SetupReport()
    report.gnupgHome = present?.keys.gnupgHome ?? "\(state)/gnupg"
    if let problem = ConfigurationRules.pathProblem(present == nil ? self.state : state) {
      throw SetupError("", problem, hint: "choose the folder with --state")
    }
    try report.makeFolder(state, mode: 0o700, "state folder")
    var recipients: [String] = []
    try withOpenPGP { () throws(OpenPGPError) in
      let isNew = !Paths.exists(report.gnupgHome)
      try GPGHome.prepare(report.gnupgHome)
      report.note(isNew, "key ring", report.gnupgHome)
    }
    let ring = try openRing(report.gnupgHome)
    for file in recipientKeys {
      recipients += try encryptable(try importKeys(file, into: ring, "recipient's public key", &report), file, ring)
    }
    let key = SigningKeySetup(named: present?.keys.signer ?? "", otherwise: "redoubt@\(host)", in: configuration)
    try key.run(ring, publicKey: "\(state)/\(host)-signer.asc", &report)
    if present == nil {
      let text = StarterConfiguration.node(
        host: host, state: state, gnupgHome: report.gnupgHome, recipients: recipients, signer: report.signer)
      try report.write(configuration: text, to: configuration, replacing: Self.starterConfiguration)
    } else {
      report.note(false, "configuration", configuration)
    }
    report.nodeBlock = StarterConfiguration.block(host: host, signer: report.signer)
    report.remaining = remaining(recipients, isNew: present == nil)
    return report
  }

  /// The commented configuration of a node that has not been made ready, as packages install it.
  public static let starterConfiguration = StarterConfiguration.node(
    host: "", state: "/var/lib/redoubt", gnupgHome: "/var/lib/redoubt/gnupg", recipients: [], signer: "")

  /// Those keys of a file that can be encrypted to: it may hold the keeper's signing key beside the recipient's.
  private func encryptable(_ fingerprints: [String], _ file: String, _ ring: KeyRing) throws(SetupError) -> [String] {
    var found: [String] = []
    for fingerprint in fingerprints {
      let keys = try withOpenPGP { () throws(OpenPGPError) in try ring.keys(matching: fingerprint) }
      if keys.contains(where: { $0.subkeys.contains(where: \.canEncrypt) }) { found.append(fingerprint) }
    }
    guard !found.isEmpty else {
      throw SetupError(
        file, "has no key that can be encrypted to", hint: "on the keeper: gpg --armor --export backup@example.com")
    }
    return found
  }

  /// The configuration that is there already, if it says enough; nil also where nobody has touched it yet.
  private func presentConfiguration() throws(SetupError) -> NodeConfiguration? {
    guard Paths.exists(configuration), !SetupReport.isUntouched(configuration, Self.starterConfiguration) else {
      return nil
    }
    let report = NodeConfiguration.inspect(configuration)
    let hint = "mend it (redoubt check names all problems), or choose another file with --config"
    guard let node = report.configuration else {
      throw SetupError(configuration, report.problems.map(\.message).joined(separator: "; "), hint: hint)
    }
    guard !node.host.isEmpty, !node.state.isEmpty, !node.keys.gnupgHome.isEmpty else {
      throw SetupError(configuration, "is there already, without host, state or keys.gnupg-home", hint: hint)
    }
    return node
  }

  private func remaining(_ recipients: [String], isNew: Bool) -> [SetupReport.Remaining] {
    var steps: [SetupReport.Remaining] = []
    if isNew {
      let missing = recipients.isEmpty ? "recipients, destinations and sets" : "destinations and sets"
      steps.append(.init("fill in \(missing) in \(configuration)"))
    } else if !recipients.isEmpty {
      steps.append(.init("add to recipients in \(configuration): \(recipients.joined(separator: ", "))"))
    }
    return steps + [.init("check it", ["redoubt check --config \(configuration)"])]
  }
}
