internal import Files
internal import OpenPGP

/// That a key which signs the keeper's own records will do so no more.
struct ExpiringSigner {
  var key: Fingerprint
  var end: Timestamp
  var text: String
  var hint: String
}

extension KeyRingContents {
  /// Which of the keeper's own signing keys expire within `KeyRotation.notice`, or have.
  /// - Parameter names: as the configuration names keys: by fingerprint, mail address or part of a user id. What is in the
  ///   key ring more than once under one name counts as long as its last key.
  func expiringSigners(_ names: [String], now: Timestamp) -> [ExpiringSigner] {
    var expiring: [ExpiringSigner] = []
    for name in names where !name.isEmpty {
      var last: (key: Fingerprint, end: Timestamp)?
      for key in keys(named: name) where !key.isGone(\.canSign) {
        guard let end = key.end(\.canSign) else {
          last = nil
          break
        }
        if last.map({ $0.end < end }) ?? true { last = (key.fingerprint, end) }
      }
      guard let (key, end) = last, end.seconds(since: now) <= KeyRotation.notice,
        !expiring.contains(where: { $0.key == key })
      else { continue }
      let isOver = end <= now
      expiring.append(
        ExpiringSigner(
          key: key, end: end,
          text: "the keeper's own signing key \(name) \(isOver ? "has expired" : "expires") at \(end.rfc3339): "
            + (isOver ? "nothing that it records is signed" : "from then on nothing that it records is signed"),
          hint:
            "extend it (gpg --quick-set-expire \(key) 2y in the keeper's key ring), or name another in [keys] signer"))
    }
    return expiring
  }

  private func keys(named name: String) -> [Key] {
    if let fingerprint = Fingerprint(name) { return keys[fingerprint].map { [$0] } ?? [] }
    let text = name.lowercased()
    let isMail = text.contains("@")
    var found: [Fingerprint: Key] = [:]
    for key in keys.values
    where key.userIDs.contains(where: { isMail ? $0.mail == text : $0.text.lowercased().contains(text) }) {
      found[key.fingerprint] = key
    }
    return found.sorted { $0.key.description < $1.key.description }.map(\.value)
  }
}
