internal import CGPGME

/// A gpgme context (`gpgme_ctx_t`) of one gpg home. Used by one thread at a time.
final class GPGMEContext {
  private let context: gpgme_ctx_t

  /// gpgme must be asked for its version once, before anything else (`gpgme_check_version`).
  static let version: String? = gpgme_check_version(nil).map { String(cString: $0) }

  init(home: String?) throws(OpenPGPError) {
    _ = GPGMEContext.version
    let program = try GPGProcess.program()
    var new: gpgme_ctx_t?
    let result = gpgme_new(&new)
    guard let new else { throw OpenPGPError(gpgme: result, "", "set gpgme up") }
    context = new
    try check(gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, program, home), home ?? "", "use gpg")
    gpgme_set_offline(context, 1)
  }

  deinit { gpgme_release(context) }

  func keys(matching pattern: String, secretOnly: Bool) throws(OpenPGPError) -> [Key] {
    try check(gpgme_set_keylist_mode(context, gpgme_keylist_mode_t(GPGME_KEYLIST_MODE_LOCAL)), pattern, "list keys")
    try check(
      gpgme_op_keylist_start(context, pattern.isEmpty ? nil : pattern, secretOnly ? 1 : 0), pattern, "list keys")
    defer { gpgme_op_keylist_end(context) }
    var keys: [Key] = []
    while true {
      var next: gpgme_key_t?
      let result = gpgme_op_keylist_next(context, &next)
      // The one end of a list; anything else is an error (gpgme manual, "Listing Keys").
      if gpgme_err_code(result) == GPG_ERR_EOF { return keys }
      try check(result, pattern, "list keys")
      guard let next else { continue }
      defer { gpgme_key_unref(next) }
      if let key = Key(next.pointee) { keys.append(key) }
    }
  }

  func createSigner(userID: String, validSeconds: Int?) throws(OpenPGPError) -> Fingerprint {
    let flags =
      GPGME_CREATE_SIGN | GPGME_CREATE_NOPASSWD | (validSeconds == nil ? GPGME_CREATE_NOEXPIRE : 0)
    try check(
      gpgme_op_createkey(context, userID, "ed25519", 0, UInt(max(validSeconds ?? 0, 0)), nil, UInt32(flags)),
      userID, "create the signing key")
    guard let fpr = gpgme_op_genkey_result(context)?.pointee.fpr, let fingerprint = Fingerprint(String(cString: fpr))
    else { throw OpenPGPError(.failed, userID, "cannot create the signing key: gpg named no fingerprint") }
    return fingerprint
  }

  func exportPublic(_ fingerprint: Fingerprint) throws(OpenPGPError) -> [UInt8] {
    var data: gpgme_data_t?
    try check(gpgme_data_new(&data), fingerprint.description, "export the key")
    gpgme_set_armor(context, 1)
    defer { gpgme_set_armor(context, 0) }
    let result = gpgme_op_export(context, fingerprint.description, 0, data)
    var length = 0
    guard let bytes = gpgme_data_release_and_get_mem(data, &length) else {
      throw OpenPGPError(.noSuchKey, fingerprint.description, "there is no such key")
    }
    defer { gpgme_free(bytes) }
    try check(result, fingerprint.description, "export the key")
    guard length > 0 else { throw OpenPGPError(.noSuchKey, fingerprint.description, "there is no such key") }
    return bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
      [UInt8](UnsafeBufferPointer(start: $0, count: length))
    }
  }

  func importKeys(_ bytes: [UInt8]) throws(OpenPGPError) -> [Fingerprint] {
    var data: gpgme_data_t?
    let created = bytes.withUnsafeBytes { gpgme_data_new_from_mem(&data, $0.baseAddress, $0.count, 1) }
    try check(created, "", "import keys")
    defer { gpgme_data_release(data) }
    try check(gpgme_op_import(context, data), "", "import keys")
    var found: [Fingerprint] = []
    var next = gpgme_op_import_result(context)?.pointee.imports
    while let status = next?.pointee {
      if gpgme_err_code(status.result) == GPG_ERR_NO_ERROR,
        let fingerprint = status.fpr.flatMap({ Fingerprint(String(cString: $0)) }), !found.contains(fingerprint)
      {
        found.append(fingerprint)
      }
      next = status.next
    }
    guard !found.isEmpty else { throw OpenPGPError(.failed, "", "cannot import keys: there is no key in it") }
    return found
  }

  private func check(_ result: gpgme_error_t, _ subject: String, _ action: String) throws(OpenPGPError) {
    guard gpgme_err_code(result) != GPG_ERR_NO_ERROR else { return }
    throw OpenPGPError(gpgme: result, subject, action)
  }
}

extension OpenPGPError {
  /// - Parameter action: an infinitive that completes "cannot …".
  fileprivate init(gpgme error: gpgme_error_t, _ subject: String, _ action: String) {
    var text = [CChar](repeating: 0, count: 256)
    _ = gpgme_strerror_r(error, &text, text.count)
    let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let number = Int(gpgme_err_code(error).rawValue)
    self.init(
      GPGErrorCode.meaning(number), subject, "cannot \(action): \(reason.lowercased())", hint: GPGErrorCode.hint(number)
    )
  }
}
