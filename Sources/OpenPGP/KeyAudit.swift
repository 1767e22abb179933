public import Files

/// Something about a configured key that is or soon will be wrong.
public struct KeyFinding: Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    case missing
    case noSecretKey
    case ambiguous([Fingerprint])
    case expired(Timestamp)
    /// Whole days left.
    case expiresSoon(Timestamp, days: Int)
    case revoked
    case disabled
    case cannotEncrypt
    case cannotSign
  }

  /// As the configuration names the key.
  public let spec: String
  /// nil where no single key is meant.
  public let fingerprint: Fingerprint?
  public let problem: Problem
  /// Lowercase, no full stop, without the spec.
  public let message: String
  public let hint: String?

  /// Whether the key works for now: nothing but `expiresSoon`.
  public var isWarning: Bool {
    if case .expiresSoon = problem { return true }
    return false
  }
}

extension KeyRing {
  /// What is wrong with a recipient's key at `now`, or within the next `days`.
  /// - Returns: empty where all is well.
  /// - Throws: where the key ring cannot be read.
  public func audit(recipient spec: String, now: Timestamp, days: Int = 30) throws(OpenPGPError) -> [KeyFinding] {
    try audit(spec, for: .encryption, now: now, days: days)
  }

  /// The same for the key that signs: its secret key must be here too.
  public func audit(signer spec: String, now: Timestamp, days: Int = 30) throws(OpenPGPError) -> [KeyFinding] {
    try audit(spec, for: .signing, now: now, days: days)
  }

  private func audit(
    _ spec: String, for use: KeyUse, now: Timestamp, days: Int
  ) throws(OpenPGPError) -> [KeyFinding] {
    let error: OpenPGPError
    do {
      let key = use == .encryption ? try recipient(spec, at: now) : try signer(spec, at: now)
      return key.expiresSoon(spec, for: use, now: now, days: days).map { [$0] } ?? []
    } catch let failure { error = failure }
    let found = try candidates(spec, secretOnly: false)
    switch error.code {
    case .noSuchKey, .noSecretKey:
      let problem: KeyFinding.Problem = error.code == .noSuchKey ? .missing : .noSecretKey
      return [KeyFinding(spec, found.count == 1 ? found.first : nil, problem, error)]
    case .ambiguousKey:
      let fingerprints = found.filter { $0.isUsable(for: use, at: now) }.map(\.fingerprint)
      return [KeyFinding(spec, nil, .ambiguous(fingerprints), error)]
    case .unusableKey:
      return found.map { key in
        KeyFinding(spec, key, key.problem(for: use, at: now), key.unusable(for: use, at: now, named: spec))
      }
    default: throw error
    }
  }
}

extension KeyFinding {
  fileprivate init(_ spec: String, _ key: Key?, _ problem: Problem, _ error: OpenPGPError) {
    let hint: String? =
      switch problem {
      case .expired:
        "have the owner extend it (gpg --quick-set-expire) and import the public key again, or name another"
      case .revoked, .disabled, .cannotEncrypt, .cannotSign: "name another key"
      default: error.hint
      }
    self.init(spec: spec, fingerprint: key?.fingerprint, problem: problem, message: error.reason, hint: hint)
  }
}

extension Key {
  /// Why it is not usable at `time`.
  fileprivate func problem(for use: KeyUse, at time: Timestamp) -> KeyFinding.Problem {
    let fitting = subkeys.filter { use == .encryption ? $0.canEncrypt : $0.canSign }
    if isRevoked || (!fitting.isEmpty && fitting.allSatisfy(\.isRevoked)) { return .revoked }
    if isDisabled { return .disabled }
    if let expires, expires <= time { return .expired(expires) }
    if let end = fitting.filter({ !$0.isRevoked }).compactMap(\.expires).max(), end <= time { return .expired(end) }
    return use == .encryption ? .cannotEncrypt : .cannotSign
  }

  /// When it stops being usable: the primary key's end or the last of its fitting parts', whichever is earlier.
  fileprivate func end(for use: KeyUse, at time: Timestamp) -> Timestamp? {
    let fitting = subkeys.filter { (use == .encryption ? $0.canEncrypt : $0.canSign) && $0.isValid(at: time) }
    let partsEnd = fitting.contains { $0.expires == nil } ? nil : fitting.compactMap(\.expires).max()
    return [expires, partsEnd].compactMap(\.self).min()
  }

  fileprivate func expiresSoon(_ spec: String, for use: KeyUse, now: Timestamp, days: Int) -> KeyFinding? {
    guard let end = end(for: use, at: now) else { return nil }
    let left = Int(end.seconds(since: now) / 86400)
    guard left < days else { return nil }
    return KeyFinding(
      spec: spec, fingerprint: fingerprint, problem: .expiresSoon(end, days: left),
      message: "the key expires at \(end.rfc3339), in \(left) days (\(label))",
      hint: "have the owner extend it (gpg --quick-set-expire) and import the public key again")
  }
}
