internal import Files
internal import FoundationEssentials

/// The JSON that a credential process, a container's endpoint and the instance metadata service answer with. They differ in
/// the token's name alone.
struct CredentialsDocument: Decodable {
  var accessKeyID: String?
  var secretAccessKey: String?
  var sessionToken: String?
  var token: String?
  var expiration: String?

  enum CodingKeys: String, CodingKey {
    case accessKeyID = "AccessKeyId"
    case secretAccessKey = "SecretAccessKey"
    case sessionToken = "SessionToken"
    case token = "Token"
    case expiration = "Expiration"
  }

  /// - Throws: `.credentials`; the message never shows the document, which holds a secret.
  static func credentials(_ content: [UInt8], source: String) throws(StorageError) -> Credentials {
    guard let document = try? JSONDecoder().decode(CredentialsDocument.self, from: Data(content)) else {
      // The decoder's own error may quote the document.
      throw StorageError(.credentials, source, "the answer is not a JSON object with credentials")
    }
    guard let id = document.accessKeyID, let secret = document.secretAccessKey, !id.isEmpty, !secret.isEmpty else {
      throw StorageError(.credentials, source, "the answer has no AccessKeyId and SecretAccessKey")
    }
    let token = (document.sessionToken ?? document.token).map { Secret($0) }
    var expiration: Timestamp?
    if let text = document.expiration {
      expiration = moment(text)
      if expiration == nil {
        throw StorageError(.credentials, source, "the answer's Expiration is not a time: \(text.debugDescription)")
      }
    }
    return Credentials(
      accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token, expiration: expiration, source: source)
  }

  /// ISO 8601 with or without fractions of a second, in UTC or with an offset.
  private static func moment(_ text: String) -> Timestamp? {
    if let moment = Timestamp(text) { return moment }
    guard text.utf8.count > 19, let base = Timestamp(text.prefix(19) + "Z") else { return nil }
    let rest = text.dropFirst(19)
    let zone = rest.first == "." ? rest.dropFirst().drop { $0.isNumber } : rest
    if zone == "Z" { return base }
    let sign: Int64 = zone.first == "-" ? 1 : -1
    let digits = zone.dropFirst().split(separator: ":").compactMap { Int64($0) }
    guard zone.first == "+" || zone.first == "-", digits.count == 2 else { return nil }
    return Timestamp(seconds: base.seconds + sign * (digits[0] * 3600 + digits[1] * 60))
  }
}
