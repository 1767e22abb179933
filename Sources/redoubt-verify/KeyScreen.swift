import CommandLineOutput
import Files
import Verify

/// The keys that everything depends on.
struct KeyScreen {
  let overview: KeeperOverview

  init(_ overview: KeeperOverview) { self.overview = overview }

  private func age(_ time: Timestamp) -> String { FreshnessLines(now: overview.time).age(time) }

  /// One line each.
  func showRecipients(_ output: Output) {
    for recipient in overview.recipients { output.line(line(recipient, output)) }
  }

  private func line(_ recipient: RecipientOverview, _ output: Output) -> String {
    let name = "recipient \(recipient.label ?? recipient.fingerprint)"
    let opened =
      recipient.lastDecrypted.map { "last opened something here \(age($0)) ago" } ?? "has opened nothing here"
    return "\(name): \(output.paint(recipient.standing.words, recipient.standing.style)); \(opened)"
  }

  /// Everything.
  func show(on output: Output) {
    for recipient in overview.recipients {
      output.line(line(recipient, output))
      output.line("  \(recipient.fingerprint)")
      output.line("  private key: \(recipient.hasSecretKey ? "here, or on a card that was here" : "not here")")
      if let snapshot = recipient.lastSnapshot { output.line("  opened \(snapshot)") }
      if let created = recipient.created { output.line("  encrypted to since \(created.rfc3339)") }
      output.line("  expires: \(recipient.isInKeyRing ? recipient.expires?.rfc3339 ?? "never" : "not known here")")
      output.line("  sets: \(recipient.sets.joined(separator: ", "))")
    }
    if overview.recipients.isEmpty {
      output.line("no recipient is known yet: the first verification of a snapshot tells whom it is encrypted to")
    }
    for signer in overview.signers {
      output.line(
        "signer of \(signer.hosts.joined(separator: ", ")): "
          + output.paint(signer.standing.words, signer.standing == .valid ? .good : .bad))
      output.line("  \(signer.fingerprint)\(signer.label.map { " (\($0))" } ?? "")")
      output.line("  expires: \(signer.standing == .unknown ? "not known here" : signer.expires?.rfc3339 ?? "never")")
    }
    let rotation = overview.keyRotation
    let last = rotation.time.map { time in "last \(age(time)) ago by \(rotation.last?.by ?? "?")" } ?? "never recorded"
    let due = rotation.dueFrom.map { rotation.isDue ? ", due since \($0.rfc3339)" : ", next due \($0.rfc3339)" } ?? ""
    output.line("review of all keys: \(output.paint(last, rotation.isDue ? .bad : nil))\(due)")
  }

  func report(on output: Output) {
    for recipient in overview.recipients {
      output.event(
        "recipient",
        [
          .init("fingerprint", .string(recipient.fingerprint)), .init("label", JSONValue(recipient.label)),
          .init("standing", .string(recipient.standing.rawValue)),
          .init("in-key-ring", .boolean(recipient.isInKeyRing)), .init("secret-key", .boolean(recipient.hasSecretKey)),
          .init("last-decrypted", JSONValue(recipient.lastDecrypted?.rfc3339)),
          .init("last-snapshot", JSONValue(recipient.lastSnapshot)),
          .init("created", JSONValue(recipient.created?.rfc3339)),
          .init("expires", JSONValue(recipient.expires?.rfc3339)), .init("revoked", .boolean(recipient.isRevoked)),
          .init("sets", JSONValue(recipient.sets)),
        ])
    }
    for signer in overview.signers {
      output.event(
        "signer",
        [
          .init("fingerprint", .string(signer.fingerprint)), .init("label", JSONValue(signer.label)),
          .init("standing", .string(signer.standing.rawValue)), .init("hosts", JSONValue(signer.hosts)),
          .init("expires", JSONValue(signer.expires?.rfc3339)), .init("revoked", .boolean(signer.isRevoked)),
        ])
    }
    let rotation = overview.keyRotation
    output.event(
      "key-rotation",
      [
        .init("reviewed", JSONValue(rotation.time?.rfc3339)), .init("by", JSONValue(rotation.last?.by)),
        .init("note", JSONValue(rotation.last?.note)), .init("oldest-key", JSONValue(rotation.oldestKey?.rfc3339)),
        .init("due-from", JSONValue(rotation.dueFrom?.rfc3339)), .init("due", .boolean(rotation.isDue)),
      ])
  }
}

extension RecipientOverview.Standing {
  fileprivate var words: String {
    switch self {
    case .proven: "proven"
    case .unused: "their private key is here, and not proven yet"
    case .notProvenHere: "not proven here"
    case .unknown: "not in the key ring"
    case .expiresSoon: "expires soon"
    case .expired: "expired"
    case .revoked: "revoked"
    }
  }

  fileprivate var style: Style {
    switch self {
    case .proven: .good
    case .unused, .notProvenHere, .unknown, .expiresSoon: .doubtful
    case .expired, .revoked: .bad
    }
  }
}

extension SignerOverview.Standing {
  fileprivate var words: String {
    switch self {
    case .valid: "valid"
    case .unknown: "not in the key ring"
    case .expiresSoon: "expires soon"
    case .expired: "expired"
    case .revoked: "revoked"
    }
  }
}
