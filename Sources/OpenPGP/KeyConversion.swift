internal import CGPGME
internal import Files

extension Key {
  /// Copies what gpgme lists; nil for a key without a readable fingerprint.
  init?(_ key: _gpgme_key) {
    var subkeys: [Subkey] = []
    var nextSubkey = key.subkeys
    while let subkey = nextSubkey?.pointee {
      if let copy = Subkey(subkey) { subkeys.append(copy) }
      nextSubkey = subkey.next
    }
    var userIDs: [UserID] = []
    var nextUserID = key.uids
    while let userID = nextUserID?.pointee {
      let mail = userID.email.map { String(cString: $0) } ?? ""
      userIDs.append(
        UserID(
          text: userID.uid.map { String(cString: $0) } ?? "", mail: mail.lowercased(),
          isRevoked: userID.revoked != 0))
      nextUserID = userID.next
    }
    guard let primary = subkeys.first, let fingerprint = key.fpr.flatMap({ Fingerprint(String(cString: $0)) }) else {
      return nil
    }
    self.init(
      fingerprint: fingerprint, userIDs: userIDs, subkeys: subkeys, created: primary.created,
      expires: primary.expires, isRevoked: key.revoked != 0, isDisabled: key.disabled != 0,
      isInvalid: key.invalid != 0, hasSecret: key.secret != 0)
  }
}

extension Key.Subkey {
  fileprivate init?(_ subkey: _gpgme_subkey) {
    guard let fingerprint = subkey.fpr.flatMap({ Fingerprint(String(cString: $0)) }) else { return nil }
    self.init(
      fingerprint: fingerprint, created: Timestamp(seconds: Int64(max(subkey.timestamp, 0))),
      expires: subkey.expires > 0 ? Timestamp(seconds: Int64(subkey.expires)) : nil,
      isRevoked: subkey.revoked != 0, isDisabled: subkey.disabled != 0, isInvalid: subkey.invalid != 0,
      canEncrypt: subkey.can_encrypt != 0, canSign: subkey.can_sign != 0, hasSecret: subkey.secret != 0)
  }
}
