/// What a secret is that must not be kept in the clear.
public enum SecretKind: String, Sendable, CaseIterable {
  /// A BIP-39 mnemonic of 12, 15, 18, 21 or 24 English words.
  case seedPhrase = "seed-phrase"
  /// A wallet's file that holds private keys or a seed without a passphrase.
  case wallet
  /// A PEM or OpenSSH private key without a passphrase.
  case privateKey = "private-key"
  /// A private key in wallet import format.
  case importKey = "wallet-import-key"
  /// An extended private key of BIP-32 (xprv and its kin).
  case extendedKey = "extended-private-key"
  /// An identity of age(1).
  case ageKey = "age-key"
  /// A file that holds 32 secret bytes and nothing else, as Ed25519 keys are made of.
  case keySeed = "key-seed"

  /// For messages: what it is, with its article.
  public var description: String {
    switch self {
    case .seedPhrase: "a seed phrase (BIP-39 mnemonic)"
    case .wallet: "a wallet that is not encrypted"
    case .privateKey: "a private key without a passphrase"
    case .importKey: "a private key in wallet import format"
    case .extendedKey: "an extended private key"
    case .ageKey: "a secret key of age"
    case .keySeed: "the seed of a private key"
    }
  }
}

/// Where a secret is. What it is made of is never part of this.
public struct SecretFinding: Sendable, Equatable {
  public var kind: SecretKind
  /// Where it begins: bytes from the file's start.
  public var offset: UInt64
  /// The line it begins in, from 1.
  public var line: Int

  public init(_ kind: SecretKind, offset: UInt64, line: Int) {
    self.kind = kind
    self.offset = offset
    self.line = line
  }
}
