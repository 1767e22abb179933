/// Rules for single values; each answers what is wrong, or nil.
enum ConfigurationRules {
  /// Names that become folders in storage: `[a-z0-9][a-z0-9._-]*`, 64 bytes at most.
  static func nameProblem(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    if bytes.count > 64 { return "'\(name)' is longer than 64 characters" }
    guard let first = bytes.first, isLowercaseOrDigit(first),
      bytes.allSatisfy({ isLowercaseOrDigit($0) || ".-_".utf8.contains($0) })
    else {
      return "'\(name)' is no valid name: lowercase letters and digits, and after the first of them also . _ -"
    }
    return nil
  }

  /// An absolute path without `..`.
  static func pathProblem(_ path: String) -> String? {
    if !path.hasPrefix("/") { return "'\(path)' is not an absolute path" }
    if path.split(separator: "/").contains("..") { return "'\(path)' has '..' in it" }
    return nil
  }

  /// Without repeated or trailing slashes and without `.` components.
  static func normalized(_ path: String) -> String {
    "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Whether `path` is `folder` or lies below it; both normalized.
  static func isInside(_ path: String, _ folder: String) -> Bool {
    path == folder || folder == "/" || path.hasPrefix(folder + "/")
  }

  /// An OpenPGP v4 fingerprint (40 hexadecimal digits) or a v5 one (64); spaces are allowed, as gpg prints them.
  /// - Returns: in capitals without spaces; nil for anything else.
  static func fingerprint(_ text: String) -> String? {
    let digits = text.filter { $0 != " " }.uppercased()
    guard digits.count == 40 || digits.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
      return nil
    }
    return digits
  }

  private static func isLowercaseOrDigit(_ byte: UInt8) -> Bool {
    byte >= 97 && byte <= 122 || byte >= 48 && byte <= 57
  }
}

/// The address of an S3 service.
struct Endpoint {
  let host: String
  let isEncrypted: Bool

  /// - Returns: what is wrong with it as `.failure`'s message.
  static func parse(_ text: String) -> Result<Endpoint, ConfigurationProblem> {
    func refuse(_ message: String, hint: String? = nil) -> Result<Endpoint, ConfigurationProblem> {
      .failure(ConfigurationProblem(.error, message, hint: hint))
    }
    let example = "write it as https://s3.eu-central-1.amazonaws.com"
    guard let colon = text.firstRange(of: "://") else { return refuse("'\(text)' is no address", hint: example) }
    let scheme = text[..<colon.lowerBound]
    guard scheme == "https" || scheme == "http" else {
      return refuse("the scheme of '\(text)' must be https", hint: example)
    }
    var authority = text[colon.upperBound...]
    while authority.last == "/" { authority.removeLast() }
    if authority.contains("@") {
      return refuse("has a user name in it", hint: "credentials never stand in the configuration")
    }
    guard !authority.contains(where: { "/?# ".contains($0) }) else {
      return refuse("'\(text)' must be scheme, host and port alone", hint: "bucket and prefix have keys of their own")
    }
    guard let host = host(of: authority) else { return refuse("'\(text)' has no valid host and port", hint: example) }
    return .success(Endpoint(host: host, isEncrypted: scheme == "https"))
  }

  private static func host(of authority: Substring) -> String? {
    var host = authority
    var port: Substring?
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[...end]
      let rest = authority[end...].dropFirst()
      if !rest.isEmpty {
        guard rest.first == ":" else { return nil }
        port = rest.dropFirst()
      }
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = authority[colon...].dropFirst()
      guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }) else {
        return nil
      }
    }
    if let port { guard let number = Int(port), (1...65535).contains(number) else { return nil } }
    return host.isEmpty ? nil : host.lowercased()
  }

  /// `localhost`, 127.0.0.0/8 (written out in full), `[::1]`.
  var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return octets.count == 4 && octets.first == "127" && octets.allSatisfy { UInt8($0) != nil }
  }
}
