internal import Files
internal import Glibc
internal import SystemPackage

/// The shared credentials and config files of the AWS tools ("Configuration and credential file settings" of the AWS CLI
/// user guide): keys and `credential_process` of one profile.
struct CredentialsFiles: Sendable {
  let credentialsPath: String
  let configPath: String
  let profile: String
  private let isNamed: Bool

  init(environment: [String: String], profile: String?, credentialsFile: String?) {
    let home = environment["HOME"] ?? "/root"
    func path(_ given: String?, _ usual: String) -> String {
      guard let given, !given.isEmpty else { return "\(home)/.aws/\(usual)" }
      return given.hasPrefix("~/") ? home + given.dropFirst(1) : given
    }
    credentialsPath = path(credentialsFile ?? environment["AWS_SHARED_CREDENTIALS_FILE"], "credentials")
    configPath = path(environment["AWS_CONFIG_FILE"], "config")
    let chosen = profile ?? environment["AWS_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
    self.profile = chosen ?? "default"
    isNamed = chosen != nil
  }

  var nothingFound: StorageError {
    StorageError(
      .credentials, credentialsPath, "no profile \(profile) with aws_access_key_id and aws_secret_access_key",
      hint: "add a section [\(profile)] with both keys and make the file readable by its owner alone (chmod 600)")
  }

  /// Of the credentials file first. A profile that was asked for by name must exist.
  func find() throws(StorageError) -> Credentials? {
    if let found = try find(in: credentialsPath, section: profile) { return found }
    let section = profile == "default" ? "default" : "profile \(profile)"
    if let found = try find(in: configPath, section: section) { return found }
    if isNamed { throw nothingFound }
    return nil
  }

  /// Says which of the files others than their owner can read or write.
  var warnings: [String] {
    [credentialsPath, configPath].compactMap { path in
      var status = stat()
      // /dev/null is how these files are switched off.
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else {
        return nil
      }
      // A config file need not hold secrets, and is world-readable on many machines.
      guard path == credentialsPath || holdsSecret(path) else { return nil }
      let mode = String(status.st_mode & 0o777, radix: 8)
      return "\(path): others can read or write the credentials in it (mode \(mode)); run chmod 600 \(path)"
    }
  }

  private func holdsSecret(_ path: String) -> Bool {
    // A file that cannot be read is reported when its credentials are wanted.
    guard let content = try? FileContent.read(path, maximumLength: Self.longest) else { return false }
    return String(decoding: content, as: UTF8.self).contains("aws_secret_access_key")
  }

  /// Bytes. Real ones have a few hundred.
  private static let longest = 1 << 20

  private func find(in path: String, section: String) throws(StorageError) -> Credentials? {
    let content: [UInt8]
    do {
      content = try FileContent.read(path, maximumLength: Self.longest)
    } catch {
      if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return nil }
      throw StorageError(.credentials, path, "cannot \(error.operation) the file: \(error.errno)")
    }
    guard let values = Self.sections(content)[section] else { return nil }
    let source = "profile \(profile) in \(path)"
    if let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] {
      let token = values["aws_session_token"].map { Secret($0) }
      return Credentials(
        accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token, source: source)
    }
    if let command = values["credential_process"] {
      return try CredentialProcess(command: command, subject: path).run()
    }
    let unsupported = ["role_arn", "sso_session", "sso_start_url", "web_identity_token_file"]
    if let key = unsupported.first(where: { values[$0] != nil }) {
      throw StorageError(
        .credentials, path, "profile \(profile) uses \(key), which is not supported",
        hint: "let credential_process run a command that prints credentials, as aws configure export-credentials does")
    }
    return nil
  }

  /// Sections and their keys. Indented lines (nested settings) and comments are passed over.
  static func sections(_ content: [UInt8]) -> [String: [String: String]] {
    var sections: [String: [String: String]] = [:]
    var current = ""
    for line in String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline) {
      if line.first == " " || line.first == "\t" || line.first == "#" || line.first == ";" { continue }
      if line.first == "[", let end = line.firstIndex(of: "]") {
        let words = line[line.index(after: line.startIndex)..<end].split { $0 == " " || $0 == "\t" }
        current = words.joined(separator: " ")
      } else if let equals = line.firstIndex(of: "=") {
        let key = trimmed(line[..<equals]).lowercased()
        sections[current, default: [:]][key] = trimmed(line[line.index(after: equals)...])
      }
    }
    return sections
  }

  private static func trimmed(_ text: Substring) -> String {
    let rest = text.drop { $0 == " " || $0 == "\t" }
    guard let last = rest.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(rest[...last])
  }
}
