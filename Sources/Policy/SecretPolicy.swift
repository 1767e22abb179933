/// What becomes of a set with a file that holds a secret: `secrets` of `[[set]]`.
///
/// A seed phrase makes the set fail whatever this says: it is never stored digitally. Only what `secrets-allow` names is
/// exempt.
public enum SecretPolicy: String, Sendable, CaseIterable {
  /// Every kind of secret makes the set fail.
  case refuse
  /// What is no seed phrase is stored, and told.
  case warn
  /// What is no seed phrase is stored.
  case allow

  /// Whether all that was stored under another policy would be stored under this one.
  public func admits(_ other: SecretPolicy) -> Bool {
    switch self {
    case .allow: true
    case .warn: other != .allow
    case .refuse: other == .refuse
    }
  }
}
