internal import CGPGME

/// What libgpg-error's numbers (gpg-error.h, `gpg_err_code_t`) mean for us.
package enum GPGErrorCode {
  private static let agent: [gpg_err_code_t] = [
    GPG_ERR_NO_AGENT, GPG_ERR_AGENT, GPG_ERR_CANCELED, GPG_ERR_FULLY_CANCELED, GPG_ERR_NO_PIN_ENTRY,
    GPG_ERR_PIN_ENTRY, GPG_ERR_BAD_PASSPHRASE, GPG_ERR_NO_PASSPHRASE, GPG_ERR_BAD_PIN, GPG_ERR_PIN_BLOCKED,
    GPG_ERR_CARD, GPG_ERR_CARD_RESET, GPG_ERR_CARD_REMOVED, GPG_ERR_CARD_NOT_PRESENT, GPG_ERR_CARD_NOT_INITIALIZED,
    GPG_ERR_NO_SCDAEMON, GPG_ERR_SCDAEMON, GPG_ERR_TIMEOUT, GPG_ERR_NOT_CONFIRMED, GPG_ERR_ASS_CONNECT_FAILED,
    GPG_ERR_NOT_TRUSTED, GPG_ERR_MISSING_VALUE,
  ]
  /// Errors of a public key operation that come from the encrypted session key itself.
  private static let damage: [gpg_err_code_t] = [
    GPG_ERR_CHECKSUM, GPG_ERR_BAD_MPI, GPG_ERR_WRONG_SECKEY, GPG_ERR_CIPHER_ALGO, GPG_ERR_PUBKEY_ALGO,
    GPG_ERR_BAD_DATA, GPG_ERR_INV_DATA, GPG_ERR_DECRYPT_FAILED, GPG_ERR_INV_OBJ, GPG_ERR_INV_VALUE,
    GPG_ERR_TOO_SHORT, GPG_ERR_TOO_LARGE, GPG_ERR_WEAK_KEY, GPG_ERR_ENCODING_PROBLEM, GPG_ERR_INV_LENGTH,
    GPG_ERR_BAD_SECKEY,
  ]
  private static func among(_ codes: [gpg_err_code_t], _ number: Int) -> Bool {
    codes.contains { Int($0.rawValue) == number }
  }

  /// The number without the error's source, which status lines carry in the upper bits.
  package static func code(_ error: Int) -> Int { error & 0xFFFF }

  package static func isDamage(_ error: Int) -> Bool { among(damage, code(error)) }

  private static let shortages: [gpg_err_code_t] = [
    GPG_ERR_ENOMEM, GPG_ERR_ENOSPC, GPG_ERR_EDQUOT, GPG_ERR_EMFILE, GPG_ERR_ENFILE,
  ]

  /// An error of the system (bit 15, `GPG_ERR_SYSTEM_ERROR`).
  package static func isSystem(_ error: Int) -> Bool { code(error) & 0x8000 != 0 }

  /// Whether the machine lacks memory, space or descriptors. gpg reports other system errors by chance (whatever `errno`
  /// was left over, often ENOTTY), so that they say nothing.
  package static func isShortage(_ error: Int) -> Bool { among(shortages, code(error)) }

  package static func meaning(_ error: Int) -> OpenPGPError.Code {
    let number = code(error)
    if among(agent, number) { return .agent }
    switch number {
    case Int(GPG_ERR_NO_SECKEY.rawValue): return .noSecretKey
    case Int(GPG_ERR_NO_PUBKEY.rawValue), Int(GPG_ERR_NOT_FOUND.rawValue): return .noSuchKey
    case Int(GPG_ERR_AMBIGUOUS_NAME.rawValue): return .ambiguousKey
    case Int(GPG_ERR_UNUSABLE_PUBKEY.rawValue), Int(GPG_ERR_UNUSABLE_SECKEY.rawValue),
      Int(GPG_ERR_CERT_REVOKED.rawValue), Int(GPG_ERR_KEY_EXPIRED.rawValue), Int(GPG_ERR_KEY_DISABLED.rawValue):
      return .unusableKey
    case Int(GPG_ERR_INV_ENGINE.rawValue): return .notInstalled
    default: return .failed
    }
  }

  package static func hint(_ error: Int) -> String? {
    switch code(error) {
    case Int(GPG_ERR_NO_PIN_ENTRY.rawValue), Int(GPG_ERR_PIN_ENTRY.rawValue):
      return "gpg-agent cannot ask for the passphrase: install pinentry-curses, or unlock the key beforehand: "
        + "gpg-preset-passphrase(1)"
    case Int(GPG_ERR_ENOTTY.rawValue):
      return "there is no terminal to ask for the passphrase on: redoubt-verify(1) tells how to make one, or unlock "
        + "the key beforehand: gpg-preset-passphrase(1)"
    case Int(GPG_ERR_CANCELED.rawValue), Int(GPG_ERR_FULLY_CANCELED.rawValue), Int(GPG_ERR_NO_PASSPHRASE.rawValue):
      return "nobody gave the passphrase: unlock the key beforehand: gpg-preset-passphrase(1)"
    case Int(GPG_ERR_BAD_PASSPHRASE.rawValue), Int(GPG_ERR_BAD_PIN.rawValue):
      return "the passphrase or PIN was wrong; a card may lock itself after three of them: gpg --card-status"
    default: break
    }
    return switch meaning(error) {
    case .agent: "see that gpg-agent runs and can ask for the passphrase or reach the card: gpg --card-status"
    case .notInstalled: "install GnuPG: apt-get install gnupg"
    default: nil
    }
  }

  /// gpg's own words for an error number.
  package static func text(_ error: Int) -> String {
    var text = [CChar](repeating: 0, count: 256)
    _ = gpgme_strerror_r(gpgme_error_t(truncatingIfNeeded: error), &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
  }
}
